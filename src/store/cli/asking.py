"""Goes through locators, one after the other, and ends as they end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from store.cli.ending import failure
from store.cli.frame import Frame

if TYPE_CHECKING:
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
    from store.cli.telling import Teller

    bars = None
    if frame.shows_bars():
        from store.transports.progress import progress_listener

        bars = progress_listener(True)  # not through the fetcher, which would not end them
    teller = Teller(bars)
    frame.settle = teller.settle
    frame.saved = teller.saved
    return Fetcher(frame.settings, listener=teller)
