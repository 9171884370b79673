"""``store fetch --max-age``: what is asked for again when it has grown too old."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.testing.misbehaving import Status
from store.testing.servers import Server

Run = Callable[..., Any]

OLD, NEW = b"old\n", b"newer\n"


def test_a_fresh_file_is_not_asked_for_again(process: Run, server: Server) -> None:
    """Stdout is the path and nothing else; nobody is nagged about a digest that cannot be."""
    url = server.serve("/k.tls", OLD)

    first = process("fetch", url, "--max-age", "1d")
    second = process("fetch", url, "--max-age", "1d")

    assert (first.status, second.status) == (0, 0)
    assert first.out == second.out
    assert Path(first.out.removesuffix("\n")).read_bytes() == OLD
    assert first.err == "store: fetching k.tls\n"
    assert second.err == ""
    assert server.count() == 1


def test_json_tells_the_origin(cli: Run, server: Server) -> None:
    """Of a fetch without an age there is none."""
    url = server.serve("/k.tls", OLD)

    def origin(*arguments: str) -> str | None:
        found: str | None = json.loads(cli("fetch", url, "--json", *arguments).out)["origin"]
        return found

    assert origin("--max-age", "1d") == "fetched"
    assert origin("--max-age", "1d") == "fresh"
    assert origin("--max-age", "0") == "revalidated"
    assert origin("--max-age", "none", "--refresh") == "revalidated"
    server.serve("/k.tls", fault=Status(404))
    assert origin("--max-age", "0", "--stale-if-error", "7d") == "stale"
    server.serve("/k.tls", NEW)
    assert origin("--allow-unverified") is None


def test_a_stale_file_is_told_on_stderr(cli: Run, server: Server) -> None:
    """Whoever reads the path alone may see it, too."""
    url = server.serve("/k.tls", OLD)
    path = cli("fetch", url, "--max-age", "1d").out
    server.serve("/k.tls", fault=Status(404))

    done = cli("fetch", url, "--max-age", "0", "--stale-if-error", "none")
    failed = cli("fetch", url, "--max-age", "0")

    assert (done.status, done.out) == (0, path)
    assert "k.tls is handed out stale" in done.err
    assert (failed.status, failed.out) == (3, "")


def test_a_copy_is_put_where_it_is_wanted(cli: Run, server: Server, house: Path) -> None:
    """As of any resource; the next one is a copy of what there is by then."""
    url = server.serve("/k.tls", OLD)
    assert cli("fetch", url, "--max-age", "1d", "--dest", "out").out == f"{house}/out/k.tls\n"
    server.serve("/k.tls", NEW)

    done = cli("fetch", url, "--max-age", "0", "-o", "out/k.tls")

    assert done.out == f"{house}/out/k.tls\n"
    assert (house / "out" / "k.tls").read_bytes() == NEW


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--max-age", "soon", "x"), "'soon' is no duration"),
        (("--max-age", "-1", "x"), "'-1' is no duration"),
        (("--stale-if-error", "7d", "x"), "--stale-if-error needs --max-age"),
        (("--max-age", "1d", "pypi:six"), "cannot be given a greatest age"),
    ],
)
def test_a_slip_is_a_usage_error(cli: Run, arguments: tuple[str, ...], said: str) -> None:
    """Status 2, and what was wrong."""
    done = cli("fetch", *arguments)

    assert done.status == 2
    assert said in done.err
