"""Disks that are full, read-only or failing, below a directory.

They stand between Python and the system: what libraries in C write (SQLite, for one) passes them by. Root
meets them like everybody else, and no file system needs to be mounted.
"""

from __future__ import annotations

import builtins
import contextlib
import errno
import fcntl
import io
import os
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

Called: TypeAlias = Callable[..., Any]
"""A function of the system; what stands in its place takes it first, and then what it is given."""

Given: TypeAlias = Any
"""Whatever a function of the system takes or returns."""

_WRITING_FLAGS: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC

_CHANGING: Final = (
    "chmod",
    "link",
    "mkdir",
    "mkfifo",
    "remove",
    "rename",
    "replace",
    "rmdir",
    "symlink",
    "truncate",
    "unlink",
    "utime",
)
"""Functions of ``os`` that change a directory or a file's data."""

_MAKING_SECOND: Final = frozenset({"link", "symlink"})
"""Those of them that change their second path alone."""


class Calls:
    """How often a function was called while a fault was in place.

    Attributes:
        made: The number of calls.
    """

    def __init__(self) -> None:
        self.made = 0


@contextlib.contextmanager
def failing_call(
    name: str, error: int, *, number: int = 1, below: str | Path = "/"
) -> Iterator[Calls]:
    """Have one call of a function of ``os`` fail: ``failing_call("fsync", errno.EIO, number=2)``.

    To let each write, fsync or rename of some work fail in turn, raise ``number`` until ``made`` stays
    below it.

    Args:
        name: The function's name.
        error: The error number that it raises.
        number: Which call fails, counted from 1 over all threads.
        below: Only calls whose first argument is a path or descriptor below this directory count.

    Yields:
        The count of the calls.
    """
    calls = Calls()
    lock = threading.Lock()
    root = os.path.realpath(below)

    def failing(original: Called, target: Given, *rest: Given, **named: Given) -> Given:
        """Count a call, and fail in its place or hand it on."""
        if _lies_below(target, root, named.get("dir_fd")):
            with lock:
                calls.made += 1
                due = calls.made == number
            if due:
                raise _error(error, target)
        return original(target, *rest, **named)

    with _in_place(os, name, failing):
        yield calls


@contextlib.contextmanager
def read_only(below: str | Path) -> Iterator[None]:
    """Have every change below a directory fail with ``EROFS``; reading works.

    What was opened for writing before stays open.
    """
    root = os.path.realpath(below)
    with contextlib.ExitStack() as faults:
        faults.enter_context(_in_place(os, "open", partial(_open_to_read, root)))
        for name in _CHANGING:
            faults.enter_context(_in_place(os, name, partial(_change_nothing, root, name)))
        faults.enter_context(_opened_files(root, None))
        yield


@contextlib.contextmanager
def disk_full(below: str | Path, *, after: int = 0) -> Iterator[None]:
    """Have the disk below a directory be full (``ENOSPC``) after so many bytes, over all files.

    As on a real disk, what still fits is written. Reflinks are refused, so that copies are counted.
    """
    root = os.path.realpath(below)
    room = _Room(root, after)
    with contextlib.ExitStack() as faults:
        faults.enter_context(_in_place(os, "write", partial(_write_what_fits, room)))
        faults.enter_context(_in_place(os, "pwrite", partial(_write_what_fits, room)))
        faults.enter_context(_in_place(os, "copy_file_range", partial(_copy_what_fits, room)))
        faults.enter_context(_in_place(os, "sendfile", partial(_send_what_fits, room)))
        faults.enter_context(_in_place(fcntl, "ioctl", partial(_refuse_reflink, root)))
        faults.enter_context(_opened_files(root, room))
        yield


class _Room:
    """What is left of the disk below a directory, in bytes."""

    def __init__(self, root: str, left: int) -> None:
        self.root = root
        self._left = left
        self._lock = threading.Lock()

    def take(self, wanted: int, target: object) -> int:
        """Take up to ``wanted`` bytes and return how many there were; ENOSPC where there are none."""
        with self._lock:
            given = min(wanted, self._left)
            self._left -= given
        if wanted and not given:
            raise _error(errno.ENOSPC, target)
        return given


class _Watched(io.FileIO):
    """A file that takes what the disk has room for."""

    room: _Room

    def write(self, data: Any, /) -> int:  # noqa: ANN401 - any buffer
        """Write what still fits."""
        view = memoryview(data).cast("B")
        return super().write(view[: self.room.take(len(view), self.name)])


