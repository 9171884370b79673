"""Says whether a directory is an archive, and what to do if not."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path

from store.errors import ArchiveError, RefusedError, ResourceNotFoundError
from store.files.failures import storage_errors
from store.files.unfinished import is_ours
from store.releases.layout import MARKER
from store.releases.resolving import resolved
from store.releases.shelves import directories_in


def check_archive(path: Path, host: str) -> None:
    """Refuse a directory that is no archive.

    Args:
        path: The directory.
        host: What it was called.

    Raises:
        ResourceNotFoundError: There is nothing.
        ArchiveError: It has no marker.
        StorageError: It may not be read.
    """
    begin = _init(host)
    with storage_errors(path):
        if has_marker(path):
            return
        if not os.path.lexists(path):
            raise ResourceNotFoundError(
                f"there is no archive {host}: {begin} begins one", query=host
            )
        if path.is_dir() and is_bare(path):
            raise ArchiveError(
                f"{path} is no archive: it is empty; make it one with {begin}", archive=str(path)
            )
    raise no_archive(path)


def has_marker(path: Path) -> bool:
    """Whether a directory says that it is an archive.

    Raises:
        OSError: It may not be looked at.
    """
    try:
        return stat.S_ISREG(os.stat(path / MARKER).st_mode)  # noqa: PTH116 - others swallow errors
    except (FileNotFoundError, NotADirectoryError):
        return False


def is_bare(path: Path) -> bool:
    """Whether nothing lies in a directory, but for what somebody of ours has not finished.

    Raises:
        OSError: It cannot be read.
    """
    names = os.listdir(path)  # noqa: PTH208 - names alone
    return all(map(is_ours, names))


def no_archive(path: Path) -> ArchiveError:
    """Return the error that a directory with other things in it is no archive.

    Raises:
        StorageError: It may not be read.
    """
    if path.is_file():
        return ArchiveError(
            f"{path} is no archive, but a file: name the directory", archive=str(path)
        )
    text = f"{path} is no archive: it has no {MARKER}"
    if any(True for space in directories_in(path) for _ in (path / space).glob("*/blobs")):
        return ArchiveError(
            f"{text}, but releases; if it is one, put back an empty file of that name",
            archive=str(path),
        )
    return ArchiveError(
        f"{text}, and is not empty, as an archive begins: choose another, as in"
        f" {_init(str(path / 'archive'))}",
        archive=str(path),
    )


def check_outside(path: Path) -> None:
    """Refuse to begin an archive in an archive: what is fetched and published there would go astray.

    Raises:
        RefusedError: It would lie in one.
        StorageError: It leads in circles.
    """
    above = next((one for one in resolved(path).parents if (one / MARKER).is_file()), None)
    if above is not None:
        raise RefusedError(
            f"{path} lies in the archive {above}, in which no other is begun: choose a place beside it",
            limit="archive",
        )


def _init(host: str) -> str:
    """Return the command that begins an archive, as it can be copied to a shell."""
    spelled = shlex.quote(host)
    return f"'store release init {host}'" if spelled == host else f"store release init {spelled}"
