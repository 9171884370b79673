"""How long the bucket commands wait for a server that is silent."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.clock import SYSTEM_CLOCK
from store.testing.misbehaving import Stall
from store.testing.servers import Server

Run = Callable[..., Any]

SILENT = Stall(after=None)
BOUNDS = ("--timeout", "0.3s", "--retries", "1")
TRIES = 2

_CONTENTS = (
    "<Contents><Key>x/{}</Key><Size>2</Size><LastModified>2024-01-01T00:00:00.000Z</LastModified>"
    f'<ETag>"{"0" * 32}"</ETag></Contents>'
)


@pytest.fixture
def silent(server: Server, house: Path) -> Server:
    """Serve a bucket that is listed, and whose two objects never come."""
    _settle_on(house, server.url)
    contents = "".join(_CONTENTS.format(name) for name in "ab")
    listing = (
        f"<ListBucketResult><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>".encode()
    )
    server.serve("/held/", listing)
    for name in "ab":
        server.serve(f"/held/x/{name}", b"1\n", fault=[SILENT] * 20)
    return server


def _settle_on(house: Path, endpoint: str) -> None:
    (house / "store.toml").write_text(
        f'[connection.work]\nendpoint = "{endpoint}"\nbucket = "held"\naccess_key = "a"\n'
        'secret_key = "b"\n',
        encoding="utf-8",
    )


def seconds_of(call: Callable[[], object]) -> float:
    """Return how long a call takes."""
    began = SYSTEM_CLOCK.monotonic()
    call()
    return SYSTEM_CLOCK.monotonic() - began


@pytest.mark.parametrize(
    "command",
    [
        ("list", "bucket:work/x/"),
        ("remove", "bucket:work/x/", "--yes"),
        ("copy", "bucket:work/x/", "bucket:work/y/"),
        ("check", "out", "bucket:work/x/"),
        ("sync", "out", "bucket:work/x/"),
    ],
)
def test_a_silent_listing_is_asked_for_as_often_as_was_said(
    cli: Run, silent: Server, tree: Path, command: tuple[str, ...]
) -> None:
    """By every command."""
    silent.serve("/held/", fault=[SILENT] * 20)

    done = cli("bucket", *command, *BOUNDS, "--deadline", "20s")

    assert done.status == 8
    assert silent.count("/held/") == TRIES


@pytest.mark.parametrize(
    "command", [("get", "bucket:work/x/", "in"), ("sync", "bucket:work/x/", "in")]
)
def test_a_silent_object_is_asked_for_as_often_as_was_said(
    cli: Run, silent: Server, command: tuple[str, ...]
) -> None:
    """And not as often again for each of those tries."""
    assert cli("bucket", *command, *BOUNDS).status == 8
    assert max(silent.count(f"/held/x/{name}") for name in "ab") == TRIES


def test_a_silent_server_is_given_no_minute_for_a_small_file(
    cli: Run, tree: Path, house: Path
) -> None:
    """What is sent is given the time that it takes to send so much."""
    with socket.create_server(
        ("127.0.0.1", 0)
    ) as listener:  # it takes connections, and says nothing
        _settle_on(house, f"http://127.0.0.1:{listener.getsockname()[1]}")
        spent = seconds_of(lambda: cli("bucket", "put", "out/a.csv", "bucket:work/x/a", *BOUNDS))

    assert spent < 30
