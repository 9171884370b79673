"""Looks at what lies in an archive's directory, by names alone."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from store.errors import StorageError
from store.files.failures import storage_errors
from store.integrity.regular import read_regular
from store.releases.layout import version_in
from store.releases.versions import Version

T = TypeVar("T")

MAX_REASON: Final = 4096
"""How long the reason for a yank may be, in bytes."""


def directories_in(path: Path) -> list[str]:
    """Return the names of what may be a workspace or a shelf, sorted; none where there is no directory.

    Raises:
        StorageError: It cannot be read.
    """
    with storage_errors(path):
        try:
            with os.scandir(path) as entries:
                return sorted(
                    one.name for one in entries if one.name[:1] != "." and _is_directory(one)
                )
        except (FileNotFoundError, NotADirectoryError):
            return []


def readable(work: Callable[[], T], passed: list[StorageError] | None) -> T | None:
    """Return what is found in a workspace or on a shelf; None where it is unreadable, and may be passed over.

    Args:
        work: Looks there.
        passed: Takes the error of what is passed over; None where just that was asked for.

    Raises:
        StorageError: It cannot be read.
    """
    try:
        return work()
    except StorageError as error:
        if passed is None or not isinstance(error.__cause__, PermissionError):
            raise
        passed.append(error)
        return None


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
            reason = _reason(directory / name)
            if reason is not None:
                found[version] = reason
    return found


def reason_as_bytes(reason: str) -> bytes:
    """Return the reason for a yank as it is kept: `MAX_REASON` bytes of whole letters at the most."""
    kept = reason.encode(errors="replace")[:MAX_REASON]
    return kept.decode(errors="ignore").encode()


def _reason(path: Path) -> str | None:
    """Return why a version is yanked; None where somebody has just taken the mark away."""
    with storage_errors(path):
        try:
            return read_regular(path)[:MAX_REASON].decode(errors="replace")
        except ValueError:
            return ""  # whatever lies there, it is yanked
        except FileNotFoundError:
            return "" if os.path.lexists(path) else None


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError as error:
        if error.errno == errno.ELOOP:
            return False  # a link that leads in circles
        raise


def _names(directory: Path) -> list[str]:
    with storage_errors(directory):
        try:
            return os.listdir(directory)  # noqa: PTH208 - names alone, for thousands
        except (FileNotFoundError, NotADirectoryError):
            return []
