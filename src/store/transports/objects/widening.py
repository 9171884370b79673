"""Finds out how many parts of an object go up at once."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final

PATIENCE: Final = 0.25
"""How many seconds a part may take that goes up alone, before others are sent beside it."""

WORTH: Final = 1.05
"""How many times as fast several parts must come as one for several to go up."""

ALONE: Final = 3
"""How many parts go up one by one to tell how fast that is: the first, which connects, does not count."""

LASTING: Final = 64
"""After how many parts that went up one by one it is tried again whether several are faster."""


class _Phase(Enum):
    """What is being found out."""

    ALONE = "how fast parts are one by one"
    TOGETHER = "how fast they are together"
    KNOWN = "nothing: it is known"


class Width:
    """How many parts go up at once: as many as there may be where that is faster, else one.

    A store that keeps each part by itself (Ceph's gateway) takes half as long for several. One that writes
    them to a file in their order (rclone's server) takes longer: what comes early waits in its memory. How
    fast parts come while others are on their way does not tell them apart, since the latter takes in what
    comes early and makes up for it at the end. So a few go up one by one, then as many as may be together,
    and the next only when all those are there. (The other way round the several would pay for what is done
    for the first time: Ceph's gateway seemed no faster for them then.)

    Args:
        most: How many there may be.
        monotonic: The time, in seconds.
    """

    def __init__(self, most: int, monotonic: Callable[[], float]) -> None:
        self._most = most
        self._monotonic = monotonic
        self._at_once = 1
        self._alone = 0.0
        self._begin(_Phase.ALONE, ALONE)

    def _begin(self, phase: _Phase, wanted: int) -> None:
        self._phase, self._wanted = phase, wanted
        self._came = self._bytes = 0
        self._since = self._monotonic()

    def has_room(self, running: int) -> bool:
        """Whether another part may begin while so many are on their way."""
        if self._phase is _Phase.TOGETHER:
            return running + self._came < self._wanted
        return running < self._at_once

    def came(self, size: int) -> None:
        """Take note that a part of so many bytes is up."""
        self._came += 1
        self._bytes += size
        if self._phase is _Phase.ALONE and self._came == 1:
            self._since, self._bytes = self._monotonic(), 0
        if self._came < self._wanted:
            return
        rate = self._bytes / max(self._monotonic() - self._since, 1e-9)
        if self._phase is _Phase.ALONE:
            self._alone = rate
            self._begin(_Phase.TOGETHER, self._most)
        elif self._phase is _Phase.KNOWN and self._at_once == 1:
            self._begin(_Phase.ALONE, ALONE)
        elif self._phase is _Phase.TOGETHER and rate < WORTH * self._alone:
            self._begin(_Phase.KNOWN, LASTING)
        else:
            self.widen()

    def patience(self) -> float | None:
        """Return how many seconds the only part on its way may take before several go up; None: they do."""
        alone = self._phase is not _Phase.TOGETHER and self._at_once == 1
        return PATIENCE if alone else None

    def widen(self) -> None:
        """Let as many go up from now on as there may be."""
        self._at_once = self._most
        self._begin(_Phase.KNOWN, LASTING)
