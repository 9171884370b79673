"""Our archives pass the suite that strangers' are to pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest

from store.releases.filesystem import FileSystemArchive
from store.releases.interface import ArchiveInterface
from store.releases.layout import blob_name, shelf_of
from store.releases.names import DEFAULT_WORKSPACE
from store.releases.objects import ObjectArchive
from store.releases.records import Record
from store.testing.objects import FakeObjects
from store.testing.releases import ArchiveSuite


class TestDirectory(ArchiveSuite):
    """A directory."""

    def make(self, origin: Path) -> ArchiveInterface:
        """Open it."""
        return FileSystemArchive.create(origin)

    def spoil(self, origin: Path, record: Record, path: str) -> None:
        """Write over a blob."""
        blob = record.blob(path)
        shelf = origin / shelf_of(DEFAULT_WORKSPACE, record.title_versionless)
        file = shelf / blob_name(blob.pid or "")
        file.chmod(0o644)
        file.write_bytes(b"x" * (blob.size or 0))


class TestBucket(ArchiveSuite):
    """A prefix of a bucket."""

    buckets: ClassVar[dict[Path, FakeObjects]] = {}

    @pytest.fixture(autouse=True)
    def _forget(self) -> Any:
        yield
        self.buckets.clear()

    def make(self, origin: Path) -> ArchiveInterface:
        """Open it."""
        return ObjectArchive.create(self.buckets.setdefault(origin, FakeObjects()), "some/where")

    def spoil(self, origin: Path, record: Record, path: str) -> None:
        """Write over a blob."""
        blob = record.blob(path)
        shelf = shelf_of(DEFAULT_WORKSPACE, record.title_versionless)
        key = f"some/where/{shelf}/{blob_name(blob.pid or '')}"
        self.buckets[origin].put(key, b"x" * (blob.size or 0))
