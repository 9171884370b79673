"""What a suite of archives is told, and what its tests share."""

from __future__ import annotations

import abc
from pathlib import Path
from typing import Any, ClassVar

from store.releases.downloading import Downloaded, Manner, download
from store.releases.holding import HIDDEN
from store.releases.interface import ArchiveInterface
from store.releases.names import DEFAULT_WORKSPACE
from store.releases.publishing import Published, Wanted, publish
from store.releases.records import Record
from store.releases.versions import Expressions, Version
from store.testing.deviations import Suite

TITLE = "survey"
"""What the tests' releases are called."""


class ArchiveSubject(Suite):
    """What an archive's tests need to know; `store.testing.releases.ArchiveSuite` says it in full."""

    yanks: ClassVar[bool] = True
    lists: ClassVar[bool] = True

    @abc.abstractmethod
    def make(self, origin: Path) -> ArchiveInterface:
        """Return the archive of a directory."""

    @abc.abstractmethod
    def spoil(self, origin: Path, record: Record, path: str) -> None:
        """Damage the content of a published file."""


def release(
    archive: ArchiveInterface,
    project: Path,
    version: str = "1.0.0",
    *,
    workspace: str = DEFAULT_WORKSPACE,
    more: dict[str, Any] | None = None,
) -> Published:
    """Publish a project."""
    wanted = Wanted(TITLE, Version.parse(version), workspace, more=more)
    return publish(archive, project, wanted, threads=4)


def versions(archive: ArchiveInterface, expressions: Expressions = None) -> list[str]:
    """Return the versions that an archive finds, in its order."""
    found = archive.get_release_records(TITLE, expressions, DEFAULT_WORKSPACE)
    return [str(data["version"]) for data in found.values()]


def record_of(archive: ArchiveInterface, version: str = "1.0.0") -> Record:
    """Return a record as an archive has it."""
    found = archive.get_release_records(TITLE, [f"=={version}"], DEFAULT_WORKSPACE)
    return Record.from_data(found[f"{TITLE}-v{version}"])


def fetched(archive: ArchiveInterface, record: Record, folder: Path) -> Downloaded:
    """Download a release for editing."""
    return download(archive, record, DEFAULT_WORKSPACE, folder, Manner(threads=4, durable=False))


def files_in(folder: Path) -> dict[str, tuple[bytes, bool]]:
    """Return the content of the files in a folder, and whether each is for running."""
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), bool(path.stat().st_mode & 0o100))
        for path in sorted(folder.rglob("*"))
        if path.is_file() and HIDDEN not in path.relative_to(folder).parts
    }
