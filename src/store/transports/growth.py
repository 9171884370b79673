"""Judges how many connections a large body is worth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs

from store.transports.spans import LEAST, Spans

CONNECTIONS: Final = 16
"""How many connections one body comes over at the most."""

ENOUGH: Final = 100 << 20
"""A rate at which no further connection is asked for, in bytes a second."""

_PATIENT: Final = 0.3
"""A rest that comes within this time needs no further connection, in seconds."""

_SHARE: Final = 0.25
"""How long a connection should be busy to be worth its beginning, in seconds."""

_FIRST_LOOK: Final = 0.05
"""How long the first stream is watched before it is judged, in seconds; twice, since one may stutter."""

_NEXT_LOOK: Final = 1.0
"""How long further connections are watched before others are added, in seconds."""

_GROWN: Final = 1.2
"""How many times faster it must have become by further connections for still others to be tried."""


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
    """

    def __init__(self, spans: Spans, monotonic: Callable[[], float], limit: int) -> None:
        self._spans = spans
        self._monotonic = monotonic
        self._limit = limit
        self.looks = 2
        self._begun = monotonic()
        self._look = _Look(self._begun, spans.received)
        self._due = self._look.at + _FIRST_LOOK

    def is_fast(self, count: int) -> bool:
        """Whether so many bytes came so fast since the beginning that no further connection is wanted."""
        return count >= ENOUGH * (self._monotonic() - self._begun)

    def wanted(self, working: int, *, alone: bool) -> int:
        """Return how many further connections are worth their while; 0 between two looks.

        Args:
            working: How many there are.
            alone: Whether there was but one so far.
        """
        now = self._monotonic()
        if now < self._due:
            return 0
        before = self._look
        rate = (self._spans.received - before.received) / max(now - before.at, 1e-9)
        rest = self._spans.total - self._spans.received
        count = more_connections(rate, rest, max(1, working), self._limit)
        slow = before.slow + 1 if count else 0
        self._look = _Look(now, self._spans.received, rate, slow)
        self._due = now + (_FIRST_LOOK if alone else _NEXT_LOOK)
        worth = slow >= self.looks if alone else rate > _GROWN * before.rate
        return count if worth else 0
