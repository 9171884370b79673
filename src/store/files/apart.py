"""Asks the file system to lay a directory apart from its neighbours."""

from __future__ import annotations

import fcntl
import os
import struct
from pathlib import Path
from typing import Final

_GET_FLAGS: Final = 0x80086601
_SET_FLAGS: Final = 0x40086602
"""``FS_IOC_GETFLAGS`` and ``FS_IOC_SETFLAGS`` of ``linux/fs.h``, where a long has eight bytes."""

_TOP: Final = 0x00020000
"""``FS_TOPDIR_FL``: what lies in this directory is not related, see ``T`` in ``chattr(1)``."""

_MACHINES: Final = frozenset({"x86_64", "aarch64"})
"""Where the numbers above are known to hold."""

_LONG: Final = struct.Struct("l")


def lay_apart(directory: str | Path) -> bool:
    """Let the directories that are made in a directory from now on lie apart from it, and from each other.

    ext4 looks for room for a new file near its directory, and passes over each file that was removed there
    within the last minutes: beside others' work that took 0.4 to 0.9 ms a file where 0.03 ms are enough.

    Args:
        directory: One of ours, which should hold few directories.

    Returns:
        Whether the file system was told; one that knows nothing of it is left as it is.
    """
    if os.uname().machine not in _MACHINES:
        return False
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        (flags,) = _LONG.unpack(fcntl.ioctl(descriptor, _GET_FLAGS, bytes(_LONG.size)))
        fcntl.ioctl(descriptor, _SET_FLAGS, _LONG.pack(flags | _TOP))
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True
