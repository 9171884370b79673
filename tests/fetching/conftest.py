"""A fresh house for each test: settings, cache directory, plugins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from store.backends.base import ResourceInfo, Store
from store.cache.backends.base import Cache
from store.errors import ResourceNotFoundError
from store.fetching import single
from store.hooks import hookimpl
from store.plugins.manager import plugins
from store.testing.fakes import FakeStore, FakeTransport
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
    urls: tuple[str, ...] = ()
    moved = False

    def get_resource_metadata(self, query: Any) -> Any:
        """Count the questions."""
        type(self).asked += 1
        self.moved = False
        return attrs.evolve(super().get_resource_metadata(query), urls=self.urls)

    def download_resource_content(self, metadata: Any, dest: str) -> str:
        """Miss what was remembered of an address that is no longer right."""
        if self.moved:
            raise ResourceNotFoundError("it is no longer there")
        return super().download_resource_content(metadata, dest)

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


class Sealed(ResourceInfo):
    """A resource of a stranger, known by no digest."""

    uid = "sealed"

    def verify(self, resource_path: str) -> bool:
        """Accept what is sealed."""
        return Path(resource_path).read_bytes().startswith(b"sealed")


class SealedStore(Store[Sealed]):
    """A stranger's store of one resource, which it verifies in a way of its own."""

    needs_network = False
    metadata_needs_network = False
    brings: bytes | None = b"sealed content"

    def get_resource_metadata(self, query: Any) -> Sealed:
        """Whatever is asked for."""
        return Sealed()

    def download_resource_content(self, metadata: Sealed, dest: str) -> str | None:
        """Write it, or answer None."""
        if self.brings is None:
            return None
        path = Path(dest) / "sealed.bin"
        path.write_bytes(self.brings)
        return str(path)


@pytest.fixture
def sealed() -> type[SealedStore]:
    """Register a stranger's driver ``sealed`` and a transport ``fake``, and return the driver's class."""

    class Own(SealedStore):
        """A class of its own for each test."""

    class Plugin:
        """A plugin that brings a driver and a transport."""

        @hookimpl
        def store_drivers(self) -> dict[str, type[Own]]:
            """Bring the driver."""
            return {"sealed": Own}

        @hookimpl
        def store_transports(self) -> dict[str, Any]:
            """Bring the transport."""
            return {"fake": lambda options: FakeTransport({"fake://host/a.bin": b"faked"}, options)}

    plugins().register(Plugin(), "test-sealed")
    return Own
