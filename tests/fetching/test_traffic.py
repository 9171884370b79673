"""What comes the short way is handed over, a few bodies at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from store.cache.claims import Claims
from store.cache.layout import Layout
from store.errors import ResourceNotFoundError
from store.fetching.pinned import Pinned, read_pinned
from store.fetching.traffic import _HELD, Back, Ended, Small, Traffic
from store.integrity.digest import Digest
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


def is_free(tmp_path: Path, number: int) -> bool:
    """Whether nobody claims a resource."""
    one = pinned(number)
    claim = Claims(Layout(tmp_path / "cache")).claim(one.uid, Digest(*one.digest), one.name)
    if claim is not None:
        claim.release(vain=True)
    return claim is not None


def test_what_comes_is_handed_over_in_order() -> None:
    """Whatever it is."""
    arrivals: SimpleQueue[Any] = SimpleQueue()
    traffic = Traffic(arrivals, fail_fast=False)
    brought: list[Back | Ended] = [Back(1), Back(2, error=ResourceNotFoundError("gone")), Ended()]
    for arrival in brought:
        traffic.bring(arrival)

    assert [arrivals.get() for _ in brought] == brought
    assert traffic.goes_on


def test_a_final_no_ends_it_where_that_is_wanted() -> None:
    """At once, before it is taken."""
    traffic = Traffic(SimpleQueue(), fail_fast=True)
    traffic.bring(Back(1))
    assert traffic.goes_on

    traffic.bring(Back(2, error=ResourceNotFoundError("gone")))

    assert not traffic.goes_on


def test_only_so_many_bodies_are_held(small: Callable[[int], Small]) -> None:
    """Whoever brings another waits until one is kept, or all is called off."""
    arrivals: SimpleQueue[Any] = SimpleQueue()
    traffic = Traffic(arrivals, fail_fast=False)
    bodies = [small(number) for number in range(_HELD + 2)]

    def bring() -> None:
        for one in bodies:
            traffic.bring(one)

    thread = threading.Thread(target=bring)
    thread.start()
    thread.join(0.1)
    assert arrivals.qsize() == _HELD
    traffic.kept()
    end = time.monotonic() + 5
    while arrivals.qsize() == _HELD and time.monotonic() < end:
        time.sleep(0.005)
    assert arrivals.qsize() == _HELD + 1

    traffic.call_off()
    thread.join(5)
    assert not thread.is_alive()
    traffic.give_back()


def test_what_nobody_took_is_given_back(small: Callable[[int], Small], tmp_path: Path) -> None:
    """Claims are free, and streams closed."""
    traffic = Traffic(SimpleQueue(), fail_fast=False)
    stream = FakeStream(b"data")
    arrivals: list[Small | Back | Ended] = [small(1), Back(2, stream), Back(3), Ended()]
    for arrival in arrivals:
        traffic.bring(arrival)
    assert not is_free(tmp_path, 1)

    traffic.give_back()

    assert is_free(tmp_path, 1)
    assert stream.closed


def test_who_brings_a_body_keeps_it_while_nobody_takes_it(
    small: Callable[[int], Small], tmp_path: Path
) -> None:
    """What cannot be kept is handed over, and all else as ever."""
    arrivals: SimpleQueue[Any] = SimpleQueue()
    traffic = Traffic(arrivals, fail_fast=False)
    kept: list[int] = []

    def keep(one: Small) -> Back | None:
        one.claim.release(vain=True)
        kept.append(one.number)
        return Back(one.number) if one.number == 2 else None

    with traffic.unattended(keep):
        for number in range(1, 2 * _HELD):
            traffic.bring(small(number))
        traffic.bring(Ended())

    assert kept == list(range(1, 2 * _HELD))
    assert arrivals.get() == Back(2)
    assert isinstance(arrivals.get(), Ended)
    one = small(1)
    traffic.bring(one)
    assert arrivals.get() is one
    one.claim.release(vain=True)
