"""Says whether a directory holds what another one holds."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from store.errors import StorageError
from store.files.placing import same_bytes
from store.files.unpacking.members import Thing


def lies_there(source: str, planted: Sequence[Thing], target: Path) -> bool:
    """Whether the same content lies at the target already; False where nothing is in the way.

    Args:
        source: A directory.
        planted: All that is in it.
        target: Where the same may lie.

    Raises:
        StorageError: Something else is in the way.
    """
    try:
        there = os.lstat(target)
    except (FileNotFoundError, NotADirectoryError):
        return False
    if stat.S_ISDIR(there.st_mode):
        if not os.listdir(target) and not _is_working_directory(target):  # noqa: PTH208 - whether any
            return not planted
        if _same(source, planted, str(target)):
            return True
        what = "a directory that holds something else"
    else:
        what = "a file or a link"
    raise StorageError(
        f"{target}: {what} is in the way: remove it, or choose another directory", path=str(target)
    )


def _is_working_directory(path: Path) -> bool:
    """Whether it is where this process works: a shell would be left in a directory that is no more."""
    try:
        return os.path.samefile(path, ".")  # noqa: PTH121 - the working directory may be gone
    except OSError:
        return False


def _same(source: str, planted: Sequence[Thing], target: str) -> bool:
    """Whether a directory holds what another holds, and nothing else."""
    names = {one.path for one in planted}
    for directory, directories, files in os.walk(target):
        above = os.path.relpath(directory, target)
        for name in (*directories, *files):
            if (name if above == "." else f"{above}/{name}") not in names:
                return False
    try:
        return all(_alike(f"{source}/{one.path}", one, f"{target}/{one.path}") for one in planted)
    except OSError:
        return False


def _alike(source: str, one: Thing, target: str) -> bool:
    status = os.lstat(target)
    if one.kind == "directory":
        return stat.S_ISDIR(status.st_mode)
    if one.kind == "link":
        return stat.S_ISLNK(status.st_mode) and os.readlink(target) == one.content  # noqa: PTH115 - text
    if not stat.S_ISREG(status.st_mode) or status.st_size != one.size:
        return False
    origin = _opened(source)
    try:
        return same_bytes(origin, target)
    finally:
        os.close(origin)


def _opened(path: str) -> int:
    return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
