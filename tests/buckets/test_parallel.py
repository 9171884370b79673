"""Many like things at once."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from store.buckets.background import Background
from store.buckets.parallel import break_off_if_stopped, each
from store.buckets.summaries import Summary
from store.clock import SYSTEM_CLOCK
from store.transports.deadlines import Deadline, current, keeping


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
        for _ in range(6000):  # a minute, on a machine that is busy
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


def test_a_deadline_holds_in_every_thread() -> None:
    """It is the caller's, whoever works."""
    deadline = Deadline(SYSTEM_CLOCK, 60)
    seen: list[Deadline] = []

    with keeping(deadline):
        each(range(8), lambda _: seen.append(current(SYSTEM_CLOCK)), 4)

    assert seen == [deadline] * 8


def test_whoever_flushes_waits() -> None:
    """Two at once, too; one of them is told of a failure."""
    begun, go = threading.Event(), threading.Event()

    def work() -> Summary:
        begun.set()
        go.wait(30)
        raise ZeroDivisionError

    background = Background(2)
    background.begin(work)
    told: list[object] = []

    def flush() -> None:
        try:
            background.flush()
            told.append(None)
        except ZeroDivisionError as error:
            told.append(error)

    threads = [threading.Thread(target=flush) for _ in range(2)]
    for thread in threads:
        thread.start()
    begun.wait(30)
    early = list(told)
    go.set()
    for thread in threads:
        thread.join()
    background.close()

    assert early == []
    assert sorted(type(one).__name__ for one in told) == ["NoneType", "ZeroDivisionError"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_does_not_wait_for_the_uploads_of_its_parent() -> None:
    """They go on there, and nowhere else."""
    go = threading.Event()
    background = Background(1)
    background.begin(lambda: Summary("k", 1) if go.wait(30) else Summary("k", 2))

    child = os.fork()
    if child == 0:
        background.flush()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    go.set()
    background.close()

    assert status == 0
