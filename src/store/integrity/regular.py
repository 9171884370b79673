"""Opens regular files, and waits for nothing else.

A FIFO that nobody writes to holds up whoever opens it for ever, and a device may give bytes without an end:
what others may have laid down is opened here.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path


def open_regular(path: str | Path, *, follow_links: bool = False) -> int:
    """Open a regular file for reading, without waiting on a FIFO.

    Args:
        path: The file.
        follow_links: Open what a symbolic link leads to.

    Returns:
        A file descriptor that the caller closes.

    Raises:
        OSError: It is missing or unreadable, or a link that is not to be followed.
        ValueError: It is no regular file, or the path holds a NUL.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags if follow_links else flags | os.O_NOFOLLOW)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ValueError(f"{path} is no regular file")
    return descriptor


def read_regular(path: str | Path) -> bytes:
    """Read a regular file whole, one that a symbolic link leads to as well.

    Args:
        path: The file.

    Raises:
        OSError: It is missing or unreadable.
        ValueError: It is no regular file, or the path holds a NUL.
    """
    with open(open_regular(path, follow_links=True), "rb") as file:
        return file.read()
