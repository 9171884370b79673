"""Does many like things at once; the first error ends the rest."""

from __future__ import annotations

import contextvars
import itertools
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Generic, TypeVar

Item = TypeVar("Item")

_END: Final[Any] = object()

_TICK: Final = 0.25
"""How often whoever waits for workers looks up, in seconds."""


class _Here(threading.local):
    """Whose worker a thread is."""

    crew: _Crew[Any] | None = None


_here: Final = _Here()


def break_off_if_stopped() -> None:
    """End what a worker of `each` does, where `each` itself was interrupted; called now and then on the way.

    Raises:
        KeyboardInterrupt: It was.
    """
    crew = _here.crew
    if crew is not None and crew.interrupted:
        raise KeyboardInterrupt


def wait_for(event: threading.Event) -> None:
    """Wait, and look up now and then: a signal may have come to another thread, which wakes nobody."""
    while not event.wait(_TICK):
        pass


def each(items: Iterable[Item], work: Callable[[Item], object], jobs: int) -> None:
    """Do something with each item, several at once, in no order that can be relied on.

    Args:
        items: The items; gone through as workers become free.
        work: What is done with each.
        jobs: How many at once.

    Raises:
        BaseException: The first that ``work`` raised, or an interruption: what was under way by then has
            ended (after an interruption broken off by `break_off_if_stopped`), and nothing further was begun.
    """
    rest = iter(items)
    first = list(itertools.islice(rest, jobs))
    if len(first) < 2:  # noqa: PLR2004 - one needs no company
        for item in itertools.chain(first, rest):
            work(item)
        return
    crew = _Crew(itertools.chain(first, rest), work)
    ended = [threading.Event() for _ in first]
    threads = [
        threading.Thread(
            target=contextvars.copy_context().run,  # the deadline holds for them, too
            args=(crew.run, event),
            name=f"store-bucket-{number}",
            daemon=True,
        )
        for number, event in enumerate(ended)
    ]
    # Python 3.11 takes a thread for ended whose join() was interrupted: it is not to be relied on.
    try:
        for thread in threads:
            thread.start()
        for event in ended:
            wait_for(event)
    except BaseException:
        crew.stop()
        for thread, event in zip(threads, ended, strict=True):
            if thread.ident is not None:
                wait_for(event)
        raise
    if crew.error is not None:
        raise crew.error


class _Crew(Generic[Item]):
    """Workers that take the next item as they become free."""

    def __init__(self, items: Iterator[Item], work: Callable[[Item], object]) -> None:
        self._items = items
        self._work = work
        self._lock = threading.Lock()
        self._stopped = False
        self.interrupted = False
        self.error: BaseException | None = None

    def run(self, ended: threading.Event) -> None:
        """Take items and do them until there are no more, or one has failed; then say that it has ended."""
        _here.crew = self
        try:
            while True:
                with self._lock:
                    if self._stopped:
                        return
                    item = next(self._items, _END)
                if item is _END:
                    return
                self._work(item)
        except BaseException as error:  # noqa: BLE001 - raised by whoever waits
            with self._lock:
                self._stopped = True
                self.error = self.error or error
        finally:
            ended.set()

    def stop(self) -> None:
        """Begin nothing more, and let what is under way break off."""
        self._stopped = self.interrupted = True
