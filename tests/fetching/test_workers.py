"""A few threads do things, and bring what comes of each."""

from __future__ import annotations

import threading
import time
from queue import SimpleQueue
from typing import Any

import pytest

from store.errors import StoreError
from store.fetching.results import Outcome
from store.fetching.workers import Workers


def arrived(workers: Workers, arrivals: SimpleQueue[Any]) -> list[Any]:
    """Take all that is still to come."""
    found = []
    while workers.pending:
        found.append(arrivals.get(timeout=10))
        workers.arrived()
    return found


def test_what_each_call_returns_arrives() -> None:
    """In any order, and no more at once than there are threads."""
    arrivals: SimpleQueue[Any] = SimpleQueue()
    workers = Workers(3, arrivals)
    running: list[int] = []
    most: list[int] = []

    def work(number: int) -> int:
        running.append(number)
        most.append(len(running))
        time.sleep(0.005)
        running.remove(number)
        return number

    for number in range(20):
        workers.submit(work, number)
    found = arrived(workers, arrivals)
    workers.close()

    assert sorted(found) == list(range(20))
    assert max(most) <= 3


def test_no_thread_is_made_for_nothing() -> None:
    """Nor left behind."""
    workers = Workers(3, SimpleQueue())
    workers.close()

    assert not [one for one in threading.enumerate() if one.name.startswith("store-fetch")]


@pytest.mark.parametrize("error", [ZeroDivisionError(), KeyboardInterrupt()])
def test_what_a_call_raises_is_raised_where_its_arrival_is_taken(error: BaseException) -> None:
    """And nothing more is begun."""
    arrivals: SimpleQueue[Any] = SimpleQueue()
    workers = Workers(1, arrivals)

    def fail() -> None:
        raise error

    done: list[int] = []
    workers.submit(fail)
    for number in range(5):
        workers.submit(done.append, number)

    arrivals.get(timeout=10)
    with pytest.raises(type(error)):
        workers.arrived()
    workers.close()
    assert done == []


def test_what_was_called_off_brings_nothing() -> None:
    """But it arrives, so that nobody waits for it."""
    arrivals: SimpleQueue[Any] = SimpleQueue()
    workers = Workers(1, arrivals)
    workers.call_off()
    for number in range(3):
        workers.submit(int, number)

    assert arrived(workers, arrivals) == [None, None, None]
    workers.close()


@pytest.mark.parametrize("fail_fast", [True, False])
def test_an_outcome_with_an_error_calls_the_rest_off_where_that_is_wanted(
    *, fail_fast: bool
) -> None:
    """Before the next is begun."""
    arrivals: SimpleQueue[Any] = SimpleQueue()
    workers = Workers(1, arrivals, fail_fast=fail_fast)
    bad = Outcome(0, "a", None, StoreError("bad"))
    workers.submit(lambda: bad)
    workers.submit(lambda: 1)

    assert arrived(workers, arrivals) == [bad, None if fail_fast else 1]
    workers.close()
