"""The permission bits of a release's files."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

from store.files.atomic import discard
from store.files.small import write_small
from store.files.unfinished import partial_name

EXECUTABLE: Final = 0o111
"""The bits that say that a file is for running."""

_WRITABLE: Final = 0o222
_READABLE: Final = 0o444
_OWN_WRITABLE: Final = 0o200


def mode_of(*, executable: bool, read_only: bool) -> int:
    """Return the bits that a file is made with, of which the umask takes its own.

    Args:
        executable: Whether it is for running.
        read_only: Whether it is for readers alone.
    """
    mode = 0o777 if executable else 0o666
    return mode & ~_WRITABLE if read_only else mode


def adjust_mode(path: Path, found: int, wanted: int) -> None:
    """Give a file the x bits, and give or take the w bits, that it must have; what the umask took stays away.

    Args:
        path: The file.
        found: The bits that it has.
        wanted: What `mode_of` says.

    Raises:
        OSError: They cannot be changed.
    """
    mode = stat.S_IMODE(found)
    executable = bool(mode & EXECUTABLE)
    if executable != bool(wanted & EXECUTABLE):
        readable = (mode & _READABLE) >> 2
        mode = mode & ~EXECUTABLE if executable else mode | readable
    mode = mode | _OWN_WRITABLE if wanted & _OWN_WRITABLE else mode & ~_WRITABLE
    if mode != stat.S_IMODE(found):
        path.chmod(mode)


def give_mode(path: Path, mode: int) -> None:
    """Give a file, whoever has made it, the bits that one of ours has there.

    Args:
        path: The file, in a directory of ours.
        mode: What `mode_of` says, of which the umask takes its own.

    Raises:
        OSError: They cannot be given.
    """
    like = path.with_name(partial_name())
    try:
        path.chmod(stat.S_IMODE(write_small(str(like), b"", mode).st_mode))
    finally:
        discard(like)
