"""Moves many blobs in several threads; the first error ends it all."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from typing import Any, Final, Generic, NamedTuple, TypeVar

from store.clock import SYSTEM_CLOCK, Clock
from store.errors import StoreError

T = TypeVar("T")

log = logging.getLogger(__name__)

GRACE: Final = 1.0
"""How long is waited for what is still on its way after an error, in seconds."""

INTERVAL: Final = 0.1
"""The time between two looks at how far it has come, in seconds."""


class CancelledError(StoreError):
    """Another blob could not be moved, so this one was given up."""


class Update(dict[str, Any]):
    """How one blob gets on: ``size`` so far, ``expected``, ``finished``, ``success``, ``error``.

    Whoever moves the blob keeps ``size`` up to date, and so learns by a `CancelledError` that it is to stop.
    Who has hashed the bytes on their way says so under ``digest`` (``sha256:…``): they are not read again.

    Args:
        name: What the blob is called.
        expected: Its bytes, where they are known.
        stopped: Is set when all are to stop.
    """

    def __init__(
        self, name: str = "", expected: int | None = None, stopped: threading.Event | None = None
    ) -> None:
        super().__init__(size=0, expected=expected, finished=False, success=False, error=None)
        self.name = name
        self._stopped = stopped

    def __setitem__(self, key: str, value: Any) -> None:  # noqa: ANN401 - any value
        """Take a value; the size only while nobody has said to stop."""
        if key == "size" and self._stopped is not None and self._stopped.is_set():
            raise CancelledError(f"{self.name} was given up, since another could not be moved")
        super().__setitem__(key, value)


class Standing(NamedTuple):
    """How far all of them have come.

    Attributes:
        received: The bytes that were moved.
        finished: How many are done.
        running: The names of those on their way.
    """

    received: int
    finished: int
    running: tuple[str, ...]


class Job(NamedTuple, Generic[T]):
    """One blob to be moved.

    Attributes:
        subject: What it is about.
        name: What it is called.
        expected: Its bytes, where they are known.
    """

    subject: T
    name: str
    expected: int | None = None


@contextlib.contextmanager
def following(update: MutableMapping[str, Any] | None) -> Iterator[MutableMapping[str, Any]]:
    """Keep an ``update_dict`` in order while the block moves a blob; the block keeps ``size``.

    Args:
        update: The mapping, an empty one too; None where nobody looks.

    Yields:
        It, or one of our own.
    """
    kept: MutableMapping[str, Any] = {} if update is None else update
    kept.update(finished=False, success=False, error=None)
    kept["size"] = 0
    try:
        yield kept
    except BaseException as error:
        kept.update(error=error, success=False, finished=True)
        raise
    kept.update(success=True, finished=True)


def counting(update: MutableMapping[str, Any]) -> Callable[[int], None]:
    """Return what adds to an update's ``size`` how many more bytes were moved, from 0 on."""
    update["size"] = 0

    def counted(count: int) -> None:
        """Add so many; from here the update says whether to stop."""
        update["size"] += count

    return counted


def move_all(
    jobs: Sequence[Job[T]],
    move: Callable[[T, Update], object],
    *,
    threads: int,
    show: Callable[[Standing], object] | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> None:
    """Move every blob, several at once.

    The first error is raised at once: what has not begun never does, what is on its way stops at its next
    chunk, and is waited for no longer than `GRACE`.

    Args:
        jobs: What is to be moved.
        move: Moves one, and keeps its update; called in a thread of its own.
        threads: How many at once, at the most.
        show: Is told now and then how far it has come, and at the end.
        clock: The time.

    Raises:
        StoreError: No thread can be started.
        Exception: What the first that failed has raised.
    """
    crew: _Crew[T] = _Crew(jobs, move)
    try:
        crew.start(max(1, min(threads, len(jobs))))
        while not crew.ended.wait(INTERVAL if show is not None else None):
            if show is not None:
                show(crew.standing())
    finally:
        crew.stopped.set()
        crew.settle(GRACE, clock)
    if crew.error is not None:
        raise crew.error
    if show is not None:
        show(crew.standing())


class _Crew(Generic[T]):
    """Threads that take one job after another."""

    def __init__(self, jobs: Iterable[Job[T]], move: Callable[[T, Update], object]) -> None:
        self._jobs = iter(jobs)
        self._move = move
        self._lock = threading.Lock()
        self._running: dict[int, Update] = {}
        self._received = 0
        self._finished = 0
        self._working = 0
        self._threads: list[threading.Thread] = []
        self.error: BaseException | None = None
        self.stopped = threading.Event()
        self.ended = threading.Event()

    def start(self, count: int) -> None:
        """Put so many threads to work, or fewer where the system gives no more.

        Raises:
            StoreError: It gives none.
        """
        for number in range(count):
            # Daemons: a peer that never answers must not keep the process from ending.
            thread = threading.Thread(target=self._work, name=f"release-{number}", daemon=True)
            with self._lock:
                self._working += 1
            try:
                thread.start()
            except RuntimeError as error:
                self._left()
                if self._threads:
                    log.warning("%s: going on with %d threads of %d", error, number, count)
                    return
                raise StoreError(
                    "no thread can be started: end other programs, or let yourself have more (ulimit -u)"
                ) from error
            self._threads.append(thread)

    def settle(self, grace: float, clock: Clock) -> None:
        """Wait for the threads, but not for ever."""
        until = clock.monotonic() + grace
        for thread in self._threads:
            thread.join(max(0.0, until - clock.monotonic()))

    def standing(self) -> Standing:
        """Return how far all have come by now."""
        with self._lock:
            running = list(self._running.values())
            received = self._received + sum(one["size"] for one in running)
            return Standing(received, self._finished, tuple(one.name for one in running))

    def _work(self) -> None:
        me = threading.get_ident()
        update: Update | None = None
        try:
            while (taken := self._next(me, update)) is not None:
                job, update = taken
                self._move(job.subject, update)
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            self._fail(error)
        finally:
            self._left()

    def _next(self, me: int, done: Update | None) -> tuple[Job[T], Update] | None:
        """Count what a thread has moved, and give it its next job; None where it is to end."""
        with self._lock:
            if done is not None:
                del self._running[me]
                self._received += done["size"]
                self._finished += 1
            job = None if self.stopped.is_set() else next(self._jobs, None)
            if job is None:
                return None
            update = self._running[me] = Update(job.name, job.expected, self.stopped)
            return job, update

    def _left(self) -> None:
        with self._lock:
            self._working -= 1
            if self._working == 0:
                self.ended.set()

    def _fail(self, error: BaseException) -> None:
        with self._lock:
            if self.error is None:
                self.error = error
        self.stopped.set()
        self.ended.set()
