"""Our own caches, transports and drivers pass the suites that strangers inherit."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from store.cache.backends.base import Cache
from store.cache.backends.disk import DiskCache
from store.cache.backends.filecache import FileCache
from store.cache.backends.memory import MemoryCache
from store.cache.backends.null import NullCache
from store.registry.cache_backend import RegistryCache
from store.registry.manager import Cache as Registry
from store.testing.caches import CacheSuite
from store.testing.servers import Server
from store.testing.stores import Published, StoreSuite
from store.testing.transports import TransportSuite
from store.transports.base import Transport
from store.transports.http.transport import HttpTransport
from store.transports.local import LocalTransport
from store.transports.opening import close_all

CONTENT = bytes(range(256)) * 300 + b"end"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
SHA1 = hashlib.sha1(CONTENT, usedforsecurity=False).hexdigest()
WHEEL = "demo-1.0-py3-none-any.whl"
REMEMBERS_NOTHING = "it remembers nothing: that is what it is for"


class TestFileCache(CacheSuite):
    """One JSON file an entry."""

    def make(self, directory: Path) -> Cache:
        """Make the cache."""
        return FileCache({"cache_dir": str(directory)})


class TestDiskCache(CacheSuite):
    """One SQLite file for all entries."""

    def make(self, directory: Path) -> Cache:
        """Make the cache."""
        return DiskCache({"cache_dir": str(directory)})


class TestRegistryCache(CacheSuite):
    """One item of the registry an entry."""

    def make(self, directory: Path) -> Cache:
        """Make the cache."""
        return RegistryCache({"cache_dir": str(directory), "durability": "relaxed"})


class TestMemoryCache(CacheSuite):
    """Entries of one process."""

    persistent = False

    def make(self, directory: Path) -> Cache:
        """Make the cache."""
        return MemoryCache({"cache_dir": str(directory)})


class TestNullCache(CacheSuite):
    """No entries at all."""

    persistent = False
    deviations: ClassVar[Mapping[str, str]] = dict.fromkeys(
        (
            "test_any_uid_is_legal",
            "test_cleared_cache_is_empty",
            "test_closed_cache_may_be_used_again",
            "test_damage_is_a_miss",
            "test_deleted_uid_is_forgotten",
            "test_instances_share_the_directory",
            "test_known_uid_is_in_the_cache",
            "test_later_value_replaces_the_earlier",
            "test_record_is_harmless",
            "test_twins_are_told_apart",
            "test_value_comes_back",
            "test_value_expires",
            "test_value_is_private",
            "test_value_lives_a_day_by_default",
            "test_value_may_live_for_good",
        ),
        REMEMBERS_NOTHING,
    )

    def make(self, directory: Path) -> Cache:
        """Make the cache."""
        return NullCache({"cache_dir": str(directory)})


class TestLocalTransport(TransportSuite):
    """Files of this machine, by address."""

    def make(self) -> Transport:
        """Make the transport."""
        return LocalTransport()

    def publish(self, origin: Path, name: str, content: bytes) -> str:
        """Write a file."""
        (origin / name).write_bytes(content)
        return (origin / name).as_uri()

    def missing(self, origin: Path) -> str:
        """Name a file that is not there."""
        return (origin / "nothing").as_uri()


class TestHttpTransport(TransportSuite):
    """Bodies of a server that gives ranges."""

    ranges: ClassVar[bool] = True

    @pytest.fixture(autouse=True)
    def _serving(self) -> Iterator[None]:
        with Server() as server:
            self.server = server
            yield

    def make(self) -> Transport:
        """Make the transport."""
        return HttpTransport()

    def publish(self, origin: Path, name: str, content: bytes) -> str:
        """Have the server give a body."""
        return self.server.serve(f"/{name}", content, ranges=self.ranges)

    def missing(self, origin: Path) -> str:
        """Name a page that is not there."""
        return f"{self.server.url}/nothing"


class TestHttpTransportWithoutRanges(TestHttpTransport):
    """Bodies of a server that gives the whole or nothing."""

    gives_ranges = False
    ranges = False


class TestFileStore(StoreSuite):
    """Pinned files below a root."""

    driver = "file"
    optional = frozenset({"digest", "size", "filename"})

    def configuration(self, origin: Path) -> dict[str, Any]:
        """Serve the files below the origin."""
        return {"root": str(origin)}

    def publish(self, origin: Path) -> Published:
        """Write a file."""
        (origin / "tool.bin").write_bytes(CONTENT)
        query = {"path": "tool.bin", "digest": f"sha256:{SHA256}", "size": len(CONTENT)}
        return Published(query=query, content=CONTENT)

    def missing(self, origin: Path) -> dict[str, Any]:
        """Name a file that is not there."""
        return {"path": "nothing.bin", "digest": f"sha256:{SHA256}"}


class TestFileStoreUnpinned(StoreSuite):
    """Files of which only the path is known."""

    driver = "file"

    def publish(self, origin: Path) -> Published:
        """Write a file."""
        (origin / "tool.bin").write_bytes(CONTENT)
        return Published(query={"path": str(origin / "tool.bin")}, content=CONTENT)

    def missing(self, origin: Path) -> dict[str, Any]:
        """Name a file that is not there."""
        return {"path": str(origin / "nothing.bin")}


class TestRegistryStore(StoreSuite):
    """READY items of a registry."""

    driver = "registry"
    optional = frozenset({"sha256", "size"})

    def configuration(self, origin: Path) -> dict[str, Any]:
        """Look in the origin."""
        return {"path": str(origin)}

    def publish(self, origin: Path) -> Published:
        """Put an item there."""
        with Registry(origin, durability="relaxed") as registry:
            registry.put("demo:tool", CONTENT, filename="tool.bin")
        query = {"uri": "demo:tool", "sha256": SHA256, "size": len(CONTENT)}
        return Published(query=query, content=CONTENT)

    def missing(self, origin: Path) -> dict[str, Any]:
        """Name an item that is not there."""
        return {"uri": "demo:nothing", "sha256": SHA256}


class Online(StoreSuite):
    """A driver that asks a server on loopback."""

    @pytest.fixture(autouse=True)
    def _serving(self) -> Iterator[None]:
        with Server() as server:
            self.server = server
            yield
        close_all()

    def withdraw(self, origin: Path) -> None:
        """Stop the server."""
        self.server.stop()


class TestHttpStore(Online):
    """Pinned files of a server."""

    driver = "http"
    optional = frozenset({"size", "sha256"})  # without it: `UnverifiedError`

    def publish(self, origin: Path) -> Published:
        """Have the server give a file."""
        url = self.server.serve("/tool.bin", CONTENT)
        query = {"url": url, "sha256": SHA256, "size": len(CONTENT)}
        return Published(query=query, content=CONTENT)

    def missing(self, origin: Path) -> dict[str, Any]:
        """Name a page that is not there."""
        return {"url": f"{self.server.url}/nothing", "sha256": SHA256}


class TestHttpSimpleStore(Online):
    """The contract of e3-core's store."""

    driver = "http-simple-store"
    deviations: ClassVar[Mapping[str, str]] = {
        "test_missing_resource_is_not_found": "e3-core's contract: a failed download is None",
        "test_unknown_key_is_refused": "e3-core's contract: other keys are passed over",
    }

    def publish(self, origin: Path) -> Published:
        """Have the server give a file."""
        url = self.server.serve("/tool.bin", CONTENT)
        return Published(query={"url": url, "sha": SHA1}, content=CONTENT)

    def missing(self, origin: Path) -> dict[str, Any]:
        """Name a page that is not there."""
        return {"url": f"{self.server.url}/nothing", "sha": SHA1}


class TestPyPIStore(Online):
    """Files of a package index, which asks for a token."""

    driver = "pypi"
    optional = frozenset({"version"})
    secrets = ("hunter2",)

    def configuration(self, origin: Path) -> dict[str, Any]:
        """Ask the index on loopback alone."""
        address = self.server.url.replace("://", "://user:hunter2@")
        return {"index_url": f"{address}/simple/", "use_pip_config": False}

    def publish(self, origin: Path) -> Published:
        """Have the server be an index of one project."""
        link = f'<a href="../../files/{WHEEL}#sha256={SHA256}">{WHEEL}</a>'
        page = f"<!DOCTYPE html><html><body>{link}</body></html>"
        self.server.serve("/simple/demo/", page.encode(), headers={"Content-Type": "text/html"})
        self.server.serve(f"/files/{WHEEL}", CONTENT)
        return Published(query={"name": "demo", "version": "1.0"}, content=CONTENT)

    def missing(self, origin: Path) -> dict[str, Any]:
        """Name a project that is not there."""
        return {"name": "nothing"}
