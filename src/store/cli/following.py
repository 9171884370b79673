"""Prints every event as a line of JSON, for programs that follow."""

from __future__ import annotations

import re
import threading
from typing import Any, Final

from store.cli.output import note
from store.clock import SYSTEM_CLOCK, Clock
from store.events import Event

_HUMP: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


class Follower:
    """A listener that prints; safe for many threads.

    Args:
        clock: The time.
    """

    def __init__(self, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        """Print an event."""
        with self._lock:
            note(as_data(event, self._clock.now()))


def as_data(event: Event, now: float) -> dict[str, Any]:
    """Return an event as plain data: its kind under ``event``, the time under ``at``, and its fields.

    Args:
        event: The event.
        now: The time, in seconds since 1970 UTC.
    """
    return {"event": kind_of(type(event)), "at": round(now, 3), **event._asdict()}


def kind_of(event: type) -> str:
    """Return what a class of events is called: ``AttemptFailed`` is ``attempt-failed``."""
    return _HUMP.sub("-", event.__name__).lower()
