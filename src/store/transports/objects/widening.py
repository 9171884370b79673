"""Finds out how many parts of an object go up at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

ENOUGH: Final = 200 << 20
"""A rate at which parts go up one after another, in bytes a second."""

FEW: Final = 2
"""How many go up at once to a store that writes them in their order."""

LASTING: Final = 64
"""For how many parts a store is taken for such: what was late for another reason is not paid for longer."""

_PATIENCE: Final = 2.0
"""How many times longer than at that rate a single part may take."""

_LOOKED_AT: Final = 2
"""Over how many parts the rate is looked at: one alone tells little."""


class Width:
    """How many parts go up at once: one while that is fast, else as many as there may be.

    A store that keeps each part by itself (Ceph's gateway) takes half as long for several. One that writes
    them to a file in their order (rclone's server) is slower for several: it keeps in memory what comes
    early, and answers to one of the parts only when all that came is written. That tells it apart, where the
    rate does not: parts that were sent later are up before it, one after another. Then few go up at once.

    Args:
        most: How many there may be.
        monotonic: The time, in seconds.

    Attributes:
        at_once: How many there are to be now.
    """

    def __init__(self, most: int, monotonic: Callable[[], float]) -> None:
        self._most = most
        self._monotonic = monotonic
        self._since = monotonic()
        self._parts = self._bytes = 0
        self._oldest = self._overtaken = self._few = 0
        self.at_once = 1

    def came(self, number: int, size: int, running: Iterable[int]) -> None:
        """Take note that a part is up.

        Args:
            number: Its number.
            size: Its bytes.
            running: The numbers of the parts that are on their way still.
        """
        if self.at_once == 1:
            self._look(size)
        elif self._few:
            self._few -= 1
            if not self._few:
                self.widen()
        elif self._is_overtaken(number, running):
            self.at_once, self._few, self._overtaken = min(FEW, self._most), LASTING, 0

    def patience(self, size: int) -> float | None:
        """Return how many seconds a part of so many bytes may take before several go up; None: they do."""
        return _PATIENCE * size / ENOUGH if self.at_once == 1 else None

    def widen(self) -> None:
        """Let as many go up from now on as there may be."""
        self.at_once = self._most

    def _look(self, size: int) -> None:
        self._parts += 1
        self._bytes += size
        if self._parts < _LOOKED_AT:
            return
        now = self._monotonic()
        if self._bytes < ENOUGH * (now - self._since):
            self.widen()
        self._since, self._parts, self._bytes = now, 0, 0

    def _is_overtaken(self, number: int, running: Iterable[int]) -> bool:
        """Whether the oldest part on its way has seen twice as many come by as go up at once."""
        oldest = min(running, default=number)
        if oldest != self._oldest:
            self._oldest, self._overtaken = oldest, 0
        self._overtaken += oldest < number
        return self._overtaken >= 2 * self._most
