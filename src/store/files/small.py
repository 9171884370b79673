"""Makes many small files with as few system calls as each needs."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def write_small(path: str, data: bytes | memoryview, mode: int = 0o666) -> os.stat_result:
    """Write a new file, whose name nobody else knows.

    Args:
        path: Where; it must not exist.
        data: The whole content.
        mode: Its permission bits, of which the umask takes its own.

    Returns:
        What is known of the file.

    Raises:
        OSError: It cannot be made or written; nothing of it is left.
    """
    return _written(path, data, mode, os.fstat)


def put_small(
    path: str,
    target: str,
    data: bytes | memoryview,
    mode: int = 0o666,
    *,
    also: str | None = None,
) -> tuple[os.stat_result, bool]:
    """Write a new file and rename it to where it is to lie; directories that are missing are made.

    Args:
        path: A name that nobody else knows, on the same file system.
        target: Where it is to lie; what lies there is replaced.
        data: The whole content.
        mode: Its permission bits, of which the umask takes its own.
        also: A second name that it gets, if nothing lies there.

    Returns:
        What is known of the file before it was renamed, and whether it got the second name.

    Raises:
        OSError: It cannot be written or renamed; nothing of it is left.
    """
    return _put(path, target, data, mode, os.fstat, also=also)


def lay_small(path: str, target: str, data: bytes | memoryview, mode: int = 0o666) -> None:
    """Do as `put_small` where nothing need be known of the file: a system call less.

    Raises:
        OSError: As there.
    """
    _put(path, target, data, mode, lambda _: None)


def lay_small_where(
    allowed: Callable[[], object], path: str, target: str, data: bytes | memoryview, *, anew: bool
) -> None:
    """Do as `lay_small`, but replace what lies there only where that is allowed at the last moment.

    Args:
        allowed: Is called right before what lies there is replaced; what it raises leaves that as it is.
        path: See `put_small`.
        target: Where it is to lie.
        data: The whole content.
        anew: Whether nothing is thought to lie there: then what does nevertheless cannot be replaced, between
            a look and the step, without being asked about.

    Raises:
        OSError: As there.
    """

    def lay(source: str, dest: str) -> None:
        """Give the file its name: by a link, which replaces nothing, where none had it."""
        if not (anew and _named(source, dest)):
            allowed()
            os.rename(source, dest)  # noqa: PTH104 - text

    _put(path, target, data, 0o666, lambda _: None, move=lay)


def _named(path: str, target: str) -> bool:
    """Give a file a name that nothing has; False where something has it, or there are no links."""
    try:
        os.link(path, target)
    except FileNotFoundError:
        raise  # its directory is to be made
    except OSError:
        return False
    os.unlink(path)  # noqa: PTH108 - text
    return True


def _put(
    path: str,
    target: str,
    data: bytes | memoryview,
    mode: int,
    told: Callable[[int], T],
    *,
    also: str | None = None,
    move: Callable[[str, str], None] | None = None,
) -> tuple[T, bool]:
    try:
        status = _written(path, data, mode, told)
    except FileNotFoundError:
        _make_room(path)
        status = _written(path, data, mode, told)
    linked = False
    try:
        linked = also is not None and _linked(path, also)
        _with_parents(move or os.rename, path, target)
    except BaseException:
        os.unlink(path)  # noqa: PTH108 - text
        if linked and also is not None:
            os.unlink(also)  # noqa: PTH108 - text
        raise
    return status, linked


def _written(path: str, data: bytes | memoryview, mode: int, told: Callable[[int], T]) -> T:
    """Write a new file; return what is told of its descriptor."""
    descriptor = os.open(path, _FLAGS, mode)
    try:
        try:
            written = os.write(descriptor, data)
            while written < len(data):
                written += os.write(descriptor, data[written:])
            status = told(descriptor)
        finally:
            os.close(descriptor)  # a network file system may say only now that a write failed
    except BaseException:
        os.unlink(path)  # noqa: PTH108 - text, for thousands of them
        raise
    return status


def _linked(path: str, name: str) -> bool:
    try:
        _with_parents(os.link, path, name)
    except OSError:
        return False
    return True


def _with_parents(move: Callable[[str, str], None], path: str, target: str) -> None:
    try:
        move(path, target)
    except FileNotFoundError:
        _make_room(target)
        move(path, target)


def _make_room(path: str) -> None:
    """Make the directory of a file, and those above it that are missing."""
    directory = os.path.dirname(path)  # noqa: PTH120 - text, for hundreds of them
    try:
        os.mkdir(directory)  # noqa: PTH102 - text
    except FileNotFoundError:
        os.makedirs(directory, exist_ok=True)  # noqa: PTH103 - text
    except FileExistsError:
        pass  # another has just made it, or it is no directory, which the next step finds out
