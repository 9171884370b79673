"""Uploads that go on while the caller does something else."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Final

from store.buckets.summaries import Summary

JOBS: Final = 16
"""How many files are moved at once unless another number is given."""

_GONE: Final = object()


class Background:
    """The uploads of one bucket that are still on their way; safe for many threads.

    Args:
        jobs: How many go on at once.
    """

    def __init__(self, jobs: int = JOBS) -> None:
        self._jobs = jobs
        self._pool: ThreadPoolExecutor | None = None
        self._waiting: dict[Future[Summary], None] = {}
        self._lock = threading.Lock()
        self._process = os.getpid()

    def begin(self, work: Callable[[], Summary]) -> None:
        """Have an upload done by a thread."""
        with self._lock:
            if self._pool is None or self._process != os.getpid():  # a fork has no threads
                self._pool = ThreadPoolExecutor(self._jobs, thread_name_prefix="store-upload")
                self._process = os.getpid()
                self._waiting = {}
            self._waiting[self._pool.submit(work)] = None

    def flush(self) -> None:
        """Return when every upload that was begun before has ended.

        Raises:
            StoreError: What the first one that failed raised; the others have ended, too.
        """
        with self._lock:
            if self._process != os.getpid():  # a fork has its parent's uploads to wait for no more
                self._waiting = {}
            waiting = list(self._waiting)
        wait(waiting)
        with self._lock:  # of several who wait one is told
            mine = [one for one in waiting if self._waiting.pop(one, _GONE) is not _GONE]
        failure = next((error for one in mine if (error := one.exception()) is not None), None)
        if failure is not None:
            raise failure

    def close(self) -> None:
        """End the threads, after what they do."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None and self._process == os.getpid():
            pool.shutdown()
