"""Locks between processes: one writer at a time, and leases that say who is still there."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from store.clock import SYSTEM_CLOCK, Clock


@contextlib.contextmanager
def locked(
    path: str | Path,
    *,
    timeout: float,
    clock: Clock = SYSTEM_CLOCK,
    waiting: Callable[[str], None] | None = None,
) -> Iterator[bool]:
    """Hold an exclusive lock between processes while the block runs.

    Built on `filelock`; polled with jitter (2 ms growing to 50 ms), so that a dead holder is replaced as
    soon as the system has closed its file. The holder writes ``pid``, host and start time into the file,
    for others to name. The lock file stays. It is released explicitly (``LOCK_UN``), since a fork keeps a
    closed lock alive.

    Args:
        path: The lock file; missing parents are made.
        timeout: Seconds to wait.
        clock: The time.
        waiting: Is told once, with the holder's name, when the lock is not free at once.

    Yields:
        Whether the lock is held: False when the time ran out or the file system takes no locks. A
        download goes on without it; whoever must not uses `exclusively`.
    """
    raise NotImplementedError
    yield False


@contextlib.contextmanager
def exclusively(path: str | Path, *, timeout: float, clock: Clock = SYSTEM_CLOCK) -> Iterator[None]:
    """Hold an exclusive lock, or fail.

    Raises:
        LockTimeoutError: Another holds it for longer than ``timeout`` seconds; ``holder`` names who.
    """
    raise NotImplementedError
    yield


class Lease:
    """A process's sign of life: one file with a shared ``flock(2)``, held until `close` or the end.

    Made without `filelock`, whose import is dear, since the warm path takes a lease.

    Args:
        directory: Where the leases of a cache lie.

    Attributes:
        began: When it was taken, in seconds since 1970 UTC.

    Raises:
        OSError: It cannot be made (a read-only cache).
    """

    def __init__(self, directory: str | Path, *, clock: Clock = SYSTEM_CLOCK) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """Give the lease back and remove its file; harmless when called twice or in a fork's child."""
        raise NotImplementedError


def oldest_lease(directory: str | Path) -> float | None:
    """Return when the oldest lease began that is still held, in seconds since 1970 UTC, or None.

    Files of processes that are gone are removed on the way.
    """
    raise NotImplementedError
