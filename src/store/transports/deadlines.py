"""How long a call may still take, known to whatever waits below it."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Final

from store.clock import Clock

_NAP: Final = 0.1
"""How long is slept before it is looked whether anybody still waits, in seconds."""


class _Waits:
    """What the threads of one call, and of all that is a part of it, are waiting for."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.under_way: dict[int, tuple[Deadline, Callable[[], object]]] = {}


class Deadline:
    """The moment by which a call must have ended; monotonic.

    Args:
        clock: The time.
        seconds: How long the call may take from now on; None for no limit.
        within: What the call is a part of: whichever ends earlier holds.
    """

    __slots__ = ("_clock", "_cut", "_end", "_waits", "_within", "seconds")

    def __init__(
        self, clock: Clock, seconds: float | None, *, within: Deadline | None = None
    ) -> None:
        self._clock = clock
        self._within = within
        self._cut = False
        self._waits: _Waits = _Waits() if within is None else within._waits  # noqa: SLF001 - of its class
        self.seconds = seconds
        now = clock.monotonic()
        self._end = math.inf if seconds is None else now + seconds
        if within is not None and now + within.left() < self._end:
            self._end = now + within.left()
            self.seconds = within.seconds

    def expire(self) -> None:
        """Let it have passed: whoever goes by it gives up at the next look."""
        self._end = -math.inf

    def left(self) -> float:
        """Return the seconds that are left: at most 0 when it has passed, infinity without a limit."""
        return 0.0 if self.is_cut() else self._end - self._clock.monotonic()

    def part(self) -> Deadline:
        """Return one that ends no later, and can be cut by itself."""
        return Deadline(self._clock, None, within=self)

    def cut(self) -> None:
        """Let it have passed, with all that are a part of it: nobody waits for the result any more."""
        self._cut = True
        # What a fork's child inherits is the parent's: to shut a connection down would end it there.
        if self._waits.process == os.getpid():
            for deadline, wake in list(self._waits.under_way.values()):
                if deadline.is_cut():
                    wake()

    def begin_wait(self, key: int, wake: Callable[[], object]) -> None:
        """Note that a thread is about to wait for something that knows no deadline.

        Whoever notes it looks at `left` only then: so no cut is missed.

        Args:
            key: Whose wait it is: the identity of what waits.
            wake: Ends the wait when the deadline is cut; it is called from the thread that cuts.
        """
        self._waits.under_way[key] = (self, wake)

    def end_wait(self, key: int) -> None:
        """Note that the wait is over."""
        self._waits.under_way.pop(key, None)

    def sleep(self, seconds: float) -> None:
        """Sleep, but not on after it was cut."""
        while seconds > 0 and not self.is_cut():
            step = min(seconds, _NAP)
            self._clock.sleep(step)
            seconds -= step

    def is_cut(self) -> bool:
        """Whether it, or what it is a part of, was cut."""
        return self._cut or (self._within is not None and self._within.is_cut())

    def __str__(self) -> str:
        """Say which one it is: ``the deadline of 60 s``."""
        return "the deadline" if self.seconds is None else f"the deadline of {self.seconds:g} s"


_current: ContextVar[Deadline | None] = ContextVar("store_deadline", default=None)


@contextlib.contextmanager
def keeping(deadline: Deadline) -> Iterator[None]:
    """Make a deadline hold for every transport that is used in the block, by this thread."""
    token = _current.set(deadline)
    try:
        yield
    finally:
        _current.reset(token)


def begun(clock: Clock, seconds: float | None) -> Deadline:
    """Return the deadline of a call that begins now: never later than the one that holds here.

    Args:
        clock: The time.
        seconds: How long the call may take; None for no limit of its own.
    """
    return Deadline(clock, seconds, within=_current.get())


def current(clock: Clock) -> Deadline:
    """Return the deadline that holds here; one without a limit where nobody has set any."""
    return _current.get() or Deadline(clock, None)
