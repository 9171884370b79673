"""Holds all transfers of a process within a bandwidth."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Final

from store.clock import SYSTEM_CLOCK, Clock
from store.transports.deadlines import Deadline
from store.transports.excuses import excuse

_BURST: Final = 0.1
"""How much may be caught up on after a pause, in seconds of the rate."""

_PAUSE: Final = 0.2
"""How long is waited at a stretch where somebody looks up meanwhile, in seconds."""

_LEAST_PIECE: Final = 1024
_LARGEST_PIECE: Final = 1 << 20
_PIECES: Final = 20
"""Into how many pieces the bytes of a second are cut."""


class Limiter:
    """A bucket that fills at the rate and that every byte is taken from: see `limiter_for`.

    Whoever takes more than is there waits until it has filled up again, after those who came before; so
    all get the same share.

    Args:
        rate: Bytes a second.
        clock: The time.

    Attributes:
        piece: How many bytes should be read at a time at most, so that the flow is even.
    """

    def __init__(self, rate: int, clock: Clock = SYSTEM_CLOCK) -> None:
        self.piece = min(_LARGEST_PIECE, max(_LEAST_PIECE, rate // _PIECES))
        self._rate = rate
        self._clock = clock
        self._left = 0.0
        self._filled = clock.monotonic()
        self._lock = threading.Lock()

    def take(
        self, count: int, deadline: Deadline, *, check: Callable[[], object] | None = None
    ) -> None:
        """Take bytes that came, and wait as long as they must last; no longer than the deadline.

        Args:
            count: How many.
            deadline: When the call must have ended.
            check: Is called now and then while it waits, and may raise.
        """
        with self._lock:
            now = self._clock.monotonic()
            filled = self._left + (now - self._filled) * self._rate
            self._left = min(filled, self._rate * _BURST) - count
            self._filled = now
            wait = -self._left / self._rate
        wait = min(wait, deadline.left())
        if wait > 0:
            if check is None:
                self._clock.sleep(wait)
            else:
                self._wait(wait, check)
            excuse(wait)

    def _wait(self, seconds: float, check: Callable[[], object]) -> None:
        """Wait in short pieces, and look up between them."""
        end = self._clock.monotonic() + seconds
        while (left := end - self._clock.monotonic()) > 0:
            check()
            self._clock.sleep(min(left, _PAUSE))


_limiters: Final[dict[tuple[int, int], Limiter]] = {}
os.register_at_fork(after_in_child=_limiters.clear)


def limiter_for(rate: int | None, clock: Clock = SYSTEM_CLOCK) -> Limiter | None:
    """Return the limiter that all transfers of this process share that are to keep to a rate.

    Args:
        rate: Bytes a second, more than 0; None for no limit, and no limiter.
        clock: The time.
    """
    if rate is None:
        return None
    return _limiters.setdefault((rate, id(clock)), Limiter(rate, clock))
