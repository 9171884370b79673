"""Says that a directory is being read, where nothing may be written."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Final

_FLAGS: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Reading:
    """Directories that this process reads: a shared ``flock(2)`` on each, held until `close` or the end.

    Others ask `store.files.leases.is_locked`. Nothing is written, so that a user without any right to write
    can say so, too. A fork's child inherits the locks, and with them what its parent reads stays in use while
    either of them lives.
    """

    def __init__(self) -> None:
        self._descriptors: dict[str, int] = {}

    def hold(self, directory: str | Path) -> bool:
        """Say that a directory is read from now on.

        Returns:
            Whether that was not said before.

        Raises:
            OSError: It is missing, or its file system takes no locks.
        """
        path = os.fspath(directory)
        if path in self._descriptors:
            return False
        descriptor = os.open(path, _FLAGS)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptors[path] = descriptor
        return True

    def close(self) -> None:
        """Say that nothing is read any longer; it may be used again."""
        descriptors, self._descriptors = self._descriptors, {}
        for descriptor in descriptors.values():
            os.close(descriptor)
