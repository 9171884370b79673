"""Lets one of many askers fetch a resource while the rest wait for it.

Threads wait for each other here, processes by a lock file. Neither is needed for a right result: who has
waited too long goes on by itself.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Iterator
from typing import Final

from store.cache.layout import Layout
from store.cache.quarantine import clear_way
from store.clock import Clock
from store.errors import StoreError
from store.files.dirlocks import locked_directory
from store.files.locks import locked

log = logging.getLogger(__name__)

Waiting = Callable[[str], None]
"""Is told, once, who is being waited for."""


class Flight:
    """One thread that fetches, and an event for those who wait for it, made for the first of them."""

    __slots__ = ("done", "thread")

    def __init__(self) -> None:
        self.thread = threading.current_thread()  # its number may be given to another after its end
        self.done: threading.Event | None = None

    def ended(self, timeout: float) -> bool:
        """Wait until it ends, at most so many seconds; return whether it has."""
        return self.done is None or self.done.wait(timeout)


class Flights:
    """The flights of this process; empty after a fork."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._flights: dict[tuple[str, str], Flight] = {}

    def begin(self, key: tuple[str, str]) -> tuple[Flight, bool]:
        """Return the flight of a key, and whether it was begun just now by this thread."""
        if self._process != os.getpid():
            self._reset()
        with self._lock:
            flight = self._flights.get(key)
            if flight is not None:
                flight.done = flight.done or threading.Event()
                return flight, False
            flight = self._flights[key] = Flight()
            return flight, True

    def end(self, key: tuple[str, str], flight: Flight) -> None:
        """End a flight; who waits for it looks again."""
        with self._lock:
            if self._flights.get(key) is flight:
                del self._flights[key]
            done = flight.done
        if done is not None:
            done.set()


FLIGHTS: Final = Flights()
"""The flights of this process, whichever `Content` they are for."""


@contextlib.contextmanager
def flying(
    layout: Layout,
    uid: str,
    *,
    timeout: float,
    clock: Clock,
    waiting: Waiting | None = None,
    ready: Callable[[], bool] | None = None,
) -> Iterator[bool]:
    """Be the one who fetches ``uid`` while the block runs, or wait for the one who does.

    When a holder ends, well or not, the next one in turn begins, and should ask the cache first. A thread
    that asks for what it is fetching already goes on at once.

    Args:
        layout: The cache that is to have it.
        uid: What is to be fetched.
        timeout: Seconds to wait in all before going on without being alone.
        clock: The time.
        waiting: Is told the holder's name once, when the caller has to wait.
        ready: Is asked now and then whether another process has brought it; then nobody waits for a turn.

    Yields:
        Whether others were waited for.
    """
    deadline = clock.monotonic() + timeout
    told = _Once(waiting)
    key = (layout.root, uid)
    flight, leading = FLIGHTS.begin(key)
    while not leading:
        if flight.thread is threading.current_thread():
            yield told.waited
            return
        told(f"another thread of process {os.getpid()}")
        left = deadline - clock.monotonic()
        if left <= 0 or not flight.ended(min(left, threading.TIMEOUT_MAX)):
            log.warning("%.100s is still being fetched by another thread: going on without it", uid)
            yield True
            return
        flight, leading = FLIGHTS.begin(key)
    try:
        with contextlib.ExitStack() as stack:
            try:
                locks = _locks(layout, uid, deadline, clock, told, ready or _never)
                taken = [stack.enter_context(lock) for lock in locks]
                if not all(taken) and told.waited and not (ready and ready()):
                    log.warning("%.100s is still being fetched elsewhere: going on without", uid)
            except (OSError, StoreError) as error:
                log.debug("%.100s is fetched without a lock: %s", uid, error)
            yield told.waited
    finally:
        FLIGHTS.end(key, flight)


def _locks(  # noqa: PLR0917 - handed on as they are
    layout: Layout,
    uid: str,
    deadline: float,
    clock: Clock,
    waiting: Waiting,
    ready: Callable[[], bool],
) -> Iterator[contextlib.AbstractContextManager[bool]]:
    """Give the locks of a uid, to be taken in turn.

    Whoever fetches one takes its lock file, which names the holder; whoever fetches many takes none but
    the directory that the content is to lie in (`cache.claims`), so that both exclude each other there.
    """
    clear_way(layout, layout.lock(uid), clock)
    left = max(0.0, deadline - clock.monotonic())
    yield locked(layout.lock(uid), timeout=left, clock=clock, waiting=waiting, ready=ready)
    leaf = layout.leaf(uid)
    if leaf is not None:
        clear_way(layout, f"{leaf}/", clock)
        left = max(0.0, deadline - clock.monotonic())
        yield locked_directory(leaf, timeout=left, clock=clock, waiting=waiting, ready=ready)


def _never() -> bool:
    return False


class _Once:
    """Passes the first call on, and remembers that there was one."""

    def __init__(self, call: Waiting | None) -> None:
        self._call = call
        self.waited = False

    def __call__(self, holder: str) -> None:
        first, self.waited = not self.waited, True
        if first and self._call is not None:
            self._call(holder)
