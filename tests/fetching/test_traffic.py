"""What comes the short way is kept by whoever brings it, or handed over."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from store.cache.claims import Claims
from store.cache.layout import Layout
from store.errors import ResourceNotFoundError
from store.fetching.pinned import Pinned, read_pinned
from store.fetching.traffic import Back, Ended, Small, Traffic
from store.testing.fakes import FakeStream
from store.transports.attempts import Attempt


def pinned(number: int) -> Pinned:
    """What is wanted, by its number."""
    found = read_pinned(f"http://host/{number}#sha256={number:064x}")
    assert found is not None
    return found


@pytest.fixture
def small(tmp_path: Path) -> Callable[[int], Small]:
    """Bodies that came, each with a claim."""
    claims = Claims(Layout(tmp_path / "cache"))

    def came(number: int) -> Small:
        one = pinned(number)
        claim = claims.claim(one.uid, one.digest, one.name)
        assert claim is not None
        return Small(number, one, claim, memoryview(b"data"), Attempt("", None, 4, 0.0))

    return came


def refused(small: Small) -> Back | None:
    """Keep nothing."""
    return Back(small.number)


def test_what_comes_is_handed_over_in_order() -> None:
    """Whatever it is."""
    arrivals: SimpleQueue[Any] = SimpleQueue()
    traffic = Traffic(arrivals, refused, fail_fast=False)
    brought: list[Back | Ended] = [Back(1), Back(2, error=ResourceNotFoundError("gone")), Ended()]
    for arrival in brought:
        traffic.bring(arrival)

    assert [arrivals.get() for _ in brought] == brought
    assert traffic.goes_on


def test_a_final_no_ends_it_where_that_is_wanted() -> None:
    """At once, before it is taken."""
    traffic = Traffic(SimpleQueue(), refused, fail_fast=True)
    traffic.bring(Back(1))
    assert traffic.goes_on

    traffic.bring(Back(2, error=ResourceNotFoundError("gone")))

    assert not traffic.goes_on


def test_what_nobody_took_is_given_back() -> None:
    """Streams are closed."""
    traffic = Traffic(SimpleQueue(), refused, fail_fast=False)
    stream = FakeStream(b"data")
    arrivals: list[Back | Ended] = [Back(2, stream), Back(3), Ended()]
    for arrival in arrivals:
        traffic.bring(arrival)

    traffic.give_back()

    assert stream.closed


def test_who_brings_a_body_keeps_it(small: Callable[[int], Small]) -> None:
    """What cannot be kept is handed over, and all else as ever."""
    arrivals: SimpleQueue[Any] = SimpleQueue()
    kept: list[tuple[int, int]] = []

    def keep(one: Small) -> Back | None:
        one.claim.release(vain=True)
        kept.append((one.number, threading.get_ident()))
        return Back(one.number) if one.number == 2 else None

    traffic = Traffic(arrivals, keep, fail_fast=False)
    for number in range(1, 10):
        traffic.bring(small(number))
    traffic.bring(Ended())

    assert kept == [(number, threading.get_ident()) for number in range(1, 10)]
    assert arrivals.get() == Back(2)
    assert isinstance(arrivals.get(), Ended)
