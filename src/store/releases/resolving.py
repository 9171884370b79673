"""Follows the links on the way of a path, in circles too."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from store.errors import UnsafeNameError
from store.files.failures import storage_errors


def resolved(path: Path) -> Path:
    """Return where a path really leads, as far as anything lies there.

    Raises:
        StorageError: It leads in circles.
        UnsafeNameError: It holds what no path can.
    """
    if "\0" in str(path):
        raise UnsafeNameError(f"{str(path)!r} is refused: it is no path", name=str(path))
    with storage_errors(path):
        try:
            return path.resolve()
        except RuntimeError as error:  # until Python 3.13
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from error
