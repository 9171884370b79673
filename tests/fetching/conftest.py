"""A fresh house for each test: settings, cache directory, plugins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from store.cache.backends.base import Cache
from store.fetching import single
from store.hooks import hookimpl
from store.plugins.manager import plugins
from store.testing.fakes import FakeStore
from store.testing.servers import Server


@pytest.fixture(autouse=True)
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Point every setting into the test's directory, and return the cache's."""
    monkeypatch.setenv("STORE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("STORE_CONFIG_FILE", str(tmp_path / "config.toml"))
    monkeypatch.setenv("STORE_DURABILITY", "relaxed")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr(single, "_default", None)
    yield tmp_path / "cache"
    plugins.cache_clear()


@pytest.fixture
def server() -> Iterator[Server]:
    """Give a real server on loopback."""
    with Server() as running:
        yield running


class RemoteStore(FakeStore):
    """A stranger's store that needs the network to know anything, as far as it says."""

    needs_network = True
    metadata_needs_network = True
    asked = 0
    max_age: float | None = None

    def get_resource_metadata(self, query: Any) -> Any:
        """Count the questions."""
        type(self).asked += 1
        return super().get_resource_metadata(query)

    def resolution_max_age(self, query: Any) -> float | None:
        """Say what the test wants."""
        return self.max_age


@pytest.fixture
def remote() -> type[RemoteStore]:
    """Register a stranger's driver ``remote`` that has one resource ``a.txt``, and return its class."""

    class Counted(RemoteStore):
        """A store of its own for each test."""

        def __init__(self, store_configuration: Any, cache_backend: Cache) -> None:
            super().__init__({"resources": {"a.txt": b"remote"}}, cache_backend)

    class Plugin:
        """A plugin that brings one driver."""

        @hookimpl
        def store_drivers(self) -> dict[str, type[Counted]]:
            """Bring it."""
            return {"remote": Counted}

    plugins().register(Plugin(), "test-plugin")
    return Counted
