"""Finds out how many parts of an object go up at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_GROWN: Final = 1.1
"""How many times faster it must have become by twice as many parts for these to stay."""


class Width:
    """How many parts go up at once: one at first, and twice as many as long as that makes it faster.

    A server that puts the parts together as they come (rclone's) takes longer for two than for one after
    another; one that keeps each by itself (Ceph's) takes half as long for four.

    Args:
        most: How many there may be.
        monotonic: The time, in seconds.

    Attributes:
        at_once: How many there are to be now.
        settled: Whether that has been found out.
    """

    def __init__(self, most: int, monotonic: Callable[[], float]) -> None:
        self._most = most
        self._monotonic = monotonic
        self._since = monotonic()
        self._parts = self._bytes = 0
        self._before, self._rate = 1, 0.0
        self.at_once = 1
        self.settled = most == 1

    def came(self, size: int) -> None:
        """Take note that a part of so many bytes is up."""
        self._parts += 1
        self._bytes += size
        if self.settled or self._parts <= 2 * self.at_once:
            return
        now = self._monotonic()
        rate = self._bytes / max(now - self._since, 1e-9)
        self._since, self._parts, self._bytes = now, 0, 0
        if rate < _GROWN * self._rate:
            self.at_once, self.settled = self._before, True
            return
        self._before, self._rate = self.at_once, rate
        self.at_once = min(self._most, 2 * self.at_once)
        self.settled = self.at_once == self._before

    def late(self) -> None:
        """Take note that a part takes long: several are on their way in the same time."""
        self.at_once, self.settled = self._most, True
