"""Judges how many connections, and how large pieces, a body is worth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import Final

import attrs

from store.transports.spans import LEAST, Spans

CONNECTIONS: Final = 16
"""How many connections one body comes over at the most."""

ENOUGH: Final = 100 << 20
"""A rate at which no further connection is asked for, in bytes a second."""

APART_FROM: Final = 64 << 20
"""The rate of a beginning from which on a range gives the rest in its place, in bytes a second."""

_TRIED_FROM: Final = 32 << 20
"""The rate of one connection from which on it is tried whether two are faster, in bytes a second.

What comes slower waits for the network. What comes faster may wait for the processors, its own or those of a
server on the same machine, and then several connections take longer than one.
"""

_PATIENT: Final = 0.3
"""A rest that comes within this time needs no further connection, in seconds."""

_SHARE: Final = 0.25
"""How long a connection should be busy to be worth its beginning, in seconds."""

_PIECE_TIME: Final = 0.2
"""How long a connection should be busy with one piece, in seconds."""

PIECE_WAITS: Final = 8
"""How many times longer a piece should take than it takes until it begins to come."""

_LARGEST_PIECE: Final = 64 << 20
"""The largest piece that is asked for at once, in bytes."""

_FIRST_LOOK: Final = 0.05
"""How long the first stream is watched before it is judged, in seconds; twice, since one may stutter."""

_NEXT_LOOK: Final = 1.0
"""How long further connections are watched before others are added, in seconds."""

_OPENING: Final = 0.3
"""How long is waited at most until a second connection that is tried has begun to come, in seconds."""

_TRIAL: Final = 0.1
"""How long two that are tried are watched, in seconds."""

_AGAIN: Final = 5.0
"""After how long it is tried again whether two are faster, in seconds."""

_GROWN: Final = 1.2
"""How many times faster further connections must have made it to stay, and for others to be tried."""


def more_connections(rate: float, rest: int, now: int, most: int = CONNECTIONS) -> int:
    """Return how many connections are worth to be opened beside those there are.

    Args:
        rate: What came lately, in bytes a second, over all of them.
        rest: The bytes that are still to come.
        now: How many there are.
        most: How many there may be.
    """
    wait = rest / max(rate, 1.0)
    if rate >= ENOUGH or wait <= _PATIENT or rest < LEAST:
        return 0
    worth = min(most, round(now * wait / _SHARE), max(1, rest // LEAST))
    return max(0, worth - now)


def next_piece(size: int, seconds: float, waits: Sequence[float]) -> int:
    """Choose how much is asked for next: little, in the order of the file, but worth its wait.

    Args:
        size: Of the piece before, in bytes.
        seconds: What it took.
        waits: How long pieces took until they began to come, in seconds.
    """
    wanted = max(_PIECE_TIME, PIECE_WAITS * min(waits, default=0.0))
    return max(LEAST, min(int(size * wanted / max(seconds, 1e-3)), _LARGEST_PIECE))


class _Phase(Enum):
    """What is looked at."""

    ALONE = "whether one connection is too slow"
    OPENING = "whether the second has begun to come"
    TRIAL = "whether two are faster than one"
    SEVERAL = "whether still more are worth it"


@attrs.define
class _Look:
    """What was seen when the rate was last judged."""

    at: float
    received: int
    rate: float = 0.0
    slow: int = 0


class Growth:
    """Looks now and then at how fast a body comes.

    Args:
        spans: What is to come, and what came.
        monotonic: The time, in seconds.
        limit: How many connections there may be.

    Attributes:
        looks: How many looks in a row must find a first connection slow.
        narrow: Whether two were tried, and found to be no faster than one.
    """

    def __init__(self, spans: Spans, monotonic: Callable[[], float], limit: int) -> None:
        self._spans = spans
        self._monotonic = monotonic
        self._limit = limit
        self.looks = 2
        self.narrow = False
        self._phase = _Phase.ALONE
        self._begun = monotonic()
        self._look = _Look(self._begun, spans.received)
        self._due = self._begun + _FIRST_LOOK

    def is_fast(self, count: int) -> bool:
        """Whether so many bytes came so fast since the beginning that a range is to give the rest."""
        return count >= APART_FROM * (self._monotonic() - self._begun)

    @contextmanager
    def looking_away(self) -> Iterator[None]:
        """Judge nothing by what comes while something else is waited for, unless that takes long."""
        self._turn(self._phase, self._monotonic(), self._look.rate, _OPENING)
        try:
            yield
        finally:
            self._turn(self._phase, self._monotonic(), self._look.rate, _FIRST_LOOK)

    def wanted(self, working: int, *, all_come: bool) -> int:
        """Return how many further connections are worth their while; 0 between two looks.

        Args:
            working: How many there are.
            all_come: Whether something comes over each of them, as far as can be told.
        """
        now = self._monotonic()
        if now < self._due:
            return 0
        if self._phase is _Phase.OPENING:
            if all_come or now > self._look.at + _OPENING:
                self._turn(_Phase.TRIAL, now, self._look.rate, _TRIAL)
            return 0
        before = self._look
        rate = (self._spans.received - before.received) / max(now - before.at, 1e-9)
        rest = self._spans.total - self._spans.received
        count = more_connections(rate, rest, max(1, working), self._limit)
        if self._phase is _Phase.ALONE:
            return self._beside_one(now, rate, count)
        grown = rate > _GROWN * before.rate
        if self._phase is _Phase.TRIAL and not grown:
            self.narrow = True
            self._turn(_Phase.ALONE, now, rate, _AGAIN)
            return 0
        self._turn(_Phase.SEVERAL, now, rate, _NEXT_LOOK)
        return count if grown else 0

    def _beside_one(self, now: float, rate: float, count: int) -> int:
        """Return how many are to join one connection: all that are worth it, or a second for a trial."""
        slow = self._look.slow + 1 if count else 0
        if slow < self.looks:
            self._turn(_Phase.ALONE, now, rate, _FIRST_LOOK)
            self._look.slow = slow
            return 0
        self.narrow = False
        if rate < _TRIED_FROM:
            self._turn(_Phase.SEVERAL, now, rate, _NEXT_LOOK)
            return count
        self._turn(_Phase.OPENING, now, rate, 0.0)
        return 1

    def _turn(self, phase: _Phase, now: float, rate: float, seconds: float) -> None:
        """Look at something from now on, and judge it after so many seconds."""
        self._phase = phase
        self._look = _Look(now, self._spans.received, rate)
        self._due = now + seconds
