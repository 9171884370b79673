"""Looks through a local tree: which files are there, and their stamps."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from store.errors import StorageError
from store.files.failures import storage_errors
from store.files.unfinished import is_ours, will_be_finished

Stamped = tuple[int, ...]
"""A file's device, inode, size, and times of modification and change in nanoseconds."""


class Scan(NamedTuple):
    """What a look through a tree found.

    Attributes:
        stamps: The stamp of each regular file, by its relative name with ``/`` between components.
        notes: What was passed over, for people.
        seen: The names of all regular files, those that do not take part too.
        dead: The paths of what killed processes of ours left unfinished.
        odd: The names of all that is neither a regular file nor a directory.
        rooms: The names of all directories.
    """

    stamps: dict[str, Stamped]
    notes: list[str]
    seen: Collection[str]
    dead: Sequence[str] = ()
    odd: Collection[str] = ()
    rooms: Collection[str] = ()


def scan(root: str | Path, wanted: Callable[[str], bool] | None = None) -> Scan:
    """Look through a tree. No link is followed; what is no regular file is passed over and noted.

    What of ours is not finished (`store.files.unfinished.is_ours`) is passed over, too.

    Args:
        root: The directory; it may itself be reached through a link.
        wanted: Which names take part; None for all.

    Raises:
        StorageError: It is missing, no directory, or a directory below it cannot be read.
    """
    stamps: dict[str, Stamped] = {}
    odd, dead, rooms = list[str](), list[str](), list[str]()
    pending = [("", os.fspath(root))]
    while pending:
        prefix, directory = pending.pop()
        rooms.append(prefix.removesuffix("/"))
        with storage_errors(directory), os.scandir(directory) as entries:
            for entry in entries:
                if not is_ours(entry.name):
                    _look(entry, prefix, pending, stamps, odd)
                elif not will_be_finished(entry.name):
                    dead.append(entry.path)
    seen = stamps
    if wanted is not None:
        stamps = {name: found for name, found in stamps.items() if wanted(name)}
    notes = _told(odd if wanted is None else [name for name in odd if wanted(name)])
    return Scan(stamps, notes, seen, dead, odd, rooms[1:])


def refuse_a_file(root: str) -> None:
    """Refuse a lone file where the files below a directory are meant.

    Raises:
        StorageError: It is one.
    """
    if os.path.isfile(root):  # noqa: PTH113 - text
        raise StorageError(
            f"{root} is a file, and no directory: 'store bucket put' (add_file) puts it alone, and 'get'"
            " (get_file) gets one",
            path=root,
        )


def stamp_files(files: Mapping[str, str]) -> dict[str, Stamped]:
    """Return the stamps of some files by their keys; links are followed.

    Raises:
        StorageError: One is missing or no regular file.
    """
    found = {}
    for key, path in files.items():
        with storage_errors(path):
            status = os.stat(path)  # noqa: PTH116 - text, for thousands of them
            if not stat.S_ISREG(status.st_mode):
                raise IsADirectoryError(21, "is no regular file", path)
        found[key] = stamped(status)
    return found


def stamp_at(path: str | Path) -> Stamped:
    """Return the stamp of what lies at a path, a link's own; empty where nothing does."""
    try:
        return stamped(os.lstat(path))
    except (FileNotFoundError, NotADirectoryError):
        return ()


def stamped(status: os.stat_result) -> Stamped:
    """Return the stamp in what stat says."""
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _look(
    entry: os.DirEntry[str],
    prefix: str,
    pending: list[tuple[str, str]],
    stamps: dict[str, Stamped],
    odd: list[str],
) -> None:
    if entry.is_dir(follow_symlinks=False):
        pending.append((f"{prefix}{entry.name}/", entry.path))
        return
    try:
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return  # gone since the directory was read
    if stat.S_ISREG(status.st_mode):
        stamps[prefix + entry.name] = stamped(status)
    else:
        odd.append(prefix + entry.name)


def _told(odd: list[str]) -> list[str]:
    if not odd:
        return []
    more = f" and {len(odd) - 1} more" if len(odd) > 1 else ""
    verb = "are" if more else "is"
    return [f"{min(odd)!r}{more} {verb} passed over: links and special files are no content"]
