"""Maps what the operating system says of files to our errors."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from types import TracebackType
from typing import Final

from store.errors import StorageError, StoreError

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Error numbers that mean that there is no room."""

FORBIDDEN: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
"""Error numbers that mean that we may not write there."""


_STEPS: Final = {
    errno.ENOENT: ": is the path right?",
    errno.EISDIR: ": a directory is in the way: remove it, or choose another path",
    errno.ENOTDIR: ": a file is in the way of a directory: remove it, or choose another path",
    errno.EEXIST: ": a file is in the way of a directory: remove it, or choose another path",
    errno.ENAMETOOLONG: ": choose a shorter path",
    errno.ELOOP: ": a symbolic link is in the way: remove it, or choose another path",
    errno.EMFILE: ": raise the limit of open files (ulimit -n)",
    errno.ENOLCK: ": choose a directory on a local file system",
    errno.EINVAL: ": choose another path",
}
"""The next step that goes with an error number."""


class storage_errors:  # noqa: N801 - as contextlib's, at a third of the cost
    """Turns an ``OSError`` of the block into an error that names the path and the next step.

    A path that no system call takes (it holds a NUL or a lone surrogate) is refused before the block.

    Args:
        path: What was written or read.
        needed: Bytes that were wanted, where that is known.
        kind: The class of the error.

    Raises:
        StorageError: Any OSError that is not an error of ours already.
    """

    __slots__ = ("_kind", "_needed", "_path")

    def __init__(
        self,
        path: str | Path,
        *,
        needed: int | None = None,
        kind: type[StorageError] = StorageError,
    ) -> None:
        self._path = path
        self._needed = needed
        self._kind = kind

    def __enter__(self) -> None:
        """Refuse a path that no system call takes."""
        try:
            _check_spelling(self._path)
        except OSError as error:
            raise self._mapped(error) from error

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Map what was raised in the block."""
        if isinstance(error, OSError) and not isinstance(error, StoreError):
            raise self._mapped(error) from error

    def _mapped(self, error: OSError) -> StorageError:
        return storage_error(error, self._path, needed=self._needed, kind=self._kind)


def storage_failure(number: int, path: str | Path) -> StorageError:
    """Return the error of what the system would refuse, before it is asked to.

    Args:
        number: The error's number, such as ``errno.EISDIR`` where a directory is in the way of a file.
        path: What is in the way.
    """
    return storage_error(OSError(number, os.strerror(number)), path)


def storage_error(
    error: OSError,
    path: str | Path,
    *,
    needed: int | None = None,
    kind: type[StorageError] = StorageError,
) -> StorageError:
    """Return our error for an ``OSError``: see `storage_errors`."""
    free = free_bytes(path)
    # What another library says may hold an address with its secrets; the cause is chained anyway.
    reason = error.strerror if error.errno is not None else None
    reason = reason or type(error).__name__
    if error.errno in FULL:
        step = _room(needed, free)
    elif error.errno in FORBIDDEN:
        step = _way_in(path)
    else:
        step = _STEPS.get(error.errno or 0, "")
    shown = os.fspath(path).encode(errors="backslashreplace").decode().replace("\0", "\\0")
    mapped = kind(f"{shown}: {reason}{step}", path=str(path), needed=needed, free=free)
    mapped.errno = error.errno
    mapped.strerror = error.strerror
    mapped.filename = os.fspath(path)
    return mapped


_ELSEWHERE: Final = "choose a directory that can be written to"


def _room(needed: int | None, free: int | None) -> str:
    """Return what to do where there is no room; what was free once others had given up is no reason."""
    told = [] if free is None or free >= (needed or free + 1) else [f"{free} bytes free"]
    told += [] if needed is None else [f"{needed} bytes needed"]
    said = f" ({', '.join(told)})" if told else ""
    return f"{said}: make room there, with 'store cache prune' where the cache lies on that disk"


def _way_in(path: str | Path) -> str:
    """Return what to do where something is forbidden: where it may not be read, no other place helps.

    Of what may not be written to is said whose leave is missing, too: it may be the only place that will do.
    """
    whole = os.path.abspath(path)  # noqa: PTH100 - links and dots do not matter here
    for one in (whole, *map(str, Path(whole).parents)):
        try:
            directory = os.path.isdir(one)  # noqa: PTH112 - as above
            if os.path.lexists(one):
                if not os.access(one, os.R_OK | os.X_OK if directory else os.R_OK):
                    return f": you may not read {one}: ask whose it is, or change its permissions"
                where = one if directory else os.path.dirname(one)  # noqa: PTH120 - as above
                if not os.access(where, os.W_OK | os.X_OK):
                    return f": you may not write to {where}: ask whose it is, or {_ELSEWHERE}"
                break
        except (OSError, ValueError):
            break
    return f": {_ELSEWHERE}"


def free_bytes(path: str | Path) -> int | None:
    """Return the bytes free to us on the file system of a path or its nearest parent, or None."""
    for candidate in (Path(path), *Path(path).parents):
        try:
            status = os.statvfs(candidate)
        except (OSError, ValueError):
            continue
        return status.f_bavail * status.f_frsize
    return None


def _check_spelling(path: str | Path) -> None:
    """Refuse what would be a ValueError in each system call.

    Raises:
        OSError: The path holds a NUL or a lone surrogate.
    """
    try:
        if b"\0" not in os.fsencode(path):
            return
    except UnicodeEncodeError:
        pass
    raise OSError(errno.EINVAL, "a character that no path may hold")
