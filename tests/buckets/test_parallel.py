"""Many like things at once."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from store.buckets.parallel import break_off_if_stopped, each
from store.clock import SYSTEM_CLOCK


@pytest.mark.parametrize("jobs", [1, 3, 50])
@pytest.mark.parametrize("count", [0, 1, 2, 20])
def test_each_item_is_worked_on_once(jobs: int, count: int) -> None:
    """Whatever the number of workers."""
    seen: list[int] = []

    each(range(count), seen.append, jobs)

    assert sorted(seen) == list(range(count))


@pytest.mark.parametrize("jobs", [1, 3])
def test_the_first_error_ends_the_rest(jobs: int) -> None:
    """Nothing further is begun."""
    seen: list[int] = []

    def work(item: int) -> None:
        seen.append(item)
        if item == 2:
            raise LookupError("two")

    with pytest.raises(LookupError, match="two"):
        each(range(1000), work, jobs)

    assert len(seen) < 1000


def test_an_interruption_waits_for_what_is_under_way() -> None:
    """Nothing is left running behind the caller's back."""
    begun, ended = threading.Event(), threading.Event()

    def work(item: int) -> None:
        if begun.is_set():
            return
        begun.set()
        os.kill(os.getpid(), signal.SIGINT)
        ended.wait(0.2)
        ended.set()

    with pytest.raises(KeyboardInterrupt):
        each(range(100), work, 2)

    assert ended.is_set()


def test_an_interruption_breaks_off_what_looks_up() -> None:
    """Work that takes long need not be waited for."""
    begun = threading.Barrier(2)
    broken: list[int] = []

    def work(item: int) -> None:
        begun.wait()
        if item == 0:
            os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000):
            try:
                break_off_if_stopped()
            except KeyboardInterrupt:
                broken.append(item)
                raise
            SYSTEM_CLOCK.sleep(0.01)

    with pytest.raises(KeyboardInterrupt):
        each(range(100), work, 2)

    assert sorted(broken) == [0, 1]
    break_off_if_stopped()
