"""Maps what the operating system says of files to our errors."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from store.errors import StorageError, StoreError

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Error numbers that mean that there is no room."""

FORBIDDEN: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
"""Error numbers that mean that we may not write there."""


@contextlib.contextmanager
def storage_errors(
    path: str | Path, *, needed: int | None = None, kind: type[StorageError] = StorageError
) -> Iterator[None]:
    """Turn an ``OSError`` of the block into an error that names the path and the next step.

    Args:
        path: What was written or read.
        needed: Bytes that were wanted, where that is known.
        kind: The class of the error.

    Raises:
        StorageError: Any OSError that is not an error of ours already.
    """
    try:
        yield
    except StoreError:
        raise
    except OSError as error:
        raise storage_error(error, path, needed=needed, kind=kind) from error


def storage_error(
    error: OSError,
    path: str | Path,
    *,
    needed: int | None = None,
    kind: type[StorageError] = StorageError,
) -> StorageError:
    """Return our error for an ``OSError``: see `storage_errors`."""
    free = free_bytes(path)
    reason = error.strerror or str(error)
    if error.errno in FULL:
        wanted = "" if needed is None else f", {needed} bytes needed"
        step = f" ({free} bytes free{wanted}): make room, or prune with 'store cache prune'"
    elif error.errno in FORBIDDEN:
        step = ": choose a directory that can be written to"
    else:
        step = ""
    mapped = kind(f"{path}: {reason}{step}", path=str(path), needed=needed, free=free)
    mapped.errno = error.errno
    mapped.strerror = error.strerror
    mapped.filename = os.fspath(path)
    return mapped


def free_bytes(path: str | Path) -> int | None:
    """Return the bytes free to us on the file system of a path or its nearest parent, or None."""
    for candidate in (Path(path), *Path(path).parents):
        try:
            status = os.statvfs(candidate)
        except OSError:
            continue
        return status.f_bavail * status.f_frsize
    return None