@contextlib.contextmanager
def _opened_files(root: str, room: _Room | None) -> Iterator[None]:
    """Watch what ``open``, ``Path.open`` and ``os.fdopen`` open for writing; None leaves no way to."""
    watched = partial(_open_watched, root, room)
    with _in_place(io, "open", watched), _in_place(builtins, "open", watched):
        yield


def _open_watched(
    root: str,
    room: _Room | None,
    original: Called,
    file: Given,
    mode: str = "r",
    *rest: Given,
    **named: Given,
) -> Given:
    if not set(mode) & set("wax+") or not _lies_below(file, root):
        return original(file, mode, *rest, **named)
    if room is None:
        raise _error(errno.EROFS, file)
    plain = mode.replace("b", "").replace("t", "")
    raw = _Watched(file, plain, closefd=named.get("closefd", True))
    raw.room = room
    whole: Any = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
    return whole if "b" in mode else io.TextIOWrapper(whole, named.get("encoding"))


def _open_to_read(
    root: str, original: Called, path: Given, flags: int, *rest: Given, **named: Given
) -> Given:
    if flags & _WRITING_FLAGS and _lies_below(path, root, named.get("dir_fd")):
        raise _error(errno.EROFS, path)
    return original(path, flags, *rest, **named)


def _change_nothing(
    root: str, name: str, original: Called, target: Given, *rest: Given, **named: Given
) -> Given:
    changed = []
    if name not in _MAKING_SECOND:
        changed.append((target, named.get("dir_fd", named.get("src_dir_fd"))))
    if name in {"rename", "replace"} or name in _MAKING_SECOND:
        changed.append((rest[0], named.get("dst_dir_fd", named.get("dir_fd"))))
    for path, dir_fd in changed:
        if _lies_below(path, root, dir_fd):
            raise _error(errno.EROFS, path)
    return original(target, *rest, **named)


def _write_what_fits(
    room: _Room, original: Called, target: int, data: Given, *rest: Given
) -> Given:
    if not _lies_below(target, room.root):
        return original(target, data, *rest)
    view = memoryview(data).cast("B")
    return original(target, view[: room.take(len(view), target)], *rest)


def _copy_what_fits(
    room: _Room,
    original: Called,
    source: int,
    target: int,
    count: int,
    *rest: Given,
    **named: Given,
) -> Given:
    if _lies_below(target, room.root):
        position = rest[0] if rest else os.lseek(source, 0, os.SEEK_CUR)
        count = room.take(_left(source, position, count), target)
    return original(source, target, count, *rest, **named)


def _send_what_fits(
    room: _Room, original: Called, target: int, source: int, *stretch: int
) -> Given:
    offset, count = stretch
    if _lies_below(target, room.root):
        count = room.take(_left(source, offset, count), target)
    return original(target, source, offset, count)


def _refuse_reflink(root: str, original: Called, target: Given, *rest: Given) -> Given:
    if _lies_below(target, root):
        raise _error(errno.EOPNOTSUPP, target)
    return original(target, *rest)


def _left(source: int, position: int, wanted: int) -> int:
    """Return how many bytes a file still has, ``wanted`` at most."""
    return min(wanted, max(os.fstat(source).st_size - position, 0))


@contextlib.contextmanager
def _in_place(
    owner: Any,  # noqa: ANN401 - a module
    name: str,
    call: Called,
) -> Iterator[None]:
    """Put what takes a function first in the function's place while the block runs."""
    original = getattr(owner, name)
    setattr(owner, name, partial(call, original))
    try:
        yield
    finally:
        setattr(owner, name, original)


def _lies_below(target: Given, root: str, dir_fd: int | None = None) -> bool:
    """Whether a path, descriptor or file lies below a directory, which is a real path."""
    try:
        if hasattr(target, "fileno"):
            target = target.fileno()
        if isinstance(target, int):
            path = os.readlink(f"/proc/self/fd/{target}")  # noqa: PTH115 - text
        else:
            text = os.fsdecode(target)
            start = "" if dir_fd is None else os.readlink(f"/proc/self/fd/{dir_fd}")  # noqa: PTH115 - text
            path = os.path.realpath(os.path.join(start, os.path.dirname(text)))  # noqa: PTH118, PTH120 - text
            path = os.path.join(path, os.path.basename(text))  # noqa: PTH118, PTH119 - text
    except (OSError, TypeError, ValueError):
        return False
    return path == root or path.startswith(root.rstrip("/") + "/")


def _error(number: int, target: object) -> OSError:
    return OSError(number, os.strerror(number), target if isinstance(target, str) else str(target))
