"""Adds lines to a file that several processes write to."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from typing import Final

from store.files.leases import is_locked

_FLAGS: Final = (
    os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
)

_TRIES: Final = 5
"""How often a file is opened anew that was put aside meanwhile."""


def append(path: str, line: bytes) -> int:
    """Add a line to a file in one write, which on a local file system nobody else's can come between.

    Nothing is made to last: what is written so may be lost with the power, or be half there. But it never
    goes to a file that was renamed and is `unwritten` by now.

    Args:
        path: The file; made where it is missing, in a directory that must exist. A link is not followed.
        line: What to add, its end of line included.

    Returns:
        The size of the file afterwards, in bytes.

    Raises:
        OSError: It cannot be written to, or is no regular file.
    """
    for _ in range(_TRIES):
        descriptor = os.open(path, _FLAGS, 0o666)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, "it is no regular file", path)
            if _ours(descriptor, path):
                os.write(descriptor, line)
                return os.lseek(descriptor, 0, os.SEEK_CUR)
        finally:
            os.close(descriptor)
    raise BlockingIOError(errno.EAGAIN, "others put it aside again and again", path)


def unwritten(path: str) -> bool:
    """Whether nobody adds to a file any more that was renamed: what stands there is all that ever will.

    Args:
        path: Its name by now.
    """
    return not is_locked(path)  # where there are no locks, `append` took none


def _ours(descriptor: int, path: str) -> bool:
    """Keep whoever renames the file from taking it for unwritten; whether it still has its name."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    with contextlib.suppress(OSError):
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    return False
