"""Adds up how far many files have come, all together."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

from store.clock import SYSTEM_CLOCK, Clock
from store.events import (
    ENDS,
    STOPS,
    Attempted,
    Bypassed,
    Cached,
    Event,
    Failed,
    Hit,
    Progressed,
    Resumed,
    Started,
    Verified,
    key_of,
)

_WINDOW: Final = 10.0
"""Over how long the rate is looked at, in seconds."""

_STEP: Final = 0.1
"""The shortest time between two samples of the rate, in seconds."""


class Running(NamedTuple):
    """A file on its way."""

    name: str
    """What a person would call it."""

    received: int = 0
    """The bytes that are there."""
    total: int | None = None
    """How many there will be, where that is known."""


class Totals:
    """Follows the events of many fetches; whoever calls it from several threads holds a lock.

    Args:
        files: How many are wanted.
        hits: Grows with each hit of which no event tells.
        clock: The time.

    Attributes:
        files: How many are wanted.
        failed: How many have failed.
        fetched: How many came here.
        running: Those on their way, by the key of their events, in the order in which they began.
    """

    def __init__(
        self, files: int, *, hits: Sequence[int] = (), clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self.files = files
        self.failed = self.fetched = 0
        self._ends = 0
        self._hits = hits
        self.running: dict[str, Running] = {}
        self._clock = clock
        self._whole = 0
        self._moved = 0
        self._first: float | None = None
        self._samples: deque[tuple[float, int]] = deque()

    def take(self, event: Event) -> None:
        """Take an event into account."""
        key, known = key_of(event), self.running.get(key_of(event)) or Running(event.name)
        if isinstance(event, Progressed):
            self._progressed(key, known, event)
        elif isinstance(event, Started | Attempted):
            if self._first is None:
                self._first = self._clock.monotonic()
                self._samples.append((self._first, 0))
            self.running[key] = known._replace(received=0)
        elif isinstance(event, Resumed):
            self.running[key] = known._replace(received=event.received)
        elif isinstance(event, Verified):
            self.running[key] = known._replace(received=event.size, total=event.size)
        elif isinstance(event, ENDS):
            self._ended(event)

    @property
    def done(self) -> int:
        """How many have an end, good or bad."""
        return self._ends + len(self._hits)

    @property
    def received(self) -> int:
        """How many bytes are there of all files that came, or are on their way."""
        return self._whole + sum(one.received for one in self.running.values())

    @property
    def expected(self) -> int:
        """How many bytes there will be: a guess, where `exact` is false."""
        totals = [one.total for one in self.running.values() if one.total is not None]
        known = self._whole + sum(totals)
        count = self.fetched + len(totals)
        unknown = self.files - self.done - len(totals)
        return known + (known * unknown // count if count and unknown > 0 else 0)

    @property
    def exact(self) -> bool:
        """Whether the size of every file is known."""
        sizes = [one.total for one in self.running.values()]
        return self.files - self.done <= len(sizes) and None not in sizes

    @property
    def elapsed(self) -> float:
        """The seconds since the first download began; 0.0 where there was none."""
        return 0.0 if self._first is None else self._clock.monotonic() - self._first

    @property
    def rate(self) -> float:
        """How many bytes a second came lately."""
        if not self._samples:
            return 0.0
        began, moved = self._samples[0]
        return (self._moved - moved) / max(self._clock.monotonic() - began, _STEP)

    @property
    def left(self) -> float | None:
        """How many seconds it will take yet, as things are; None where nothing can be said."""
        rate, more = self.rate, self.expected - self.received
        return more / rate if rate > 0 and more >= 0 and self.fetched + len(self.running) else None

    def _progressed(self, key: str, before: Running, event: Progressed) -> None:
        moment = self._clock.monotonic()
        if not self._samples or moment - self._samples[-1][0] >= _STEP:
            self._samples.append((moment, self._moved))
            while moment - self._samples[0][0] > _WINDOW and len(self._samples) > 1:
                self._samples.popleft()
        self._moved += max(0, event.received - before.received)
        self.running[key] = before._replace(received=event.received, total=event.total)

    def _ended(self, event: Hit | Cached | Bypassed | Failed) -> None:
        if isinstance(event, Failed) and event.error in STOPS:
            return
        self._ends += 1
        self.failed += isinstance(event, Failed)
        running = self.running.pop(key_of(event), None)
        self.fetched += isinstance(event, Cached | Bypassed)
        # Of two that want one resource the hit of the second may be told before the end of the first.
        if running is not None and not isinstance(event, Failed):
            self._whole += running.received
