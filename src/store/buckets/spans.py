"""Tells by its time whether an object is what was uploaded."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Final, NamedTuple, Self

TRUSTED: Final = 60.0
"""For how long after an upload its time is enough, in seconds: later it is proven, once."""

_EARLIER: Final = 2.0
"""How much earlier an upload may have begun than its length and its end tell, in seconds."""


class Span(NamedTuple):
    """When an upload went on, in seconds since 1970 UTC.

    Attributes:
        begun: Not later than its beginning, by the store's clock.
        ended: Its end, in whole seconds, by the store's clock.
        noted: Its end, by ours.
    """

    begun: int
    ended: int
    noted: int

    @classmethod
    def ended_at(cls, ended: datetime | None, seconds: float, now: float) -> Self | None:
        """Return the span of an upload that has just ended.

        Args:
            ended: When, as the store says; None where it did not say it.
            seconds: How long it took.
            now: The time, in seconds since 1970 UTC.

        Returns:
            None where nobody knows when it ended.
        """
        if ended is None:
            return None
        end = ended.timestamp()
        return cls(int(end - seconds - _EARLIER), int(end), int(now))

    def covers(self, modified: datetime | None, now: float) -> bool:
        """Whether an object of such a time is what went up, as far as that can be told by it for now.

        Args:
            modified: When the object was written, as the store says; None where it does not say it.
            now: The time, in seconds since 1970 UTC.
        """
        if modified is None or not 0 <= now - self.noted <= TRUSTED:
            return False
        return self.begun <= int(modified.timestamp()) <= self.ended


class Allowance:
    """How many bytes may go up without their tag being waited for; safe for many threads.

    Args:
        size: So many.
    """

    def __init__(self, size: int) -> None:
        self._left = size
        self._lock = threading.Lock()

    def take(self, size: int) -> bool:
        """Take so many bytes; return whether there were as many left."""
        with self._lock:
            taken = size <= self._left
            self._left -= size if taken else 0
        return taken
