"""The suite that a registry passes on whatever engine it lies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from store.clock import Clock
from store.registry.manager import Cache
from store.testing.deviations import untold
from store.testing.fakes import FakeClock
from store.testing.registry_changes import ChangeTests
from store.testing.registry_cleaning import CleaningTests
from store.testing.registry_items import ItemTests
from store.testing.registry_questions import OddSearchTests
from store.testing.registry_searches import SearchTests

__all__ = ["RegistrySuite"]


class RegistrySuite(ItemTests, ChangeTests, SearchTests, OddSearchTests, CleaningTests, suite=True):
    """What every registry must do.

    A test says how one is made::

        class TestSqlite(RegistrySuite):
            def make(self, directory, clock):
                return Cache(directory, clock=clock)

    ``make`` is called several times with one directory, and each time gives the same registry as another
    process would see it.
    """

    def make(self, directory: Path, clock: Clock) -> Cache:  # noqa: ARG002 - for who tells
        """Return the registry of a directory that is the test's own."""
        raise untold(self, "make(self, directory, clock)")

    @pytest.fixture
    def clock(self) -> FakeClock:
        """The time, which stands still."""
        return FakeClock()

    @pytest.fixture
    def directory(self, tmp_path: Path) -> Path:
        """Where the registry's files lie; not made yet."""
        return tmp_path / "registry"

    @pytest.fixture
    def cache(self, directory: Path, clock: FakeClock) -> Iterator[Cache]:
        """A registry that is empty."""
        with self.make(directory, clock) as cache:
            yield cache

    @pytest.fixture
    def other(self, directory: Path, clock: FakeClock) -> Iterator[Cache]:
        """The same registry, as another process would see it."""
        with self.make(directory, clock) as cache:
            yield cache
