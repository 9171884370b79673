"""Shows how far the bytes have come: a callback or a tqdm bar."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from store.clock import SYSTEM_CLOCK, Clock
from store.errors import ConfigurationError
from store.events import Attempted, Event, Failed, Listener, Progressed, key_of
from store.transports.bars import bar_class, distinct

ProgressCallback: TypeAlias = Callable[[int, int | None, str], object]
"""Is called with the received bytes, the total in bytes or None, and a name for people."""

Progress: TypeAlias = ProgressCallback | bool | None
"""A callback, True for a tqdm bar on stderr, or None (False, too) for nothing."""

INTERVAL: Final = 0.05
"""The shortest time between two calls for one resource, in seconds."""


def progress_listener(progress: Progress, *, clock: Clock = SYSTEM_CLOCK) -> Listener | None:
    """Return a listener that shows `Progressed` events so, or None where nothing is to be shown.

    The callback is called at most 20 times a second a resource, always with the first and last bytes, and
    never with fewer bytes than before within one attempt. tqdm is imported when the first byte comes.

    Args:
        progress: A callback, True for a tqdm bar, or None (False, too).
        clock: The time.

    Raises:
        ConfigurationError: It is none of these.
    """
    if progress is None or progress is False:
        return None
    if progress is True:
        bars = _Bars()
        return _Throttle(bars.show, clock, ended=bars.end)
    tell = progress
    if not callable(progress):
        raise ConfigurationError(f"progress is a callback, True or None, and not {progress!r}")
    return _Throttle(lambda event: tell(event.received, event.total, event.name), clock)


def several(*listeners: Listener | None) -> Listener | None:
    """Return one listener that tells all, or None where there are none."""
    told = [listener for listener in listeners if listener is not None]
    if len(told) < 2:  # noqa: PLR2004 - one needs no company
        return told[0] if told else None

    def tell(event: Event) -> None:
        """Hand an event to each in turn."""
        for listener in told:
            listener(event)

    return tell


class _Throttle:
    """Passes on the events that are worth showing."""

    def __init__(
        self,
        show: Callable[[Progressed], object],
        clock: Clock,
        ended: Callable[[str], object] | None = None,
    ) -> None:
        self._show = show
        self._clock = clock
        self._ended = ended
        self._shown: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        if isinstance(event, Progressed):
            if self._worth(event):
                self._show(event)
        elif isinstance(event, Attempted | Failed):
            with self._lock:
                self._shown.pop(key_of(event), None)
            if isinstance(event, Failed) and self._ended is not None:
                self._ended(key_of(event))

    def _worth(self, event: Progressed) -> bool:
        now = self._clock.monotonic()
        last, key = event.received == event.total, key_of(event)
        with self._lock:
            before = self._shown.get(key)
            if before is not None and (
                event.received < before[0] or (not last and now - before[1] < INTERVAL)
            ):
                return False
            if last and before is not None and before[0] == event.received:
                return False
            self._shown[key] = (event.received, now)
        return True


class _Bars:
    """A tqdm bar for each resource that is on its way."""

    def __init__(self) -> None:
        self._open: dict[str, Any] = {}
        self._names: dict[str, str] = {}
        self._lock = threading.Lock()

    def show(self, event: Progressed) -> None:
        """Move the bar of a resource; it is closed, and stays on the screen, when all bytes are there."""
        with self._lock:
            key = key_of(event)
            bar = self._open.get(key)
            if bar is None:
                self._names[key] = event.name
                bar = self._open[key] = bar_class()(
                    desc=distinct(self._names)[key],
                    total=event.total,
                    unit="B",
                    unit_scale=True,
                    unit_divisor=1024,
                    leave=True,
                )
            bar.total = event.total
            bar.n = event.received
            bar.refresh()
            if event.received == event.total:
                del self._open[key], self._names[key]
                bar.close()

    def end(self, key: str) -> None:
        """Close the bar of a resource that could not be had."""
        with self._lock:
            bar = self._open.pop(key, None)
            self._names.pop(key, None)
            if bar is not None:
                bar.close()
