"""Makes a file the cache's own: read-only, and named by a digest."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from store.cache.layout import Layout
from store.files.atomic import (
    create_exclusively,
    discard,
    make_directories,
)
from store.files.names import PARTIAL_PREFIX
from store.files.placing import copy_descriptor
from store.files.unfinished import partial_name
from store.integrity.digest import DEFAULT_ALGORITHM, Digests, digests_from
from store.integrity.hashing import hash_descriptor
from store.integrity.regular import open_regular
from store.integrity.stamp import Stamp
from store.integrity.verification import LEDGER, compare

_EXECUTABLE: Final = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH


def take_over(
    layout: Layout, path: Path, digests: Digests, *, durable: bool
) -> tuple[Path, Digests, Stamp]:
    """Make a file the cache's own: read-only, below ``partial/``, with a strong digest.

    Args:
        layout: Where the cache lies.
        path: A regular file. What is not the caller's only copy in a workspace is copied, and the copy
            hashed, since others may still write to the original.
        digests: What is known of it.
        durable: Return when its content has reached the disk.

    Returns:
        Where it lies now, its digests, and its stamp.

    Raises:
        OSError: It cannot be read, copied or changed.
        ValueError: It is no regular file.
        IntegrityError: It is not what ``digests`` say.
    """
    descriptor = open_regular(path)
    own = path
    try:
        noted = LEDGER.take(Stamp.of(os.fstat(descriptor)))
        if not _sole_copy(layout, path, os.fstat(descriptor)):
            own, copy = _copied(layout, descriptor)
            os.close(descriptor)
            descriptor, noted = copy, ()
            noted = hash_descriptor(descriptor, _algorithms(digests)).digests()
        elif not any(not one.weak for one in (*digests, *noted)):
            noted = hash_descriptor(descriptor, _algorithms(digests)).digests()
        both = _merged(digests, noted, os.fstat(descriptor).st_size, path)
        _make_read_only(descriptor)
        if durable:
            os.fsync(descriptor)
        return own, both, Stamp.of(os.fstat(descriptor))
    except BaseException:
        if own is not path:
            discard(own)
        raise
    finally:
        os.close(descriptor)


def _sole_copy(layout: Layout, path: Path, status: os.stat_result) -> bool:
    inside = os.path.abspath(path).startswith(f"{layout.partial}/{PARTIAL_PREFIX}")  # noqa: PTH100 - text
    return inside and status.st_nlink == 1


def _copied(layout: Layout, source: int) -> tuple[Path, int]:
    own = Path(layout.partial) / partial_name()
    make_directories(own.parent)
    target = create_exclusively(own)
    try:
        copy_descriptor(source, target)
        os.fchmod(target, os.fstat(target).st_mode | (os.fstat(source).st_mode & _EXECUTABLE))
    except BaseException:
        os.close(target)
        discard(own)
        raise
    return own, target


def _algorithms(digests: Digests) -> list[str]:
    return [DEFAULT_ALGORITHM, *(one.algorithm for one in digests)]


def _merged(digests: Digests, noted: Digests, size: int, path: Path) -> Digests:
    if noted:
        computed = {one.algorithm for one in noted}
        compare(
            tuple(one for one in digests if one.algorithm in computed), noted, size=size, path=path
        )
    return digests_from({**dict(digests), **dict(noted)}, allow_weak=True)


def _make_read_only(descriptor: int) -> None:
    mode = os.fstat(descriptor).st_mode
    mask = _umask()
    readable = 0o444 | (mode & _EXECUTABLE)
    os.fchmod(descriptor, readable & ~mask)
    status = os.fstat(descriptor)
    # A time from the future would never let the stamp be trusted.
    if status.st_mtime_ns > status.st_ctime_ns:
        os.utime(descriptor, ns=(status.st_atime_ns, status.st_ctime_ns))


def _umask() -> int:
    """Return the process's umask without touching it (``proc_pid_status(5)``)."""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:  # noqa: PTH123 - once a file
            for line in file:
                if line.startswith("Umask:"):
                    return int(line.split()[1], 8)
    except (OSError, ValueError, IndexError):
        pass
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
