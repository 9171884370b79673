"""Locks on directories that are there anyway."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from store.clock import Clock

log = logging.getLogger(__name__)

_FLAGS: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

_LONGEST_PAUSE: Final = 0.05
"""How long any pause between two tries may be, in seconds."""


def take_directory(path: str) -> tuple[int | None, bool]:
    """Lock a directory at once or not at all; it is made where it is missing.

    Returns:
        A descriptor that holds the lock until `give_directory`, or None where another holds it or there
        are no locks; and whether the directory was made just now.

    Raises:
        OSError: It cannot be made, or something else lies there.
    """
    made = _made(path)
    descriptor = os.open(path, _FLAGS)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None, made
    return descriptor, made


def _made(path: str) -> bool:
    """Make a directory, and those above it; return whether it was not there."""
    try:
        os.mkdir(path)  # noqa: PTH102 - text, for thousands of them
    except FileExistsError:
        return False
    except FileNotFoundError:
        _made(os.path.dirname(path))  # noqa: PTH120 - text
        return _made(path)
    return True


def give_directory(descriptor: int, empty: str | None = None) -> None:
    """Give a directory's lock back: explicitly, since a fork keeps a closed lock alive.

    Args:
        descriptor: Holds the lock.
        empty: The directory's path, where it is to go if nothing lies in it.
    """
    if empty is not None:
        with contextlib.suppress(OSError):
            os.rmdir(empty)  # noqa: PTH106 - text
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)


@contextlib.contextmanager
def locked_directory(
    path: str,
    *,
    timeout: float,
    clock: Clock,
    waiting: Callable[[str], None],
    ready: Callable[[], bool],
) -> Iterator[bool]:
    """Hold the lock of a directory while the block runs, or go on without it.

    Args:
        path: The directory; made where it is missing, and gone again where nothing came to lie in it.
        timeout: Seconds to wait; 0 tries once.
        clock: The time.
        waiting: Is told once when the lock is not free at once.
        ready: Is asked after each vain try whether the lock is still needed.

    Yields:
        Whether the lock is held.

    Raises:
        OSError: The directory cannot be made.
    """
    end, pause = clock.monotonic() + timeout, 0.002
    descriptor, made = take_directory(path)
    while descriptor is None and not ready() and (left := end - clock.monotonic()) > 0:
        waiting("another process")
        spread = random.uniform(0.5, 1.0)  # noqa: S311 - keeps waiters apart, hides nothing
        clock.sleep(min(left, pause * spread))
        pause = min(2 * pause, _LONGEST_PAUSE)
        descriptor, again = take_directory(path)
        made = made or again
    try:
        yield descriptor is not None
    finally:
        if descriptor is not None:
            give_directory(descriptor, path if made else None)


@contextlib.contextmanager
def alone_in(directory: Path) -> Iterator[None]:
    """Hold the lock of a directory while the block runs, however long another has it.

    The system frees it where its holder dies. Where the file system takes no locks, the block runs without.

    Args:
        directory: The directory; made where it is missing, or was removed by whoever had it before.

    Raises:
        OSError: It cannot be made or opened.
    """
    descriptor = _waited_for(directory)
    while not _is_at(descriptor, directory):
        os.close(descriptor)  # what was locked is gone: it keeps nobody out
        descriptor = _waited_for(directory)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _waited_for(directory: Path) -> int:
    """Return a descriptor of a directory that holds its lock, where there are locks."""
    while True:
        _made(str(directory))
        with contextlib.suppress(FileNotFoundError):  # removed again by whoever had it before
            descriptor = os.open(directory, _FLAGS)
            break
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        log.info("%s: another is at work there, waiting for its end", directory)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except BaseException:
            os.close(descriptor)
            raise
    except OSError as error:
        log.debug("%s cannot be locked, going on without: %s", directory, error)
    return descriptor


def _is_at(descriptor: int, directory: Path) -> bool:
    """Whether what is open is what lies at a path."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(directory))
    except FileNotFoundError:
        return False
