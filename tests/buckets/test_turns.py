"""Large files go up a few at a time, so that memory is bounded."""

from __future__ import annotations

import os
import threading

import pytest

from store.buckets.turns import AT_ONCE, turn
from store.clock import SYSTEM_CLOCK
from store.errors import TransportTimeoutError
from store.transports.deadlines import Deadline, keeping

LARGE = 9 << 20


def test_only_a_few_large_files_go_up_at_once() -> None:
    """Who comes later waits; small ones do not."""
    counts: list[int] = []
    busy: list[None] = []
    lock = threading.Lock()

    def send() -> None:
        with turn(LARGE, "x"):
            with lock:
                busy.append(None)
                counts.append(len(busy))
            SYSTEM_CLOCK.sleep(0.001)
            with lock:
                busy.pop()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert len(counts) == 8
    assert max(counts) <= AT_ONCE


def test_who_waits_gives_up_at_the_deadline() -> None:
    """And a small file goes up all the same."""
    with turn(LARGE, "a"), turn(LARGE, "b"):
        with turn(1, "small"):
            pass
        with (
            keeping(Deadline(SYSTEM_CLOCK, 0.01)),
            pytest.raises(TransportTimeoutError, match="c: the deadline passed"),
            turn(LARGE, "c"),
        ):
            pass


def test_a_fork_begins_anew() -> None:
    """The parent's turns are not the child's."""
    with turn(LARGE, "a"), turn(LARGE, "b"):
        child = os.fork()
        if child == 0:
            with turn(LARGE, "c"):
                os._exit(7)
        _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 7
