"""Adds lines to a file that several processes write to."""

from __future__ import annotations

import errno
import os
import stat
from typing import Final

_FLAGS: Final = (
    os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
)


def append(path: str, line: bytes) -> int:
    """Add a line to a file in one write, which on a local file system nobody else's can come between.

    Nothing is made to last: what is written so may be lost with the power, or be half there.

    Args:
        path: The file; made where it is missing, in a directory that must exist. A link is not followed.
        line: What to add, its end of line included.

    Returns:
        The size of the file afterwards, in bytes.

    Raises:
        OSError: It cannot be written to, or is no regular file.
    """
    descriptor = os.open(path, _FLAGS, 0o666)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", path)
        os.write(descriptor, line)
        return os.lseek(descriptor, 0, os.SEEK_CUR)
    finally:
        os.close(descriptor)
