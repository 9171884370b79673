"""Looks at an archive's directory: is it one, and what lies in it."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Final

from store.errors import ArchiveError, ResourceNotFoundError
from store.files.failures import storage_errors
from store.releases.layout import MARKER, version_in
from store.releases.versions import Version

MAX_REASON: Final = 4096
"""How long the reason for a yank may be, in bytes."""


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
    begin = f"'store release init {shlex.quote(host)}'"
    with storage_errors(path):
        if (path / MARKER).is_file():
            return
        if not os.path.lexists(path):
            raise ResourceNotFoundError(
                f"there is no archive {host}: {begin} begins one", query=host
            )
        if path.is_dir() and not any(path.iterdir()):
            raise ArchiveError(
                f"{path} is no archive: it is empty; make it one with {begin}", archive=str(path)
            )
    raise no_archive(path)


def no_archive(path: Path) -> ArchiveError:
    """Return the error that a directory with other things in it is no archive.

    Raises:
        StorageError: It may not be read.
    """
    text = f"{path} is no archive: it has no {MARKER}"
    if any(True for space in directories_in(path) for _ in (path / space).glob("*/blobs")):
        return ArchiveError(
            f"{text}, but releases; if it is one, put back an empty file of that name",
            archive=str(path),
        )
    return ArchiveError(
        f"{text}, and is not empty, as an archive begins: choose another, as in 'store release init"
        f" {shlex.quote(str(path / 'archive'))}'",
        archive=str(path),
    )


def directories_in(path: Path) -> list[str]:
    """Return the names of what may be a workspace or a shelf, sorted; none where there is no directory.

    Raises:
        StorageError: It cannot be read.
    """
    with storage_errors(path):
        try:
            with os.scandir(path) as entries:
                return sorted(one.name for one in entries if one.name[:1] != "." and one.is_dir())
        except (FileNotFoundError, NotADirectoryError):
            return []


def versions_in(shelf: Path, title: str) -> list[Version]:
    """Return the versions of which records lie on a shelf.

    Raises:
        StorageError: It cannot be read.
    """
    found = (version_in(name, title) for name in _names(shelf))
    return [one for one in found if one is not None]


def yanked_in(directory: Path) -> dict[Version, str]:
    """Return the versions that are noted as yanked in a directory, and why.

    Raises:
        StorageError: It cannot be read.
    """
    found = {}
    for name in _names(directory):
        version = version_in(f"-v{name}.yml", "")
        if version is not None:
            path = directory / name
            with storage_errors(path):
                reason = path.read_bytes()[:MAX_REASON]
            found[version] = reason.decode(errors="replace")
    return found


def _names(directory: Path) -> list[str]:
    with storage_errors(directory):
        try:
            return os.listdir(directory)  # noqa: PTH208 - names alone, for thousands
        except (FileNotFoundError, NotADirectoryError):
            return []
