"""Goes through locators, one after the other, and ends as they end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from store.cli.ending import failure
from store.cli.frame import Frame

if TYPE_CHECKING:
    from store.cli.telling import Teller
    from store.events import Event
    from store.fetching.fetcher import Fetcher


def each(locators: Sequence[str], work: Callable[[str], None], frame: Frame) -> int:
    """Do something with every locator; one that fails does not stop the others.

    Args:
        locators: What was given.
        work: Does it, and prints the result.
        frame: Tells how much is to be said.

    Returns:
        0, the exit status that all failures have in common, or 1.
    """
    from store.addresses import public
    from store.errors import StoreError

    statuses = set()
    for locator in locators:
        try:
            work(locator)
        except StoreError as error:
            frame.settle()
            statuses.add(failure(error, frame, locator=public(locator)))
    return 0 if not statuses else statuses.pop() if len(statuses) == 1 else 1


def opened_fetcher(frame: Frame) -> Fetcher:
    """Return a fetcher that goes by the settings and tells on stderr what happens.

    Raises:
        StoreError: The settings cannot be read, or there is no such cache.
    """
    from store.fetching.fetcher import Fetcher

    if frame.quiet:
        return Fetcher(frame.settings)
    return Fetcher(frame.settings, listener=_Later(frame))


class _Later:
    """A listener that is made with the first event: a hit, which nobody is told of, pays for none.

    Args:
        frame: Tells whether bars are drawn, and is told how to end them.
    """

    hears_hits = False

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._teller: Teller | None = None
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        """Hand an event on."""
        with self._lock:
            if self._teller is None:
                self._teller = self._made()
        self._teller(event)

    def _made(self) -> Teller:
        from store.cli.telling import Teller

        bars = None
        if self._frame.shows_bars():
            from store.transports.progress import progress_listener

            bars = progress_listener(True)  # not through the fetcher, which would not end them
        teller = Teller(bars)
        self._frame.settle = teller.settle
        self._frame.saved = teller.saved
        return teller
