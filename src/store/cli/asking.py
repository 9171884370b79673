"""Asks for resources, tells how it goes, and shows what came of it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from store.cli.ending import failure
from store.cli.frame import Frame
from store.cli.interrupting import kept
from store.cli.output import line, record, say

if TYPE_CHECKING:
    from store.events import Event, Listener, Saved
    from store.fetching.counting import Counter
    from store.fetching.fetcher import Fetcher
    from store.fetching.results import Result


NETWORK: Final = 8
"""The exit status of bytes that could not be moved, or not in time."""


def tell_kept(frame: Frame) -> None:
    """Tell what a failure of the network has left for the next run to go on with."""
    text = kept(frame)
    if text is not None and not frame.quiet:
        say(text)


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


def show(result: Result, frame: Frame, *, noted: bool = False) -> None:
    """Print a result, and a hint where nothing says that it is the right one.

    Args:
        result: The result.
        frame: What was decided beside.
        noted: Whether a hit was counted already.
    """
    if result.cached and not noted:
        frame.note_hit(result.size)
    if frame.json:
        from store.cli.describing import result_data

        record(result_data(result))
    else:
        line(result.path)
    if not result.verified and result.origin is None and not frame.quiet:
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
    later = _Later(frame, files)
    frame.note_hit, frame.saved, frame.here = later.note_hit, later.saved, later.here
    with Fetcher(settings, listener=later) as fetcher:
        try:
            yield fetcher
        finally:
            if counted and settings.stats:
                later.keep_counts(fetcher)


class _Later:
    """A listener that is made with the first event: a hit, which nobody is told of, pays for none.

    Args:
        frame: Tells what is to be told, and is told how to end what is drawn.
        files: How many files are wanted.

    Attributes:
        saved: What is kept of unfinished bodies, by uid.
    """

    def __init__(self, frame: Frame, files: int) -> None:
        self.hears_hits = frame.events
        self._frame = frame
        self._files = files
        self._lock = threading.Lock()
        self._listener: Listener | None = None
        self._counter: Counter | None = None
        self._hits: list[int] = []
        self._come: set[str] = set()
        self.saved: dict[str, Saved] = {}

    def __call__(self, event: Event) -> None:
        """Hand an event on; where the run is to end, break off what is on its way."""
        with self._lock:
            if self._counter is None:
                self._make()
        kind = type(event).__name__
        if kind == "Saved":
            self.saved[event.uid or event.name] = event  # type: ignore[assignment]
        elif kind == "Verified":
            self.saved.pop(event.uid or event.name, None)
            self._come.add(event.uid or event.name)
        if self._listener is not None:
            self._listener(event)
        if self._counter is not None and kind != "Hit":  # they are noted
            self._counter(event)
        if hasattr(event, "received"):
            self._frame.end_if_stopped()

    def look_up(self) -> None:
        """Let what tells on stderr look at the clock, though nothing has happened."""
        with self._lock:
            if self._counter is None:
                self._make()
        look_up = getattr(self._listener, "look_up", None)
        if look_up is not None:
            look_up()
        self._frame.end_if_stopped()

    def here(self) -> tuple[int, int]:
        """Return how many have come or were there, and how many are wanted."""
        return len(self._come) + len(self._hits), self._files

    def note_hit(self, size: int) -> None:
        """Take note of a hit of so many bytes, for who counts."""
        self._hits.append(size)

    def keep_counts(self, fetcher: Fetcher) -> None:
        """Add the run to the counts of the fetcher's cache; where that cannot be done, it is not counted."""
        layout, clock = fetcher.cache.content.layout, fetcher.cache.clock
        if self._counter is None:
            if not self._hits:
                return
            from store.cache.runs import add_hits

            with contextlib.suppress(OSError):
                if add_hits(layout, len(self._hits), sum(self._hits), clock.now()):
                    from store.cache.counts import fold

                    fold(layout, clock)
                return
        from store.cache.counts import Tally, count

        hits = Tally(hits=len(self._hits), saved=sum(self._hits))
        count(layout, hits if self._counter is None else hits.plus(self._counter.tally), clock)

    def _make(self) -> None:
        from store.fetching.counting import Counter

        self._listener = _listener(self._frame, self._files, self._hits)
        self._counter = Counter()


def _listener(frame: Frame, files: int, hits: Sequence[int]) -> Listener | None:
    """Return what tells on stderr how it goes, as far as that is wanted."""
    if frame.events:
        from store.cli.following import Follower

        return Follower()
    if frame.quiet:
        return None
    if files > 1:
        from store.cli.watching import Watcher

        watcher = Watcher(files, drawn=frame.shows_bars(), hits=hits)
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
