"""What a folder remembers of the releases whose files lie in it.

=======================  =================================================================================
name                     holds
=======================  =================================================================================
``.rme/record.yml``      the record of the release, once all of its files lie there
``.rme/coming.yml``      the record of the one that is on its way; it becomes the other one at the end
``.rme/earlier/*.yml``   the records of those whose files may still lie there until then
``.rme/yours.json``      the paths of their files that lay there before any release came: a list
=======================  =================================================================================

So a run that was cut off, and the next one, know which files a release has brought.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import attrs

from store.errors import ArchiveError, QueryError, RefusedError, UnsafeNameError
from store.files.atomic import discard, make_directories, rename, write_bytes
from store.files.failures import storage_errors
from store.files.names import derived_name, inside
from store.files.syncing import sync_directory, sync_file
from store.integrity.regular import read_regular
from store.releases.layout import MARKER
from store.releases.records import Record
from store.releases.resolving import resolved
from store.releases.yours import read_note

HIDDEN: Final = ".rme"
"""The name of the directory in a folder that holds what is said of the release itself."""

RECORD: Final = f"{HIDDEN}/record.yml"
"""Where the record lies; it gets this name last: a folder without it is no whole release."""

COMING: Final = f"{HIDDEN}/coming.yml"
"""Where the record of a release lies while its files are on their way."""

EARLIER: Final = f"{HIDDEN}/earlier"
"""The directory of the records whose files may lie there until then."""

YOURS: Final = f"{HIDDEN}/yours.json"
"""Where it is noted which files no release has brought though one has them: see `store.releases.yours`."""

_TAKEN: Final = tuple(f"{one}/" for one in (EARLIER, RECORD, COMING, YOURS))
"""How no path in a release may begin, in whatever case."""

_SHOWN: Final = 5
"""How many files are named that are in the way."""


def refuse_taken(release: Record) -> None:
    """Refuse a release with a path that every folder keeps for what is said of the release itself.

    Raises:
        UnsafeNameError: It has one, in whatever case: there are file systems on which case is nothing.
    """
    paths = (*release.directories, *(one.path for one in release.blobs))
    for path in [one for one in paths if one[: len(HIDDEN)].casefold() == HIDDEN]:
        folded = path.casefold()
        is_file = folded == HIDDEN and path not in release.directories
        if is_file or f"{folded}/".startswith(_TAKEN):
            raise UnsafeNameError(
                f"{release.title} is refused: it has a {path!r} of its own, which the folder that it comes"
                " to keeps for itself; publish it without",
                name=path,
            )


def record_in(folder: Path) -> Record | None:
    """Return the record of the release that a folder holds, or None where it holds no whole one."""
    return _read(folder / RECORD)


def held_in(folder: Path) -> tuple[Record, ...]:
    """Return the records of the releases whose files may lie in a folder: fetched to it, or begun.

    They have no file that lay there before any release came.

    Raises:
        UnsafeNameError: A link stands where our own names belong.
    """
    yours = read_note(inside(folder, YOURS))
    whole = _read(inside(folder, RECORD))
    if whole is not None:
        return (_without(whole, yours),)  # what else is noted is of a run cut off at its very end
    names = [inside(folder, COMING)]
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        names += sorted(inside(folder, EARLIER).iterdir())
    return tuple(_without(one, yours) for one in map(_read, names) if one is not None)


def begin(folder: Path, text: bytes, *, durable: bool) -> bool:
    """Note that the files of a release come to lie in a folder; from now on it holds no whole one.

    Args:
        folder: The folder.
        text: The record of the release. Where it is that of the folder already, nothing changes.
        durable: Whether the note lasts before the first file comes.

    Returns:
        Whether the folder holds that very release already, and as a whole.

    Raises:
        StorageError: It cannot be noted.
    """
    record, coming = folder / RECORD, folder / COMING
    with storage_errors(record):
        if _bytes(record) == text:
            return True
        for one in (record, coming):
            said = _bytes(one)
            if said is not None and said != text:
                make_directories(folder / EARLIER)
                rename(one, folder / EARLIER / f"{derived_name(said.decode('latin-1'))[:16]}.yml")
        if _bytes(coming) != text:
            write_bytes(coming, text, durable=durable, via=folder / HIDDEN)
    return False


def finish(folder: Path, text: bytes, *, durable: bool) -> None:
    """Note that all files of a release lie in a folder, and last.

    Raises:
        StorageError: It cannot be noted.
    """
    record, coming = folder / RECORD, folder / COMING
    with storage_errors(record):
        if _bytes(coming) == text:
            rename(coming, record)
        elif _bytes(record) != text:
            write_bytes(record, text, durable=durable, via=folder / HIDDEN)
        if durable:
            sync_file(record)  # a run that was cut off may have written it
            sync_directory(record.parent)
        discard(folder / EARLIER)


def refuse_archive(folder: Path) -> None:
    """Refuse to fill a folder that lies in an archive, or is one: others would take it for releases.

    An archive's marker that a release has brought makes a folder none.

    Raises:
        RefusedError: It does.
        StorageError: It leads in circles.
    """
    whole = resolved(folder)
    for one in (whole, *whole.parents):
        if os.path.lexists(one / MARKER) and not _brought(one):
            raise RefusedError(
                f"{folder} is not filled: it lies in the archive {one}; choose a folder elsewhere",
                limit="archive",
            )


def refuse_foreign(folder: Path, paths: Iterable[str]) -> None:
    """Refuse to replace files that no release has brought.

    Args:
        folder: The folder.
        paths: Those that would be replaced.

    Raises:
        RefusedError: There are any.
    """
    found = sorted(paths)
    if not found:
        return
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    raise RefusedError(
        f"{folder} holds files that no release has brought, and that would be replaced:"
        f" {', '.join(found[:_SHOWN])}{more}; move them away, choose another folder, or replace them"
        " with --force",
        limit="force",
    )


def _brought(folder: Path) -> bool:
    """Whether the marker of an archive is there as a file of a release that the folder holds."""
    with contextlib.suppress(UnsafeNameError, OSError):
        return any(blob.path == MARKER for one in held_in(folder) for blob in one.blobs)
    return False


def _without(record: Record, paths: frozenset[str]) -> Record:
    if not paths:
        return record
    return attrs.evolve(record, blobs=tuple(one for one in record.blobs if one.path not in paths))


def _read(path: Path) -> Record | None:
    try:
        return Record.from_text(read_regular(path), name=str(path))
    except (OSError, ValueError, ArchiveError, QueryError, UnsafeNameError):
        return None


def _bytes(path: Path) -> bytes | None:
    try:
        return read_regular(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
