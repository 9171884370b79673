"""Makes files and their names last over a power cut."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from store.files.failures import storage_error, storage_errors

T = TypeVar("T")

_MANY: Final = 8
"""From how many files on one ``syncfs`` is cheaper than their fsyncs, whatever else is unwritten."""

_SYNC_THREADS: Final = 16
"""How many fsyncs are under way at once; a journal commits them together."""

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC

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
    _to_sync(paths, top, seen=seen)()


def sync_meanwhile(
    work: Callable[[], T],
    paths: Iterable[str | Path],
    *,
    top: str | Path | None = None,
    seen: bool = False,
) -> T:
    """Return what some work gives, once it is done and many files have reached the disk: see `sync_many`.

    All that needs the interpreter is done before the work begins; the disk alone works beside it.

    Args:
        work: What is done while the disk is waited for.
        paths: As of `sync_many`, as the rest is.
        top: As there.
        seen: As there.

    Raises:
        StorageError: As there.
        Exception: What the work has raised; the disk is waited for nevertheless.
    """
    from concurrent.futures import ThreadPoolExecutor

    sync = _to_sync(paths, top, seen=seen)
    with ThreadPoolExecutor(1) as pool:
        lasting = pool.submit(sync)
        done = work()
        lasting.result()
    return done


def _to_sync(
    paths: Iterable[str | Path], top: str | Path | None, *, seen: bool
) -> Callable[[], None]:
    """Find out what is to be synchronised; return what does so, once."""
    names = [os.fspath(path) for path in paths]
    rooms = dict.fromkeys(map(_room_of, names))
    syncfs = _syncfs() if len(names) >= _MANY else None
    if syncfs is None:
        return partial(_one_by_one, names, rooms, top)
    for file in () if seen else names:
        try:
            os.lstat(file)
        except OSError as error:
            raise storage_error(error, file) from error
    opened = _one_of_each_file_system(rooms)

    def sync() -> None:
        """Synchronise each file system; where that is not to be had, what lies there."""
        try:
            there = all(syncfs(descriptor, room) for room, descriptor in opened.items())
        finally:
            for descriptor in opened.values():
                os.close(descriptor)
        if not there:
            _one_by_one(names, rooms, top)

    return sync


def _room_of(name: str) -> str:
    """Return the directory of a file: as ``os.path.dirname`` at a third of the cost, for thousands."""
    return name.rpartition("/")[0] or name[: name[:1] == "/"]


def _one_of_each_file_system(directories: Iterable[str]) -> dict[str, int]:
    """Return a directory of each file system that these lie on, opened.

    Raises:
        StorageError: One is missing, or cannot be opened; none is left open.
    """
    found: dict[int, str] = {}
    opened: dict[str, int] = {}
    for directory in directories:
        with storage_errors(directory):
            status = os.stat(directory or os.curdir)  # noqa: PTH116 - text, for hundreds of them
            found.setdefault(status.st_dev, directory)
    try:
        for directory in found.values():
            with storage_errors(directory):
                opened[directory] = os.open(directory or os.curdir, _DIRECTORY)
    except BaseException:
        for descriptor in opened.values():
            os.close(descriptor)
        raise
    return opened


def _syncfs() -> Callable[[int, str], bool] | None:
    """Return what synchronises a file system, and says whether it can; None where the system cannot."""
    import ctypes

    syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if syncfs is None:
        return None

    def synced(descriptor: int, directory: str) -> bool:
        """Synchronise the file system of an open directory; False where that is not to be had."""
        if not syncfs(descriptor):
            return True
        number = ctypes.get_errno()
        if number in _NO_SYNCFS:
            return False
        raise storage_error(OSError(number, os.strerror(number)), directory)

    return synced


def _one_by_one(names: Iterable[str], rooms: Iterable[str], top: str | Path | None) -> None:
    """Synchronise files, and the directories that they lie in, each by itself."""
    directories = dict.fromkeys(map(Path, rooms))
    if top is not None:
        above = [one for directory in directories for one in directory.parents]
        directories |= dict.fromkeys(one for one in above if one.is_relative_to(top))
    jobs = [
        *((sync_file, Path(one)) for one in names),
        *((sync_directory, one) for one in directories),
    ]
    if jobs:
        _in_parallel(jobs)


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
