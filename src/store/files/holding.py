"""One lock between processes, and the note that says who holds it."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from store.clock import Clock

if TYPE_CHECKING:
    from filelock import FileLock

log = logging.getLogger(__name__)

_FIRST_PAUSE: Final = 0.002
"""How long the first pause between two tries may be, in seconds; each may be twice the one before."""

_LONGEST_PAUSE: Final = 0.05
"""How long any pause between two tries may be, in seconds."""

_LOOK: Final = 0.015
"""How often who waits looks whether the lock is free, in seconds."""

_NOTE_SIZE: Final = 512
"""How much of a holder's note is read, in bytes."""


def load() -> None:
    """Load what locks need, before there are threads.

    In the child of a fork an import never ends that another thread was in the middle of.
    """
    import json  # noqa: F401
    import socket  # noqa: F401

    import filelock  # noqa: F401


def holder_of(path: str | Path) -> str:
    """Return who says to hold a lock, for people to read: ``process 17 on host since …``."""
    import time

    from store import jsontext

    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            note = jsontext.loads(os.read(descriptor, _NOTE_SIZE))
        finally:
            os.close(descriptor)
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(note["since"])))
        host = "".join(one for one in str(note["host"])[:64] if one.isprintable())
        return f"process {int(note['pid'])} on {host} since {since}"
    except (OSError, ValueError, TypeError, LookupError, OverflowError, RecursionError):
        return "another process"


class UnlockableError(Exception):
    """No lock can be had there, however long one waits; it never leaves ``files/``."""

    def __init__(self, error: OSError) -> None:
        super().__init__(error)
        self.error = error


class ProcessLock:
    """filelock's lock, taken once, with our note of the holder in its file.

    filelock (3.32 and later) opens the file without truncating it before the lock is held, and leaves it
    where it is on release, so whoever holds the lock may write into it: ``on_acquired`` lends the
    descriptor for that.

    Args:
        path: The lock file; missing parents are made.
        clock: The time.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._lock: FileLock | None = None
        self._descriptor = -1
        self._process = os.getpid()

    def acquire(
        self,
        timeout: float,
        waiting: Callable[[str], None] | None = None,
        ready: Callable[[], bool] | None = None,
    ) -> bool:
        """Try until ``timeout`` seconds are over, or ``ready``; False where another still holds it then.

        Raises:
            UnlockableError: The file cannot be made, or its file system takes no locks.
        """
        import random

        end = self._clock.monotonic() + timeout
        pause, free = _FIRST_PAUSE, True
        while not (free and self._tried()):
            if waiting is not None:
                waiting(holder_of(self._path))
                waiting = None
            if ready is not None and ready():
                return False
            left = end - self._clock.monotonic()
            if left <= 0:
                return False
            spread = random.uniform(0.5, 1.0)  # noqa: S311 - keeps waiters apart, hides nothing
            free = self._wait(min(left, pause * spread))
            pause = min(2 * pause, _LONGEST_PAUSE)
        return True

    def _wait(self, seconds: float) -> bool:
        """Wait, but not longer than until the lock looks free: a look costs far less than a try.

        Returns:
            Whether a try is worth its while.
        """
        end = self._clock.monotonic() + seconds
        try:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            descriptor = os.open(self._path, flags)
        except OSError:
            self._clock.sleep(seconds)
            return True
        try:
            while (left := end - self._clock.monotonic()) > 0:
                self._clock.sleep(min(left, _LOOK))
                if _looks_free(descriptor):
                    return True
        finally:
            os.close(descriptor)
        return False

    def release(self) -> None:
        """Give the lock back where it is held by this very process."""
        if self._descriptor < 0 or self._lock is None or self._process != os.getpid():
            return
        with contextlib.suppress(OSError):
            if _only_ours(self._descriptor):
                os.ftruncate(self._descriptor, 0)  # who comes next must not be taken for us
        self._descriptor = -1
        try:
            self._lock.release()
        except OSError as error:
            log.warning("%s: the lock could not be released: %s", self._path, error)

    def _tried(self) -> bool:
        from filelock import FileLock, Timeout

        try:
            if self._lock is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                # An object of its own for each call, so that threads exclude each other; bound to no
                # thread, so that any may leave the block.
                self._lock = FileLock(
                    self._path,
                    thread_local=False,
                    is_singleton=False,
                    fallback_to_soft=False,
                    on_acquired=self._held,
                )
            self._lock.acquire(blocking=False)
        except Timeout:
            return False
        except (OSError, ValueError) as error:
            cause = error if isinstance(error, OSError) else OSError(str(error))
            raise UnlockableError(cause) from error
        return True

    def _held(self, descriptor: int) -> None:
        """Write who holds the lock into its file; a disk that is full keeps nobody from locking."""
        import json
        import socket

        self._descriptor = descriptor
        note = {"pid": os.getpid(), "host": socket.gethostname(), "since": self._clock.now()}
        with contextlib.suppress(OSError):
            if _only_ours(descriptor):
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, json.dumps(note).encode(), 0)


def _looks_free(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    except OSError:
        return False
    return True


def _only_ours(descriptor: int) -> bool:
    """Whether a lock file is no other file's hard link: what that holds is not ours to change."""
    return os.fstat(descriptor).st_nlink <= 1
