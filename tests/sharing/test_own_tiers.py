"""Every tier of ours keeps what the suite promises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from store.config.tier import Tier
from store.sharing.base import SharedTier
from store.sharing.directory import DirectoryTier
from store.sharing.http_cas import HttpTier
from store.sharing.objects import ObjectTier
from store.testing.cas import CasServer
from store.testing.objects import FakeObjects
from store.testing.tiers import TierSuite
from store.transports.base import TransferOptions


class TestDirectory(TierSuite):
    """A directory."""

    def make(self, directory: Path) -> SharedTier:
        """Use the directory itself."""
        return DirectoryTier(Tier(str(directory)), TransferOptions())


class TestHttp(TierSuite):
    """A server."""

    @pytest.fixture(autouse=True)
    def _served(self) -> Iterator[None]:
        """Have a server for each test."""
        with CasServer() as self.server:
            yield

    def make(self, directory: Path) -> SharedTier:
        """Ask the server."""
        del directory
        return HttpTier(Tier(self.server.url), TransferOptions())


class TestObjects(TierSuite):
    """A prefix in a bucket."""

    def make(self, directory: Path) -> SharedTier:
        """Keep objects in memory."""
        del directory
        return ObjectTier(Tier("s3://team/prefix"), TransferOptions(), FakeObjects("team"))
