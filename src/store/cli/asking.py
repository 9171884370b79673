"""Asks for resources, tells how it goes, and shows what came of it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from store.cli.ending import as_data, failure
from store.cli.frame import Frame
from store.cli.output import line, record, say

if TYPE_CHECKING:
    from store.events import Event, Listener
    from store.fetching.fetcher import Fetcher
    from store.fetching.results import Result


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
    return common_status(statuses)


def common_status(statuses: set[int]) -> int:
    """Return 0 where nothing failed, the exit status that all failures have in common, or 1."""
    return 0 if not statuses else statuses.pop() if len(statuses) == 1 else 1


def show(result: Result, frame: Frame) -> None:
    """Print a result, and a hint where nothing says that it is the right one."""
    if frame.json:
        record(as_data(result))
    else:
        line(result.path)
    if not result.verified and not frame.quiet:
        say(
            f"{result.locator} is not verified: nothing says what it should be; pin it with --digest"
        )


@contextlib.contextmanager
def opened_fetcher(frame: Frame, *, files: int = 1, counted: bool = False) -> Iterator[Fetcher]:
    """Open a fetcher that goes by the settings and tells on stderr what happens, and close it afterwards.

    Args:
        frame: Tells how much is to be said.
        files: How many files are wanted.
        counted: Whether what happens counts for ``store stats``.

    Raises:
        StoreError: The settings cannot be read, or there is no such cache.
    """
    from store.fetching.fetcher import Fetcher

    settings = frame.settings
    counting = None
    if counted and settings.stats:
        from store.cli.counting import Counting

        counting = Counting()
    with Fetcher(settings, listener=_told(frame, _teller(frame, files), counting)) as fetcher:
        try:
            yield fetcher
        finally:
            if counting is not None:
                counting.keep(fetcher.cache.content.layout, fetcher.cache.clock)


def _teller(frame: Frame, files: int) -> Listener | None:
    """Return what tells on stderr how it goes, as far as that is wanted."""
    if frame.events:
        from store.cli.following import Follower

        return Follower()
    if frame.quiet:
        return None
    if files > 1:
        from store.cli.watching import Watcher

        watcher = Watcher(files, drawn=frame.shows_bars())
        frame.settle, frame.pause = watcher.settle, watcher.paused
        return watcher
    from store.cli.telling import Teller

    bars = None
    if frame.shows_bars():
        from store.transports.progress import progress_listener

        bars = progress_listener(True)  # not through the fetcher, which would not end them
    teller = Teller(bars)
    frame.settle = teller.settle
    return teller


def _told(frame: Frame, *listeners: Listener | None) -> Listener | None:
    """Return what tells all of them, and breaks off what other threads do when the run is to end."""
    told = [one for one in listeners if one is not None]

    def tell(event: Event) -> None:
        for listener in told:
            listener(event)
        if frame.stopped and hasattr(event, "received"):
            raise KeyboardInterrupt

    return tell if told else None
