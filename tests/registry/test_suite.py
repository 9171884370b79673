"""Both engines pass the suite that other engines inherit."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.clock import Clock
from store.registry.manager import Cache
from store.testing.registries import RegistrySuite


class TestSqlite(RegistrySuite):
    """A registry in a file."""

    def make(self, directory: Path, clock: Clock) -> Cache:
        """Open the directory."""
        return Cache(directory, clock=clock, durability="relaxed")


class TestPostgresql(RegistrySuite):
    """A registry on a real server."""

    @pytest.fixture(autouse=True)
    def _on_the_server(self, database: str) -> None:
        self.url = database

    def make(self, directory: Path, clock: Clock) -> Cache:
        """Open the test's database, with the files in the directory."""
        return Cache(url=self.url, files=directory, clock=clock, durability="relaxed")
