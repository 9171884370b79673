"""Finds out how many parts of an object go up at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

ENOUGH: Final = 200 << 20
"""A rate at which parts go up one after another, in bytes a second."""

_PATIENCE: Final = 2.0
"""How many times longer than at that rate a single part may take."""

_LOOKED_AT: Final = 4
"""Over how many parts the rate is looked at: one alone tells little."""


class Width:
    """How many parts go up at once: one while that is fast, else as many as there may be.

    A server that puts the parts together as they come (rclone's) takes a fifth longer for several; one that
    keeps each by itself (Ceph's gateway) takes half as long. How fast several come at first does not tell
    them apart, since the former takes in what comes early, and makes up for it at the end.

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
        self.at_once = 1

    def came(self, size: int) -> None:
        """Take note that a part of so many bytes is up."""
        self._parts += 1
        self._bytes += size
        if self._parts < _LOOKED_AT:
            return
        now = self._monotonic()
        if self._bytes < ENOUGH * (now - self._since):
            self.widen()
        self._since, self._parts, self._bytes = now, 0, 0

    def patience(self, size: int) -> float | None:
        """Return how many seconds a part of so many bytes may take before several go up; None: they do."""
        return _PATIENCE * size / ENOUGH if self.at_once == 1 else None

    def widen(self) -> None:
        """Let as many go up from now on as there may be."""
        self.at_once = self._most
