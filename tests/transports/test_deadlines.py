"""A deadline that is cut ends what waits under it."""

from __future__ import annotations

import os

from store.testing.fakes import FakeClock
from store.transports.deadlines import Deadline


def test_a_cut_wakes_what_is_a_part_of_it(store_clock: FakeClock) -> None:
    """And nothing beside it; what no longer waits is left alone."""
    whole = Deadline(store_clock, None)
    part, other = whole.part(), whole.part()
    woken: list[str] = []
    part.begin_wait(1, lambda: woken.append("part"))
    other.begin_wait(2, lambda: woken.append("other"))
    other.begin_wait(3, lambda: woken.append("done"))
    other.end_wait(3)

    part.cut()
    alone = list(woken)
    part.end_wait(1)
    whole.cut()

    assert (alone, woken) == (["part"], ["part", "other"])


def test_a_forks_child_wakes_nobody(store_clock: FakeClock) -> None:
    """What it inherited is the parent's: to shut a connection down would end it there."""
    deadline = Deadline(store_clock, None)
    read, write = os.pipe()
    deadline.begin_wait(1, lambda: os.write(write, b"woken"))

    child = os.fork()
    if child == 0:
        deadline.cut()
        os._exit(0)
    os.waitpid(child, 0)
    os.close(write)

    assert os.read(read, 9) == b""
    os.close(read)


def test_a_sleep_ends_where_it_is_cut() -> None:
    """Else it takes its time."""

    class Cutting(FakeClock):
        """Cuts while it sleeps."""

        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if self.monotonic() - begun > 1.0:
                deadline.cut()

    clock = Cutting()
    begun = clock.monotonic()
    deadline = Deadline(clock, None)
    deadline.sleep(0.5)
    half = clock.monotonic() - begun
    deadline.sleep(60.0)

    assert round(half, 6) == 0.5
    assert clock.monotonic() - begun < 1.5
