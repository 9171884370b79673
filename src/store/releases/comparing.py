"""Says in what two releases, or a release and a folder, differ."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import NamedTuple

from store.releases.gathering import gather
from store.releases.mapping import Blob
from store.releases.matching import runs_alike, stands
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
    """Return in what two releases differ; an empty directory has a slash at its end."""
    ours = {one.path: one for one in first.blobs}
    theirs = {one.path: one for one in second.blobs}
    found = _difference(ours, theirs, lambda path: not _same(ours[path], theirs[path]))
    return _with_directories(
        found, Content(ours, first.directories), Content(theirs, second.directories)
    )


def compare_folder(
    record: Record, folder: Path, *, whole: bool = True, apart: Path | None = None
) -> Difference:
    """Return in what a folder differs from a release; an empty directory has a slash at its end.

    Args:
        record: The release.
        folder: The folder.
        whole: Look for what the release does not have, too; what would not be released is passed over.
        apart: An archive, which is passed over where it lies in the folder.

    Raises:
        StorageError: The folder cannot be read.
    """
    ours = {one.path: one for one in record.blobs}
    there = {path for path in ours if (folder / path).is_file()}
    directories = {path for path in record.directories if (folder / path).is_dir()}
    if whole and folder.is_dir():
        plan = gather(folder, apart=apart, anything=True)
        there |= {one.path for one in plan.files}
        directories |= set(plan.directories)

    def changed(path: str) -> bool:
        """Whether a file of the release is another one in the folder, or is run otherwise."""
        return not (stands(folder, ours[path]) and runs_alike(folder, ours[path]))

    found = _difference(ours, there, changed)
    return _with_directories(found, Content(ours, record.directories), Content(there, directories))


class Content(NamedTuple):
    """What lies in a project.

    Attributes:
        files: The paths of its files.
        directories: The paths of its directories; those that hold something may be missing.
    """

    files: Collection[str]
    directories: Collection[str]

    def rooms(self) -> set[str]:
        """Return the paths of all its directories."""
        return {*self.directories, *_above((*self.files, *self.directories))}

    def empty(self) -> set[str]:
        """Return the paths of the directories in which nothing lies."""
        return set(self.directories) - _above((*self.files, *self.directories))


def _with_directories(found: Difference, first: Content, second: Content) -> Difference:
    """Add empty directories that only one of two has."""
    added = {f"{one}/" for one in second.empty() - first.rooms()}
    removed = {f"{one}/" for one in first.empty() - second.rooms()}
    return found._replace(
        added=tuple(sorted({*found.added, *added})),
        removed=tuple(sorted({*found.removed, *removed})),
    )


def _above(paths: Iterable[str]) -> set[str]:
    """Return the paths of all directories above others."""
    return {
        "/".join(parts[:length])
        for parts in (path.split("/") for path in paths)
        for length in range(1, len(parts))
    }


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
