"""The suite that an archive of releases inherits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from store.releases.interface import ArchiveInterface
from store.releases.records import Record
from store.testing.deviations import untold
from store.testing.release_publishing import PublishingTests
from store.testing.release_reading import ReadingTests

__all__ = ["ArchiveSuite"]


class ArchiveSuite(ReadingTests, PublishingTests, suite=True):
    """What every archive of releases must do.

    A test says how one is made, and how a blob of it is damaged behind its back::

        class TestDirectory(ArchiveSuite):
            def make(self, origin):
                return FileSystemArchive.create(origin)

            def spoil(self, origin, record, path):
                blob = origin / "…" / record.blob(path).pid
                blob.chmod(0o644)
                blob.write_bytes(b"x" * record.blob(path).size)

    ``make`` is called several times with one directory, and each time gives the same archive as another
    process would see it.
    """

    yanks: ClassVar[bool] = True
    """Whether the archive marks versions that ranges pass over."""

    lists: ClassVar[bool] = True
    """Whether the archive can list all that it has."""

    def make(self, origin: Path) -> ArchiveInterface:  # noqa: ARG002 - for who tells
        """Return the archive that belongs to a directory of the test's own, begun where there is none."""
        raise untold(self, "make(self, origin)")

    def spoil(self, origin: Path, record: Record, path: str) -> None:  # noqa: ARG002 - for who tells
        """Damage the content of a published file in the archive, its size unchanged."""
        raise untold(self, "spoil(self, origin, record, path)")

    @pytest.fixture
    def origin(self, tmp_path: Path) -> Path:
        """A directory of the archive's own."""
        return tmp_path / "origin"

    @pytest.fixture
    def archive(self, origin: Path) -> Iterator[ArchiveInterface]:
        """An archive that is empty."""
        opened = self.make(origin)
        yield opened
        opened.close()

    @pytest.fixture
    def project(self, tmp_path: Path) -> Path:
        """A project to be published."""
        directory = tmp_path / "project"
        (directory / "data").mkdir(parents=True)
        (directory / "hollow").mkdir()
        (directory / "a.txt").write_bytes(b"first\n")
        (directory / "data" / "table.csv").write_bytes(b"1,2,3\n")
        (directory / "empty").write_bytes(b"")
        (directory / "run").write_bytes(b"#!/bin/sh\n")
        (directory / "run").chmod(0o755)
        return directory
