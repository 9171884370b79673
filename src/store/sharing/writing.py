"""Writes to shared tiers in the background, and ends with the process."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections import deque
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final, NamedTuple

from store.addresses import without_secrets
from store.clock import SYSTEM_CLOCK
from store.errors import StoreError
from store.sharing.base import SharedTier
from store.sharing.health import health_of
from store.transports.deadlines import Deadline, keeping

log = logging.getLogger(__name__)

_WRITERS: Final = 4
"""How many files are written at once."""

_TICK: Final = 0.1
"""How often it is looked whether the process is ending, in seconds."""


class Job(NamedTuple):
    """A file that a tier is to have.

    Attributes:
        tier: The tier.
        name: The file's SHA-256 in hex.
        path: The file.
        replaces: Whether something else lies under the name, and is to be replaced.
    """

    tier: SharedTier
    name: str
    path: Path
    replaces: bool = False


class Writer:
    """A few threads that are there while there is something to write.

    They never keep a process from ending: a guard waits for them, as long as their patience says, once the
    main thread has ended, and leaves what is not written by then.

    The lock is a plain one, and what is waited for comes through a queue: Ctrl-C between two lines of the
    standard library's conditions, which are Python, would leave theirs taken for ever.

    Attributes:
        pending: How many files are not written yet.
    """

    def __init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        """Have nothing to do, in a fork's child: what was offered is the parent's to write."""
        self._lock = threading.Lock()
        self._news: SimpleQueue[None] = SimpleQueue()
        self._jobs: deque[Job] = deque()
        self._threads = 0
        self.pending = 0
        self._guarded = False
        self._patience = 0.0
        self._deadline: Deadline | None = None
        self._left = False

    def offer(self, job: Job, *, patience: float) -> None:
        """Have a file written, soon.

        Args:
            job: The file, and where it is to go.
            patience: How long the end of the process waits for it, in seconds.
        """
        try:
            with self._lock:
                self._jobs.append(job)
                self.pending += 1
                self._left = False
                self._patience = max(self._patience, patience)
                if self._deadline is None or self._deadline.is_cut():
                    self._deadline = Deadline(job.tier.options.clock, None)
                if self._threads < _WRITERS:
                    self._start(self._work, daemon=True)
                    self._threads += 1
                if not self._guarded:
                    self._guarded = True
                    self._start(self._guard, daemon=False)
        except RuntimeError as error:  # no thread can be started any more: the process is ending
            log.debug("%s is not written back: %s", job.path, error)
            with self._lock:
                self._drop()

    def finish(self, patience: float | None) -> bool:
        """Wait until all is written.

        Args:
            patience: How long at most, in seconds; None for as long as was said with the files.

        Returns:
            Whether all is.
        """
        clock = SYSTEM_CLOCK
        end = clock.monotonic() + (self._patience if patience is None else patience)
        while True:
            with self._lock:
                if not self.pending:
                    return True
            left = end - clock.monotonic()
            if left <= 0:
                return False
            with contextlib.suppress(Empty):
                self._news.get(timeout=min(left, _TICK))

    def give_up(self) -> int:
        """Write no more, and cut off what is being written.

        Returns:
            How many files were left.
        """
        with self._lock:
            left, self._left = self.pending, True
            self._drop()
            self._patience = 0.0
            if self._deadline is not None:
                self._deadline.cut()
        self._news.put(None)
        return left

    def _start(self, work: object, *, daemon: bool) -> None:
        threading.Thread(target=work, name="store-share", daemon=daemon).start()  # type: ignore[arg-type]

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._jobs:
                    self._threads -= 1
                    return
                job, deadline = self._jobs.popleft(), self._deadline
            try:
                if deadline is not None:
                    with keeping(deadline):
                        _write(job)
            finally:
                with self._lock:
                    self.pending -= 1
                self._news.put(None)

    def _drop(self) -> None:
        """Leave what has not begun."""
        self.pending -= len(self._jobs)
        self._jobs.clear()

    def _guard(self) -> None:
        main = threading.main_thread()
        while True:
            done = self.finish(_TICK)
            with self._lock:
                if done and not self.pending:
                    self._guarded = False
                    return
            if not main.is_alive():
                break
        if not self.finish(None) and not self._left:
            left = self.give_up()
            log.warning("%d files could not be written to the shared tier in time", left)


def _write(job: Job) -> None:
    """Write one file; what goes wrong is told once a run, and never raised."""
    health = health_of(job.tier.address)
    if not (health.up and health.takes):
        return
    try:
        if job.path.is_file() and (job.replaces or not job.tier.holds(job.name)):
            job.tier.put(job.name, job.path)
            log.debug("%s has %s now", job.tier.address, job.name)
    except StoreError as error:
        if job.path.is_file():  # else it was pruned meanwhile: the tier is not to blame
            health.refused(error)
    except Exception as error:  # noqa: BLE001 - a stranger's tier may raise anything, and say secrets
        reason = without_secrets(f"{type(error).__name__}: {error}")
        log.warning("%s was not written to %s: %s", job.name, job.tier.address, reason)


WRITER: Final = Writer()
"""The writer of this process."""

os.register_at_fork(after_in_child=WRITER.begin_anew)
