"""Tells in plain lines on stderr what happens on the way to a file."""

from __future__ import annotations

from typing import Final

from store.cli.output import human_size, on_terminal, replace_status_line, say
from store.clock import SYSTEM_CLOCK, Clock
from store.events import (
    ENDS,
    Event,
    Failed,
    Listener,
    Progressed,
    Quarantined,
    Retried,
    Started,
    Waited,
    key_of,
)

INTERVAL: Final = 10.0
"""The time between two lines about one file where no bar is drawn, in seconds."""


class Teller:
    """A listener: every retry and every wait is a line; without bars the progress is one now and then.

    Args:
        bars: Draws bars, or None.
        clock: The time.
    """

    def __init__(self, bars: Listener | None = None, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._bars = bars
        self._clock = clock
        self._told: dict[str, float] = {}
        self._drawn: dict[str, Event] = {}

    def __call__(self, event: Event) -> None:
        """Tell of an event, if a person wants to know."""
        if self._bars is not None:
            self._bars(event)
            if isinstance(event, Progressed):
                self._drawn[key_of(event)] = event
            elif isinstance(event, ENDS):
                self._drawn.pop(key_of(event), None)
        text = self._text(event)
        if text is not None:
            if self._bars is not None and on_terminal("stderr"):
                replace_status_line("")
            say(text)

    def settle(self) -> bool:
        """Leave the bars as they are, however the work ended, so that lines may follow.

        Returns:
            Whether there were any.
        """
        drawn = self._bars is not None and bool(self._drawn)
        while self._bars is not None and self._drawn:
            _, last = self._drawn.popitem()
            self._bars(Failed(last.name, reason="it has ended", uid=last.uid))
        return drawn

    def _text(self, event: Event) -> str | None:
        match event:
            case Progressed():
                return None if self._bars else self._progress(event)
            case Started(name=name):
                again = key_of(event) in self._told  # a shared tier failed: the origin is asked now
                self._told[key_of(event)] = self._clock.monotonic()
                return None if self._bars or again else f"fetching {name}"
            case _:
                return surprise(event)

    def _progress(self, event: Progressed) -> str | None:
        now = self._clock.monotonic()
        if now - self._told.setdefault(key_of(event), now) < INTERVAL:
            return None
        self._told[key_of(event)] = now
        whole = "" if event.total is None else f" of {human_size(event.total)}"
        return f"{event.name}: {human_size(event.received)}{whole}"


def surprise(event: Event) -> str | None:
    """Return what a person who waits wants to know at once of an event; None where it is nothing."""
    match event:
        case Retried(name=name, reason=reason, delay=delay, address=address):
            when = f"in {delay:.1f} s" if delay >= 0.05 else "now"  # noqa: PLR2004 - as it is shown
            what = reason if address in reason else f"{name}: {reason}"
            return f"{what}; trying again {when}"
        case Waited(name=name, holder=holder):
            by = f" ({holder})" if holder else ""
            return f"{name}: waiting for another that is fetching it{by}"
        case Quarantined(name=name, reason=reason):
            return f"{name}: the cached file was not what it should be and is set aside: {reason}"
        case _:
            return None
