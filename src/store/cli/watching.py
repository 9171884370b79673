"""Tells on stderr how many files get on: in a panel, else in lines."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from store.cli.output import human_size, say
from store.cli.telling import surprise
from store.clock import SYSTEM_CLOCK, Clock
from store.events import Event, Started
from store.transports.totals import Totals

if TYPE_CHECKING:
    from store.transports.panel import Panel

INTERVAL: Final = 10.0
"""The time between two lines where no panel is drawn, in seconds."""


class Watcher:
    """A listener for many fetches: retries, waits and damage are a line each, the rest is summed up.

    Args:
        files: How many are wanted.
        drawn: Whether a panel is drawn.
        hits: Grows with each hit, of which no event tells.
        clock: The time.
    """

    def __init__(
        self,
        files: int,
        *,
        drawn: bool,
        hits: Sequence[int] = (),
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._totals = Totals(files, hits=hits, clock=clock)
        self._clock = clock
        self._lock = threading.RLock()
        self._told = 0.0
        self._begun = False
        self._since = 0.0
        self._lines = 0
        self._panel: Panel | None = None
        if drawn:
            from store.transports.panel import Panel

            self._panel = Panel(self._totals, clock=clock)

    def __call__(self, event: Event) -> None:
        """Tell of an event, if a person wants to know."""
        text = surprise(event)
        if self._panel is not None:
            self._panel(event)
            if text is not None:
                with self._panel.paused():
                    say(text)
            return
        with self._lock:
            if isinstance(event, Started):
                self._begin()
            self._totals.take(event)
            if text is not None:
                say(text)
            self._sum_up_if_due()

    def look_up(self) -> None:
        """Say a line, or draw the picture, where it is time to."""
        if self._panel is not None:
            self._panel.look_up()
            return
        with self._lock:
            self._begin()
            self._sum_up_if_due()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Let the block print lines, without a picture in their way."""
        with self._panel.paused() if self._panel is not None else self._lock:
            yield

    def settle(self) -> bool:
        """End the picture, or say the last line of several.

        Returns:
            Whether anything was drawn.
        """
        if self._panel is not None:
            return self._panel.close()
        with self._lock:
            if self._lines:
                self._sum_up()
            self._lines = 0
        return False

    def _begin(self) -> None:
        if self._begun:
            return
        self._begun, self._since = True, self._clock.monotonic()
        done, files = self._totals.done, self._totals.files
        say(f"fetching {files - done} of {files} files" if done else f"fetching {files} files")

    def _sum_up_if_due(self) -> None:
        if self._elapsed - self._told >= INTERVAL:
            self._sum_up()

    @property
    def _elapsed(self) -> float:
        """The seconds since the first line, or since the first download began, whichever is longer ago."""
        since = self._clock.monotonic() - self._since if self._begun else 0.0
        return max(since, self._totals.elapsed)

    def _sum_up(self) -> None:
        self._told = self._elapsed
        self._lines += 1
        totals = self._totals
        words = [f"{totals.done} of {totals.files} files"]
        if totals.failed:
            words.append(f"{totals.failed} failed")
        about = "" if totals.exact else "about "
        told = totals.done < totals.files and totals.expected
        of = f" of {about}{human_size(totals.expected)}" if told else ""
        words.append(f"{human_size(totals.received)}{of}")
        words.append(f"{human_size(int(totals.rate))}/s")
        say(", ".join(words))
