"""Says in what two releases, or a release and a folder, differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from store.releases.gathering import gather
from store.releases.holding import HIDDEN
from store.releases.mapping import Blob
from store.releases.matching import stands
from store.releases.records import Record


class Difference(NamedTuple):
    """In what two differ, by paths.

    Attributes:
        added: What only the second has.
        removed: What only the first has.
        changed: What both have, with another content or x bit.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]

    def __bool__(self) -> bool:
        """Whether they differ at all."""
        return bool(self.added or self.removed or self.changed)


def compare_records(first: Record, second: Record) -> Difference:
    """Return in what two releases differ."""
    ours = {one.path: one for one in first.blobs}
    theirs = {one.path: one for one in second.blobs}
    return _difference(ours, theirs, lambda path: not _same(ours[path], theirs[path]))


def compare_folder(record: Record, folder: Path, *, whole: bool = True) -> Difference:
    """Return in what a folder differs from a release.

    Args:
        record: The release.
        folder: The folder.
        whole: Look for files that the release does not have, too; what would not be released is passed over.

    Raises:
        StorageError: The folder cannot be read.
    """
    ours = {one.path: one for one in record.blobs}
    there = {path for path in ours if (folder / path).is_file()}
    if whole and folder.is_dir():
        there |= {one.path for one in gather(folder, exclude=(HIDDEN,)).files}
    return _difference(ours, there, lambda path: not stands(folder, ours[path]))


def _difference(
    ours: Iterable[str], theirs: Iterable[str], changed: Callable[[str], bool]
) -> Difference:
    first, second = set(ours), set(theirs)
    return Difference(
        tuple(sorted(second - first)),
        tuple(sorted(first - second)),
        tuple(sorted(path for path in first & second if changed(path))),
    )


def _same(one: Blob, other: Blob) -> bool:
    if one.digest is None or other.digest is None:
        return one.pid == other.pid and one.size == other.size
    return one.digest == other.digest and one.executable == other.executable
