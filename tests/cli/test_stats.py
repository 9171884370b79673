"""``store stats``: what the cache was good for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.testing.disk_faults import read_only
from store.testing.misbehaving import Status
from store.testing.servers import Server

Run = Callable[..., Any]

DATA = b"0123456789" * 100
PIN = f"#sha256={hashlib.sha256(DATA).hexdigest()}"


def test_runs_are_counted(cli: Run, process: Run, server: Server) -> None:
    """Downloads, hits and failures of all runs, whichever way they went."""
    url = server.serve("/a.bin", DATA) + PIN
    gone = f"{server.serve('/gone.bin', fault=Status(404))}?token=hidden#sha256={'0' * 64}"

    cli("fetch", url)
    process("fetch", url)
    process("fetch", url, url)
    cli("fetch", "--json", url, gone)
    cli("fetch", "-q", url)

    stats = cli("stats", "--json").json
    assert stats.pop("since") > 0
    assert stats == {
        "hits": 5,
        "misses": 2,
        "files": 1,
        "fetched": 1000,
        "saved": 5000,
        "resumed": 0,
        "shared": 0,
        "failures": [
            {"error": "ResourceNotFoundError", "driver": "http", "host": "127.0.0.1", "count": 1}
        ],
    }
    assert "hidden" not in cli("stats").out


def test_people_read_sizes_as_they_are_written(cli: Run, server: Server, terminal: Run) -> None:
    """And programs read bytes."""
    url = server.serve("/a.bin", DATA) + PIN
    nothing = cli("stats")
    cli("fetch", url)
    cli("fetch", url)
    cli("fetch", "nope:x")

    plain = cli("stats")
    terminal()
    shown = cli("stats")

    assert nothing.out.splitlines()[:2] == ["since:      -", "hits:       0"]
    assert "failures:   none" in nothing.out
    assert "hits:       1 (50 %)\n" in plain.out
    assert "fetched:    1 file, 1000 B\n" in plain.out
    assert "failures:   1 x UnknownNameError\n" in plain.out
    assert "saved:      1000 B\n" in shown.out


def test_counting_begins_anew_when_asked(cli: Run, hello: Path) -> None:
    """After what there was is told."""
    cli("fetch", "hello.txt")

    told = cli("stats", "--reset", "--json").json
    after = cli("stats", "--json").json

    assert told["files"] == 1
    assert after["files"] == 0
    assert after["since"] >= told["since"]


@pytest.mark.parametrize("how", ["variable", "file"])
def test_it_can_be_switched_off(
    cli: Run, hello: Path, how: str, house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then nothing is kept."""
    if how == "variable":
        monkeypatch.setenv("STORE_STATS", "0")
    else:
        (house / "store.toml").write_text("stats = false\n")

    cli("fetch", "hello.txt")
    cli("fetch", "hello.txt", "hello.txt")

    assert cli("stats", "--json").json["hits"] == 0


def test_a_cache_that_cannot_be_written_to_costs_no_fetch(
    cli: Run, hello: Path, hello_digest: str, store_cache_dir: Path
) -> None:
    """The run is not counted, and nobody hears of it."""
    cli("fetch", "hello.txt", "--digest", hello_digest)

    with read_only(store_cache_dir):
        done = cli("fetch", "hello.txt", "--digest", hello_digest)

    assert (done.status, done.err) == (0, "")
    assert cli("stats", "--json").json["hits"] == 0


def test_many_runs_are_folded(cli: Run, hello: Path, store_cache_dir: Path) -> None:
    """The file of runs does not grow without end."""
    cli("fetch", "hello.txt")
    runs = store_cache_dir / "stats" / "v1" / "runs"
    runs.write_text('{"hits": 1}\n' * 10_000)

    cli("fetch", "hello.txt")

    assert not runs.exists()
    assert cli("stats", "--json").json["hits"] == 10_001
