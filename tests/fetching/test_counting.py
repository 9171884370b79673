"""Events become counts."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

import store
from store.cache.counts import Tally
from store.events import (
    Attempted,
    AttemptFailed,
    Bypassed,
    Cached,
    Event,
    Failed,
    Hit,
    Progressed,
    Resumed,
    Started,
)
from store.fetching.counting import Counter
from store.testing.misbehaving import ShortBody, Status
from store.testing.servers import Server

DATA = b"0123456789" * 1000
PIN = f"#sha256={hashlib.sha256(DATA).hexdigest()}"


def counted(*events: Event) -> Tally:
    """Return what a counter makes of events."""
    counter = Counter()
    for event in events:
        counter(event)
    return counter.tally


def test_a_real_fetch_is_counted(server: Server) -> None:
    """Bytes of an attempt that failed were moved, too."""
    counter = Counter()
    url = server.serve("/a.bin", DATA, fault=[ShortBody(after=6000)]) + PIN
    server.serve("/b.bin", fault=Status(404))

    store.fetch(url, listener=counter)
    store.fetch(url, listener=counter)
    for _ in range(2):
        with contextlib.suppress(store.ResourceNotFoundError):
            store.fetch(f"{server.url}/b.bin#sha256={'0' * 64}", listener=counter)

    tally = counter.tally
    assert (tally.hits, tally.misses, tally.files, tally.saved) == (1, 3, 1, 10_000)
    assert tally.fetched == 16_000
    assert tally.failures == {"ResourceNotFoundError http 127.0.0.1": 2}


def test_what_was_resumed_was_not_moved_again() -> None:
    """Only what came anew counts as fetched."""
    tally = counted(
        Started("a", "a"),
        Attempted("a", "https://h/a", 1),
        Progressed("a", 60, 100),
        AttemptFailed("a", "https://h/a", 1, "lost"),
        Attempted("a", "https://h/a", 2),
        Resumed("a", "https://h/a", 60),
        Progressed("a", 60, 100),
        Progressed("a", 100, 100),
        Cached("a", "/p", "a"),
    )

    assert tally == Tally(misses=1, files=1, fetched=100, resumed=60)


def test_failures_are_told_apart() -> None:
    """By class, driver and host; what was broken off is nobody's fault."""
    tally = counted(
        Started("a", "a"),
        Attempted("a", "https://me@h:8080/a", 1),
        Failed("a", "gone", "ResourceNotFoundError", "http"),
        Failed("b", "what?"),
        Started("c", "c"),
        Attempted("c", "https://[broken/c", 1),
        Failed("c", "gone", "TransportError", "http"),
        Started("d", "d"),
        Attempted("d", "file:///d", 1),
        Failed("d", "no", "KeyboardInterrupt", "file"),
    )

    assert tally.misses == 3
    assert tally.failures == {
        "ResourceNotFoundError http h": 1,
        "- - -": 1,
        "TransportError http -": 1,
    }


def test_hits_save_what_they_measure(tmp_path: Path) -> None:
    """And a file that the cache could not keep was fetched all the same."""
    tally = counted(
        Hit("a", "/p", 7), Hit("a", "/p", 7), Started("b", "b"), Bypassed("b", "/q", "full")
    )

    assert tally == Tally(hits=2, saved=14, misses=1, files=1)
