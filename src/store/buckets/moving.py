"""What the two directions of a sync have in common: counting, telling."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import NamedTuple

from store.buckets.memory import Memory
from store.buckets.plan import Plan, Step, told
from store.events import Attempted, Listener, Progressed
from store.transports.base import TransferOptions
from store.transports.objects.base import Counted, ObjectClient
from store.transports.progress import Progress, progress_listener

Tell = Callable[[str], object]
"""Is called with each line about a sync."""


class Moving(NamedTuple):
    """What moving files needs.

    Attributes:
        client: The bucket's objects.
        memory: What is known of digests, and learnt.
        jobs: How many files at once.
        counters: Counts the bytes.
        tell: Is told each step that is done.
        options: The bounds, retries and limits.
        strict: Whether the plan was reviewed: then nothing but what it saw is moved.
    """

    client: ObjectClient
    memory: Memory
    jobs: int
    counters: Counters
    tell: Tell
    options: TransferOptions
    strict: bool = False

    def done(self, step: Step) -> None:
        """Tell that a step is done."""
        self.tell(told(step))


class Counters:
    """Counts the bytes of each file, and of all together for a bar.

    Args:
        progress: A callback, which is told of each file; True for one bar over all; None for nothing.
        plan: What is moved.
    """

    def __init__(self, progress: Progress, plan: Plan) -> None:
        self._listener: Listener | None = progress_listener(progress)
        self._one_bar = progress is True
        self._name = f"{plan.address}/{plan.remote}" if plan.remote else plan.address
        self._total = plan.bytes_of("upload", "download")
        self._moved = 0
        self._lock = threading.Lock()

    def of(self, name: str, size: int) -> Counted | None:
        """Return what counts the bytes of one file; None where nobody wants to know."""
        listener = self._listener
        if listener is None:
            return None
        if not self._one_bar:
            listener(Attempted(name, name, 1))
            return _File(self, name, size).count
        return self._count

    def finish(self, counted: Counted | None) -> None:
        """Make sure that a file's count has come to its end, where no byte of it was moved too."""
        owner = getattr(counted, "__self__", None)
        if isinstance(owner, _File):
            owner.finish()

    def tell(self, name: str, received: int, total: int) -> None:
        """Pass on how far a file has come."""
        if self._listener is not None:
            self._listener(Progressed(name, received, total))

    def _count(self, more: int) -> None:
        with self._lock:
            self._moved = min(self._moved + more, self._total)
            moved = self._moved
        self.tell(self._name, moved, self._total)


class _File:
    """The bytes of one file; parts of it may be counted from several threads."""

    def __init__(self, counters: Counters, name: str, size: int) -> None:
        self._counters, self._name, self._size = counters, name, size
        self._moved = 0
        self._lock = threading.Lock()

    def count(self, more: int) -> None:
        with self._lock:
            # A part that is sent again does not count twice beyond the end.
            self._moved = min(self._moved + more, self._size)
            self._counters.tell(self._name, self._moved, self._size)

    def finish(self) -> None:
        with self._lock:
            self._moved = self._size
            self._counters.tell(self._name, self._size, self._size)


def teller(verbose: bool | Tell) -> Tell:  # noqa: FBT001 - the seed's word
    """Return what tells of each step: on stderr, to a callback, or nobody."""
    if callable(verbose):
        return verbose
    if not verbose:
        return lambda _line: None

    def tell(line: str) -> None:
        sys.stderr.write(f"{line}\n")

    return tell
