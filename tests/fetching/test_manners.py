"""Many resources at once keep to rules and limits, whichever way they come."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import store
from store.errors import RefusedError
from store.testing.servers import Server


@pytest.fixture
def mirror() -> Iterator[Server]:
    """Another server."""
    with Server() as running:
        yield running


def locators(server: Server, count: int, size: int = 100, *, at: str = "") -> list[str]:
    """Serve small files, and return their pinned locators."""
    found = []
    for number in range(count):
        data = bytes([number]) * size
        server.serve(f"{at}/{number}.bin", data)
        found.append(f"{server.url}/{number}.bin#sha256={hashlib.sha256(data).hexdigest()}")
    return found


def test_many_keep_to_the_connections_of_a_host(server: Server, house: Path) -> None:
    """Small ones and large ones together, and all of them come."""
    Path("store.toml").write_text("per_host = 2\n")
    wanted = locators(server, 40)
    for number in range(40, 44):
        data = bytes([number]) * (3 << 20)
        server.serve(f"/{number}.bin", data)
        wanted.append(f"{server.url}/{number}.bin#sha256={hashlib.sha256(data).hexdigest()}")

    outcomes = list(store.fetch_each(wanted))

    assert [one.error for one in outcomes] == [None] * 44
    assert server.connections <= 2 + 4  # a large body is handed on with its connection


def test_many_say_who_we_are(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the short way too."""
    monkeypatch.setenv("STORE_USER_AGENT", "acme (ops@acme.example)")

    store.fetch_many(locators(server, 8))

    agents = {one.headers["user-agent"] for one in server.asked()}
    assert agents == {f"store/{store.__version__} acme (ops@acme.example)"}


def test_rules_hold_for_many(server: Server, mirror: Server) -> None:
    """The mirror is asked for each, and what is blocked fails alone."""
    wanted = locators(server, 8)
    locators(mirror, 8, at="/m")
    Path("store.toml").write_text(
        f"block = ['{mirror.url}/blocked/']\n"
        f"[[mirror]]\nmatch = '{server.url}'\nreplace = '{mirror.url}/m'\n"
    )

    blocked = f"{mirror.url}/blocked/x.bin#sha256={'1' * 64}"
    outcomes = sorted(store.fetch_each([blocked, *wanted]), key=lambda one: one.number)

    assert isinstance(outcomes[0].error, RefusedError)
    assert [one.error for one in outcomes[1:]] == [None] * 8
    assert server.connections == 0


def test_many_share_the_bandwidth(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """However small they are."""
    monkeypatch.setenv("STORE_LIMIT_RATE", "100KB")
    begun = time.monotonic()

    store.fetch_many(locators(server, 12, 10_000))

    assert 1.0 < time.monotonic() - begun < 10
