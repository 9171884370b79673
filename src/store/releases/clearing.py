"""Finds what is in the way of a release, and clears what may go.

A file and a directory of one name are in each other's way. What a release has brought, and nobody has changed
since, may go; so may an empty directory. A file of somebody's goes only where it was said so, a
directory in which one lies never does. All of that is found out before anything is removed or written.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from store.errors import RefusedError, UnsafeNameError
from store.files.atomic import discard
from store.files.failures import storage_errors
from store.files.names import inside
from store.releases.holding import HIDDEN, RECORD, refuse_foreign
from store.releases.mapping import Blob
from store.releases.matching import stands
from store.releases.records import Record

_SHOWN: Final = 5
"""How many directories are named that are in the way."""


class Clashes(NamedTuple):
    """What of somebody's is in the way.

    Attributes:
        files: Files that would be replaced.
        directories: Directories that stand where files are to come, and hold something of somebody's.
    """

    files: tuple[str, ...]
    directories: tuple[str, ...]


def refuse_clashes(folder: Path, release: Record, held: Sequence[Record], *, replace: bool) -> None:
    """Refuse to bring a release where something of somebody's is in its way; nothing is changed.

    Args:
        folder: The folder; it may be missing.
        release: What is to come.
        held: What its files may be of.
        replace: Whether files that no release has brought may be replaced.

    Raises:
        RefusedError: Something is in the way.
        UnsafeNameError: A link stands where a directory is to be.
        StorageError: The folder cannot be looked at.
    """
    found = _Look(folder, release, held).clashes(files=not replace)
    if found.directories:
        shown = ", ".join(f"{one}/" for one in found.directories[:_SHOWN])
        count = len(found.directories) - _SHOWN
        more = f" and {count} more" if count > 0 else ""
        raise RefusedError(
            f"{folder} holds directories where {release.title} has files, and something of yours in them:"
            f" {shown}{more} is in the way; move them away, or choose another folder",
            limit="directory",
        )
    refuse_foreign(folder, found.files)


def make_way(folder: Path, release: Record, held: Sequence[Record]) -> set[str]:
    """Remove what is in the way of a release; return the paths of an earlier one's files among that.

    Whoever calls this has asked `refuse_clashes` before.

    Raises:
        StorageError: It cannot be looked at.
    """
    removed = {path for one in held for path in retire(folder, one, release, way=True)}
    for path in sorted(rooms_of(release), key=len):
        status = _status(folder, path)
        if status is not None and not stat.S_ISDIR(status.st_mode):
            discard(inside(folder, path))
    for blob in release.blobs:
        status = _status(folder, blob.path)
        if status is not None and stat.S_ISDIR(status.st_mode):
            _remove_hollow(folder / blob.path)
    return removed


def retire(folder: Path, earlier: Record, release: Record, *, way: bool = False) -> list[str]:
    """Remove the files of an earlier release that were not changed and that another does not have.

    Args:
        folder: The folder.
        earlier: The release whose files go.
        release: The one that comes.
        way: Remove only those that are in its way: a directory comes to lie there, or a file in the place of
            a directory above.

    Returns:
        The paths of the files that were removed.
    """
    have = {blob.path for blob in release.blobs}
    rooms = rooms_of(release)
    removed = []
    for blob in earlier.blobs:
        path = blob.path
        if path in have or blob.digest is None or path.startswith(f"{HIDDEN}/"):
            continue
        if way and path not in rooms and have.isdisjoint(_above(path)):
            continue
        if _plain_file(folder, path) and stands(folder, blob):
            discard(folder / path)
            removed.append(path)
    _remove_empty(folder, set(earlier.directories) - set(release.directories))
    return removed


class _Look:
    """A look at a folder in which a release is to come to lie."""

    def __init__(self, folder: Path, release: Record, held: Sequence[Record]) -> None:
        self._folder, self._release = folder, release
        self._ours: dict[str, list[Blob]] = {}
        for blob in (blob for one in held for blob in one.blobs):
            self._ours.setdefault(blob.path, []).append(blob)
        self._rooms = {path for one in held for path in rooms_of(one)}
        self._whole = os.path.lexists(folder / RECORD)

    def clashes(self, *, files: bool) -> Clashes:
        """Return what is in the way; files only where they count."""
        found: list[str] = []
        stuck: list[str] = []
        for path in sorted(rooms_of(self._release)):
            inside(self._folder, path)  # no link is passed through
            status = _status(self._folder, path)
            if files and status is not None and not stat.S_ISDIR(status.st_mode):
                found += [] if self._goes(path) else [path]
        for blob in self._release.blobs:
            status = _status(self._folder, blob.path)
            if status is None:
                continue
            if stat.S_ISDIR(status.st_mode):
                stuck += [] if self._hollow(blob.path) else [blob.path]
            elif files and not self._may_go(blob, status):
                found.append(blob.path)
        return Clashes(tuple(found), tuple(stuck))

    def _may_go(self, blob: Blob, status: os.stat_result) -> bool:
        """Whether what stands where a file is to come is a release's, or is what comes.

        What a run that was cut off has noted it need not have brought: then the content must say so. An
        empty file may be what a power cut has left of it.
        """
        ours = self._ours.get(blob.path, [])
        if (ours and self._whole) or stands(self._folder, blob):
            return True
        plain, size = stat.S_ISREG(status.st_mode), status.st_size
        return plain and any(
            size == 0
            or stands(self._folder, one)
            or (one.digest is None and one.size in {None, size})
            for one in ours
        )

    def _goes(self, path: str) -> bool:
        """Whether a file is an earlier release's, and as that has brought it."""
        return any(
            one.digest is not None and stands(self._folder, one) for one in self._ours.get(path, ())
        )

    def _hollow(self, path: str) -> bool:
        """Whether nothing stays in a directory once what earlier releases have brought has gone."""
        place = self._folder / path
        with storage_errors(place), os.scandir(place) as entries:
            there = [(one.name, one.is_dir(follow_symlinks=False)) for one in entries]
        return path != HIDDEN and all(
            self._gone(f"{path}/{name}") if directory else self._goes(f"{path}/{name}")
            for name, directory in there
        )

    def _gone(self, path: str) -> bool:
        return path in self._rooms and self._hollow(path)


def rooms_of(release: Record) -> set[str]:
    """Return the paths of a release that must be directories."""
    return {above for blob in release.blobs for above in _above(blob.path)}.union(
        release.directories, *map(_above, release.directories)
    )


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:length]) for length in range(1, len(parts))]


def _status(folder: Path, path: str) -> os.stat_result | None:
    whole = folder / path
    with storage_errors(whole):
        try:
            return whole.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None


def _remove_hollow(directory: Path) -> None:
    """Remove a directory with all that is empty in it; never a file."""
    with storage_errors(directory):
        for place, _, _ in os.walk(directory, topdown=False):
            Path(place).rmdir()


def _remove_empty(folder: Path, directories: Iterable[str]) -> None:
    for path in sorted(directories, key=len, reverse=True):
        try:
            inside(folder, path).rmdir()
        except (OSError, UnsafeNameError):
            continue  # it holds something, or is gone


def _plain_file(folder: Path, path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(inside(folder, path)).st_mode)
    except (OSError, UnsafeNameError):
        return False
