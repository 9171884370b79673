"""The time, as something that a test can hold still."""

from __future__ import annotations

import sys
import time
from typing import Final, Protocol

_REALTIME_COARSE: Final = {"linux": 5}.get(sys.platform)
"""The number of ``CLOCK_REALTIME_COARSE`` (``linux/time.h``), for which Python has no name; else None."""


class Clock(Protocol):
    """Tells the time and lets it pass."""

    def now(self) -> float:
        """Return the seconds since 1970-01-01 UTC: for records that outlive the process."""
        ...

    def now_ns(self) -> int:
        """Return the nanoseconds since 1970-01-01 UTC."""
        ...

    def file_time_ns(self) -> int:
        """Return what the kernel gives a file that is changed now, in nanoseconds since 1970-01-01 UTC.

        It goes on by steps, of 1 to 10 ms: once it is greater than a file's time, a later change shows.
        """
        ...

    def monotonic(self) -> float:
        """Return seconds that never run backwards: for deadlines."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        ...


def _file_time_ns() -> int:
    """Read the kernel's coarse clock (``ktime_get_coarse_real_ts64``), of which Linux takes files' times."""
    if _REALTIME_COARSE is None:
        return time.time_ns() - 10_000_000  # as if it went by the longest steps
    return time.clock_gettime_ns(_REALTIME_COARSE)


class SystemClock:
    """The machine's own clock."""

    # The functions themselves, not methods around them: a hit asks for the time.
    now = staticmethod(time.time)
    now_ns = staticmethod(time.time_ns)
    file_time_ns = staticmethod(_file_time_ns)
    monotonic = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)


SYSTEM_CLOCK: Final[Clock] = SystemClock()
"""What every room uses unless it is handed another clock."""
