"""The time, as something that a test can hold still."""

from __future__ import annotations

import time
from typing import Final, Protocol


class Clock(Protocol):
    """Tells the time and lets it pass."""

    def now(self) -> float:
        """Return the seconds since 1970-01-01 UTC: for records that outlive the process."""
        ...

    def now_ns(self) -> int:
        """Return the nanoseconds since 1970-01-01 UTC, to compare with a file's times."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never run backwards: for deadlines."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        ...


class SystemClock:
    """The machine's own clock."""

    # The functions themselves, not methods around them: a hit asks for the time.
    now = staticmethod(time.time)
    now_ns = staticmethod(time.time_ns)
    monotonic = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)


SYSTEM_CLOCK: Final[Clock] = SystemClock()
"""What every room uses unless it is handed another clock."""
