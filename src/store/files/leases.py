"""Leases: how a process says that it is still there."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from store.clock import SYSTEM_CLOCK, Clock

_LEASE_SUFFIX: Final = ".lease"


class Lease:
    """A process's sign of life: one file with a shared ``flock(2)``, held until `close` or the end.

    Made without `filelock`, whose import is dear, since the warm path takes a lease. A fork's child
    inherits the lock: what its parent was using stays in use while either of them lives, unless the
    parent gives the lease back. A child that goes on using the cache takes a lease of its own.

    Args:
        directory: Where the leases of a cache lie; it is made where it is missing.
        clock: The time.

    Attributes:
        began: When it was taken, in seconds since 1970 UTC.
        process: The process that took it.

    Raises:
        OSError: It cannot be made (a read-only cache), or its file system takes no locks.
    """

    def __init__(self, directory: str | Path, *, clock: Clock = SYSTEM_CLOCK) -> None:
        nanoseconds = clock.now_ns()
        self.began = nanoseconds / 1e9
        self.process = os.getpid()
        self._path = ""
        self._descriptor = -1
        while not self._taken(os.fspath(directory), nanoseconds):
            pass  # a sweep took the new file for a dead one, before it was locked

    @property
    def name(self) -> str:
        """The name of its file, by which others can tell whether it is still held: see `is_held`."""
        return os.path.basename(self._path)  # noqa: PTH119 - text

    def note(self, text: str) -> None:
        """Write down what the process uses, a line at a time, for others to read: see `held_notes`."""
        if self._descriptor >= 0:
            os.write(self._descriptor, text.encode() + b"\n")

    def close(self) -> None:
        """Give the lease back and remove its file; harmless when called twice or in a fork's child."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor < 0:
            return
        try:
            if self.process == os.getpid():
                with contextlib.suppress(OSError):
                    os.unlink(self._path)  # noqa: PTH108 - the plain call, on the warm path
                # Said aloud: a fork's child may still have the file open.
                with contextlib.suppress(OSError):
                    fcntl.flock(descriptor, fcntl.LOCK_UN)
        finally:
            os.close(descriptor)

    def _taken(self, directory: str, nanoseconds: int) -> bool:
        name = f"{nanoseconds}-{self.process}-{os.urandom(8).hex()}{_LEASE_SUFFIX}"
        self._path = f"{directory}/{name}"
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            descriptor = os.open(self._path, flags, 0o666)
        except FileNotFoundError:
            os.makedirs(directory, exist_ok=True)  # noqa: PTH103 - the plain call, on the warm path
            descriptor = os.open(self._path, flags, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            taken = os.fstat(descriptor).st_nlink > 0
        except BaseException:
            os.close(descriptor)
            with contextlib.suppress(OSError):
                os.unlink(self._path)  # noqa: PTH108 - the plain call, on the warm path
            raise
        if taken:
            self._descriptor = descriptor
        else:
            os.close(descriptor)
        return taken


def oldest_lease(directory: str | Path) -> float | None:
    """Return when the oldest lease began that is still held, in seconds since 1970 UTC, or None.

    Files of processes that are gone are removed on the way. A lease that cannot be looked at (another
    user's, where permissions forbid it) counts as held. Other files are passed over.
    """
    try:
        names = [one.name for one in os.scandir(directory)]
    except (FileNotFoundError, NotADirectoryError):
        return None
    began = []
    for name in names:
        nanoseconds = name.partition("-")[0]
        if not name.endswith(_LEASE_SUFFIX) or not (
            nanoseconds.isascii() and nanoseconds.isdigit()
        ):
            continue
        if _still_held(os.path.join(directory, name)):  # noqa: PTH118 - the plain call suits scandir
            began.append(int(nanoseconds) / 1e9)
    return min(began, default=None)


def is_held(directory: str | Path, name: str) -> bool:
    """Return whether the process that took the lease of this name still holds it.

    One that cannot be looked at counts as held; a name that is none of a lease's does not.
    """
    if "/" in name or not name.endswith(_LEASE_SUFFIX):
        return False
    return _still_held(os.path.join(directory, name))  # noqa: PTH118 - text


def held_notes(directory: str | Path) -> Iterator[str]:
    """Go through the lines that the holders of leases have noted."""
    try:
        names = [one.name for one in os.scandir(directory) if one.name.endswith(_LEASE_SUFFIX)]
    except (FileNotFoundError, NotADirectoryError):
        return
    for name in names:
        path = Path(directory, name)
        if _still_held(os.fspath(path)):
            with contextlib.suppress(OSError):
                yield from path.read_text(errors="replace").splitlines()


def is_locked(path: str | Path) -> bool:
    """Return whether somebody holds a lock of a file or directory, shared or not.

    False where that cannot be told: it is missing or a link, or its file system takes no locks. Unlike a
    lease, the file of a holder that is gone stays.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False


def _still_held(path: str) -> bool:
    flags = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        try:
            descriptor = os.open(path, os.O_RDWR | flags)
        except PermissionError:
            descriptor = os.open(path, os.O_RDONLY | flags)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Removed while it is locked, so that nobody can take it up between.
        with contextlib.suppress(OSError):
            os.unlink(path)  # noqa: PTH108 - the plain call suits scandir
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
