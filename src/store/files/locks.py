"""Locks for one writer at a time, and leases that say who is there."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

from store.clock import SYSTEM_CLOCK, Clock
from store.errors import LockTimeoutError
from store.files.failures import storage_error
from store.files.holding import ProcessLock, UnlockableError, holder_of

log = logging.getLogger(__name__)


@contextlib.contextmanager
def locked(
    path: str | Path,
    *,
    timeout: float,
    clock: Clock = SYSTEM_CLOCK,
    waiting: Callable[[str], None] | None = None,
    ready: Callable[[], bool] | None = None,
) -> Iterator[bool]:
    """Hold an exclusive lock between processes, and between threads, while the block runs.

    Built on `filelock`; polled with jitter (2 ms growing to 50 ms), so that a dead holder is replaced as
    soon as the system has closed its file. The holder writes ``pid``, host and start time into the file,
    for others to name. The lock file stays. It is released explicitly (``LOCK_UN``), since a fork keeps a
    closed lock alive; a fork's child that leaves the block releases nothing.

    Args:
        path: The lock file, which holds nothing else; missing parents are made.
        timeout: Seconds to wait; 0 tries once.
        clock: The time.
        waiting: Is told once, with the holder's name, when the lock is not free at once.
        ready: Is asked after each vain try whether the lock is still needed: of many who wait for what
            the holder makes, none then waits for the others' turns.

    Yields:
        Whether the lock is held: False when the time ran out, it was ``ready``, or there are no locks. A
        download goes on without it; whoever must not uses `exclusively`.
    """
    lock = ProcessLock(Path(path), clock)
    held = False
    try:
        try:
            held = lock.acquire(timeout, waiting, ready)
        except UnlockableError as unlockable:
            log.debug("%s cannot be locked, going on without: %s", path, unlockable.error)
        yield held
    finally:
        lock.release()


@contextlib.contextmanager
def exclusively(path: str | Path, *, timeout: float, clock: Clock = SYSTEM_CLOCK) -> Iterator[None]:
    """Hold an exclusive lock, or fail.

    Args:
        path: The lock file, which holds nothing else; missing parents are made.
        timeout: Seconds to wait; 0 tries once.
        clock: The time.

    Raises:
        LockTimeoutError: Another holds it for longer than ``timeout`` seconds; ``holder`` names who.
        StorageError: The lock file cannot be made there, or its file system takes no locks.
    """
    lock = ProcessLock(Path(path), clock)
    try:
        held = lock.acquire(timeout)
    except UnlockableError as unlockable:
        raise storage_error(unlockable.error, path) from unlockable.error
    if not held:
        holder = holder_of(path)
        raise LockTimeoutError(
            f"{path}: {holder} holds the lock for longer than {timeout:g} seconds:"
            " wait until it ends, or allow more time",
            path=str(path),
            holder=holder,
        )
    try:
        yield
    finally:
        lock.release()
