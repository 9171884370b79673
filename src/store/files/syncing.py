"""Makes files and their names last over a power cut."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from store.files.failures import storage_error, storage_errors

_MANY: Final = 8
"""From how many files on one ``syncfs`` is cheaper than their fsyncs, whatever else is unwritten."""

_SYNC_THREADS: Final = 16
"""How many fsyncs are under way at once; a journal commits them together."""

_NO_SYNCFS: Final = frozenset({errno.ENOSYS, errno.EPERM, errno.EOPNOTSUPP, errno.EINVAL})
"""What says that ``syncfs`` is not to be had, rather than that the disk failed."""


def sync_file(path: str | Path) -> None:
    """Return when the file's content has reached the disk.

    Raises:
        OSError: The disk refused, or ``path`` is a link.
    """
    _sync(path, os.O_NOFOLLOW | os.O_NONBLOCK)


def sync_directory(path: str | Path) -> None:
    """Return when the names in a directory have reached the disk.

    Raises:
        OSError: The disk refused.
    """
    _sync(path, os.O_DIRECTORY)


def sync_many(
    paths: Iterable[str | Path], *, top: str | Path | None = None, seen: bool = False
) -> None:
    """Return when many freshly written files, and their names, have reached the disk.

    The whole file system is synchronised in one call (``syncfs(2)``) where there are many files and the
    system can; else each file and directory by itself, in parallel.

    Args:
        paths: Regular files that are complete and lie where they are to stay.
        top: A directory above all of them: the names of those in between, which may be new, are included.
            With None they are with ``syncfs`` alone: make them with `make_directories` and ``durable``.
        seen: All of them were just seen to be there: none is looked at once more.

    Raises:
        StorageError: One is missing, or the disk refused: none of them is known to last.
    """
    names = [os.fspath(path) for path in paths]
    if not names:
        return
    directories = dict.fromkeys(map(Path, dict.fromkeys(map(os.path.dirname, names))))
    if len(names) >= _MANY and _synced_whole(directories, () if seen else names):
        return
    files = map(Path, names)
    if top is not None:
        above = [one for directory in directories for one in directory.parents]
        directories |= dict.fromkeys(one for one in above if one.is_relative_to(top))
    jobs = [
        *((sync_file, Path(one)) for one in files),
        *((sync_directory, one) for one in directories),
    ]
    _in_parallel(jobs)


def _synced_whole(directories: Iterable[Path], files: Iterable[str]) -> bool:
    """Synchronise the file systems that hold these; False where the system cannot do that."""
    import ctypes

    syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if syncfs is None:
        return False
    file = ""
    try:
        for file in files:
            os.lstat(file)
    except OSError as error:
        raise storage_error(error, file) from error
    seen = set()
    for directory in directories:
        with storage_errors(directory):
            descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                device = os.fstat(descriptor).st_dev
                if device not in seen and syncfs(descriptor):
                    number = ctypes.get_errno()
                    if number in _NO_SYNCFS:
                        return False
                    raise OSError(number, os.strerror(number))
                seen.add(device)
            finally:
                os.close(descriptor)
    return True


def _in_parallel(jobs: Sequence[tuple[Callable[[Path], None], Path]]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def run(job: tuple[Callable[[Path], None], Path]) -> None:
        """Do one job, and name its path where the disk refuses."""
        sync, path = job
        with storage_errors(path):
            sync(path)

    with ThreadPoolExecutor(min(_SYNC_THREADS, len(jobs))) as pool:
        for _ in pool.map(run, jobs):
            pass


def _sync(path: str | Path, flags: int) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
