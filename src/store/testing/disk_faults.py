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
from pathlib import Path
from typing import Any, Final, TypeAlias

Wrapping: TypeAlias = Callable[[Callable[..., Any]], Callable[..., Any]]
"""Makes the function that stands in another's place."""

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

    def failing(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(target: Any, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - any function's
            if _lies_below(target, root, named.get("dir_fd")):
                with lock:
                    calls.made += 1
                    due = calls.made == number
                if due:
                    raise _error(error, target)
            return original(target, *arguments, **named)

        return call

    with _in_place(os, name, failing):
        yield calls


@contextlib.contextmanager
def read_only(below: str | Path) -> Iterator[None]:
    """Have every change below a directory fail with ``EROFS``; reading works.

    What was opened for writing before stays open.
    """
    root = os.path.realpath(below)
    with contextlib.ExitStack() as faults:
        faults.enter_context(_in_place(os, "open", _not_for_writing(root)))
        for name in _CHANGING:
            faults.enter_context(_in_place(os, name, _changing_nothing(name, root)))
        faults.enter_context(_opened_files(root, None))
        yield


@contextlib.contextmanager
def disk_full(below: str | Path, *, after: int = 0) -> Iterator[None]:
    """Have the disk below a directory be full (``ENOSPC``) after so many bytes, over all files.

    As on a real disk, what still fits is written. Reflinks are refused, so that copies are counted.
    """
    root = os.path.realpath(below)
    room = _Room(after)
    with contextlib.ExitStack() as faults:
        faults.enter_context(_in_place(os, "write", _writing_what_fits(root, room)))
        faults.enter_context(_in_place(os, "pwrite", _writing_what_fits(root, room)))
        faults.enter_context(_in_place(os, "copy_file_range", _copying_what_fits(root, room)))
        faults.enter_context(_in_place(os, "sendfile", _sending_what_fits(root, room)))
        faults.enter_context(_in_place(fcntl, "ioctl", _without_reflinks(root)))
        faults.enter_context(_opened_files(root, room))
        yield


class _Room:
    """What is left of a disk, in bytes."""

    def __init__(self, left: int) -> None:
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

    def opening(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(file: Any, mode: str = "r", *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - open's
            if not set(mode) & set("wax+") or not _lies_below(file, root):
                return original(file, mode, *arguments, **named)
            if room is None:
                raise _error(errno.EROFS, file)
            plain = mode.replace("b", "").replace("t", "")
            raw = _Watched(file, plain, closefd=named.get("closefd", True))
            raw.room = room
            whole: Any = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
            return whole if "b" in mode else io.TextIOWrapper(whole, named.get("encoding"))

        return call

    with _in_place(io, "open", opening), _in_place(builtins, "open", opening):
        yield


def _not_for_writing(root: str) -> Wrapping:
    def wrapping(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any, flags: int, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - os.open's
            if flags & _WRITING_FLAGS and _lies_below(path, root, named.get("dir_fd")):
                raise _error(errno.EROFS, path)
            return original(path, flags, *arguments, **named)

        return call

    return wrapping


def _changing_nothing(name: str, root: str) -> Wrapping:
    moves = name in {"rename", "replace"}

    def wrapping(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(target: Any, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - any function's
            changed = []
            if name not in _MAKING_SECOND:
                changed.append((target, named.get("dir_fd", named.get("src_dir_fd"))))
            if moves or name in _MAKING_SECOND:
                changed.append((arguments[0], named.get("dst_dir_fd", named.get("dir_fd"))))
            for path, dir_fd in changed:
                if _lies_below(path, root, dir_fd):
                    raise _error(errno.EROFS, path)
            return original(target, *arguments, **named)

        return call

    return wrapping


def _writing_what_fits(root: str, room: _Room) -> Wrapping:
    def wrapping(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(target: int, data: Any, *arguments: Any) -> Any:  # noqa: ANN401 - any buffer
            if not _lies_below(target, root):
                return original(target, data, *arguments)
            view = memoryview(data).cast("B")
            return original(target, view[: room.take(len(view), target)], *arguments)

        return call

    return wrapping


def _copying_what_fits(root: str, room: _Room) -> Wrapping:
    def wrapping(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(source: int, target: int, count: int, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - the system's
            if _lies_below(target, root):
                position = arguments[0] if arguments else os.lseek(source, 0, os.SEEK_CUR)
                count = room.take(_left(source, position, count), target)
            return original(source, target, count, *arguments, **named)

        return call

    return wrapping


def _sending_what_fits(root: str, room: _Room) -> Wrapping:
    def wrapping(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(target: int, source: int, offset: int, count: int) -> Any:  # noqa: ANN401 - the system's
            if _lies_below(target, root):
                count = room.take(_left(source, offset, count), target)
            return original(target, source, offset, count)

        return call

    return wrapping


def _without_reflinks(root: str) -> Wrapping:
    def wrapping(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(target: Any, *arguments: Any) -> Any:  # noqa: ANN401 - the system's
            if _lies_below(target, root):
                raise _error(errno.EOPNOTSUPP, target)
            return original(target, *arguments)

        return call

    return wrapping


def _left(source: int, position: int, wanted: int) -> int:
    """Return how many bytes a file still has, ``wanted`` at most."""
    return min(wanted, max(os.fstat(source).st_size - position, 0))


@contextlib.contextmanager
def _in_place(
    owner: Any,  # noqa: ANN401 - a module
    name: str,
    wrapping: Wrapping,
) -> Iterator[None]:
    """Put a function in the place of another while the block runs."""
    original = getattr(owner, name)
    setattr(owner, name, wrapping(original))
    try:
        yield
    finally:
        setattr(owner, name, original)


def _lies_below(target: Any, root: str, dir_fd: int | None = None) -> bool:  # noqa: ANN401 - a path or descriptor
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
