"""The archive on a CDCS passes the suite that strangers' are to pass."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from store.releases.cdcs import CDCSArchive
from store.releases.interface import ArchiveInterface
from store.releases.records import Record
from store.testing.curators import FakeCurator
from store.testing.releases import ArchiveSuite
from store.transports.base import Retrying, TransferOptions

OPTIONS = TransferOptions(retrying=Retrying(base=0.0))


class TestCdcs(ArchiveSuite):
    """A server, the fake one: blobs are damaged behind its back."""

    servers: ClassVar[dict[Path, FakeCurator]] = {}

    @pytest.fixture(autouse=True)
    def _stop(self) -> Iterator[None]:
        yield
        while self.servers:
            self.servers.popitem()[1].stop()

    def make(self, origin: Path) -> ArchiveInterface:
        """Log in."""
        if origin not in self.servers:
            self.servers[origin] = FakeCurator(workspaces=("drafts", "other", "team"))
        archive = CDCSArchive(self.servers[origin].url, "admin", "admin", options=OPTIONS)
        archive.initialise()
        return archive

    def spoil(self, origin: Path, record: Record, path: str) -> None:
        """Write over a blob."""
        blob = record.blob(path)
        state = self.servers[origin].state
        number = state.named[(blob.pid or "").rpartition("/")[2]]
        state.contents[number] = b"x" * (blob.size or 0)
