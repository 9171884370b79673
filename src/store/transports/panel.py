"""Draws a line for many files together, and one for each on its way."""

from __future__ import annotations

import contextlib
import threading
import unicodedata
from collections.abc import Iterator
from typing import Any, Final

from store.clock import SYSTEM_CLOCK, Clock
from store.events import ENDS, Event
from store.transports.bars import bar_class, distinct, screen_size, sized
from store.transports.totals import Running, Totals

LINES: Final = 8
"""How many files have a line at most."""

INTERVAL: Final = 0.1
"""The shortest time between two pictures, in seconds."""

_WHOLE: Final = "{desc} |{bar}|"
_FILE: Final = "  {desc} |{bar}| {n_fmt}/{total_fmt}"
_LONGEST: Final = 32
"""How many columns a name takes at most."""


class Panel:
    """A listener that draws on stderr; safe for many threads.

    Args:
        totals: Where all together stand: the panel tells it of events.
        clock: The time.
    """

    def __init__(self, totals: Totals, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._totals = totals
        self._clock = clock
        self._lock = threading.RLock()
        self._whole: Any = None
        self._lines: list[Any] = []
        self._shown: list[str | None] = []
        self._drawn = 0.0
        self._closed = False

    def __call__(self, event: Event) -> None:
        """Take an event into account, and draw where it is time to."""
        with self._lock:
            self._totals.take(event)
            now = self._clock.monotonic()
            if self._totals.running or isinstance(event, ENDS):
                if self._whole is not None and now - self._drawn < INTERVAL:
                    return
                self._draw(now)

    def look_up(self) -> None:
        """Draw, where it is time to, though nothing has happened."""
        with self._lock:
            now = self._clock.monotonic()
            if self._closed or now - self._drawn < INTERVAL:
                return
            if self._whole is None:
                self._open()
            self._draw(now)

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Take away what is drawn while the block prints lines, and draw it again below them."""
        with self._lock:
            self._clear()
            try:
                yield
            finally:
                if self._whole is not None and not self._closed:
                    self._draw(self._clock.monotonic())

    def close(self) -> bool:
        """Leave the line of the whole on the screen, and nothing else; later events draw nothing.

        Returns:
            Whether anything was drawn.
        """
        with self._lock:
            drawn = self._whole is not None and not self._closed
            if drawn:
                for line in self._lines:
                    line.close()
                self._describe_whole()
                self._whole.close()
            self._closed = True
            return drawn

    def _draw(self, now: float) -> None:
        totals = self._totals
        if self._closed or (self._whole is None and not (totals.running or totals.fetched)):
            return  # hits need no picture
        self._drawn = now
        if self._whole is None:
            self._open()
        columns = screen_size().columns
        self._describe_whole()
        self._whole.ncols = columns
        self._whole.refresh()
        self._assign()
        names = distinct({key: totals.running[key].name for key in self._shown if key is not None})
        for line, key in zip(self._lines, self._shown, strict=True):
            if key is not None:
                _describe(line, names[key], totals.running[key], columns)
                line.refresh()

    def _open(self) -> None:
        bar, (columns, rows) = bar_class(), screen_size()
        options = {"ncols": columns, "nrows": rows, "mininterval": 0}
        self._whole = bar(total=self._totals.files, bar_format=_WHOLE, position=0, **options)
        for number in range(max(0, min(LINES, self._totals.files, rows - 2))):
            line = bar(
                bar_format=_FILE,
                position=number + 1,
                leave=False,
                unit="B",
                unit_scale=True,
                unit_divisor=1024,
                **options,
            )
            line.clear()
            self._lines.append(line)
            self._shown.append(None)

    def _assign(self) -> None:
        """Let each line keep its file while that is on its way, and give free lines to those that wait."""
        running = self._totals.running
        waiting = [key for key in running if key not in self._shown]
        for number, key in enumerate(self._shown):
            if key is None or key not in running:
                self._shown[number] = waiting.pop(0) if waiting else None
                if key is not None and self._shown[number] is None:
                    self._lines[number].clear()

    def _clear(self) -> None:
        if self._whole is not None and not self._closed:
            for line in (*self._lines, self._whole):
                line.clear()

    def _describe_whole(self) -> None:
        totals, size = self._totals, self._whole.format_sizeof
        words = [f"{totals.done}/{totals.files} files"]
        if totals.failed:
            words.append(f"{totals.failed} failed")
        about = "" if totals.exact else "~"
        expected = totals.expected
        of = f" of {about}{sized(size, expected)}" if expected > totals.received else ""
        words.append(f"{sized(size, totals.received)}{of}")
        words.append(sized(size, totals.rate, "B/s"))
        if totals.left is not None and totals.done < totals.files:
            words.append(f"{self._whole.format_interval(round(totals.left))} left")
        self._whole.set_description_str(", ".join(words), refresh=False)
        self._whole.total, self._whole.n = totals.files, totals.done


def _describe(line: Any, name: str, running: Running, columns: int) -> None:  # noqa: ANN401 - a tqdm
    line.ncols = columns
    line.set_description_str(_fitted(name, max(8, min(_LONGEST, columns // 3))), refresh=False)
    line.total, line.n = running.total, running.received


def _fitted(name: str, width: int) -> str:
    """Return a name in just so many columns, its middle left out where it is longer."""
    shown = "".join(one if one.isprintable() else "?" for one in name)
    if _columns(shown) > width:
        end = ""
        while _columns(end) < width // 3:
            end = shown[-len(end) - 1] + end
        start = shown[: -len(end)]
        while _columns(start) + 1 + _columns(end) > width:
            start = start[:-1]
        shown = f"{start}…{end}"
    return shown + " " * (width - _columns(shown))


def _columns(text: str) -> int:
    wide = sum(unicodedata.east_asian_width(one) in "FW" for one in text)
    return len(text) + wide - sum(unicodedata.combining(one) > 0 for one in text)
