"""The fakes pass the suites that the real ones pass."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from store.backends.base import Store
from store.cache.backends.base import Cache
from store.errors import QueryError, ResourceNotFoundError
from store.testing.caches import CacheSuite
from store.testing.fakes import FakeCache, FakeClock, FakeStore, FakeStream, FakeTransport
from store.testing.stores import Published, StoreSuite
from store.testing.transports import TransportSuite
from store.transports.base import Transport

CONTENT = b"the content of a resource in memory"


class TestFakeStore(StoreSuite):
    """The fake store does what a store does."""

    shelf: ClassVar[dict[str, bytes]] = {}

    def configuration(self, origin: Path) -> dict[str, Any]:
        """Hand over what lies on the shelf."""
        return {"resources": self.shelf}

    def publish(self, origin: Path) -> Published:
        """Put a resource on the shelf."""
        self.shelf["tool"] = CONTENT
        return Published(query={"name": "tool"}, content=CONTENT)

    def missing(self, origin: Path) -> dict[str, str]:
        """Name what is not there."""
        return {"name": "nothing"}

    def withdraw(self, origin: Path) -> None:
        """Clear the shelf."""
        self.shelf.clear()

    def open_store(self, configuration: Any, cache: Cache) -> Store[Any]:
        """Make the fake, which no entry point names."""
        return FakeStore(configuration, cache)

    def open_cache(self, directory: Path) -> Cache:
        """Make the fake, so that nothing but the store is tried."""
        return FakeCache({"cache_dir": str(directory)})


class TestFakeCache(CacheSuite):
    """The fake cache does what a cache does."""

    persistent = False

    def make(self, directory: Path) -> Cache:
        """Make the fake."""
        return FakeCache({"cache_dir": str(directory)})


class TestFakeTransport(TransportSuite):
    """The fake transport does what a transport does."""

    @pytest.fixture(autouse=True)
    def _bodies(self) -> None:
        self.bodies: dict[str, bytes] = {}

    def make(self) -> Transport:
        """Make the fake, over the bodies of this test."""
        transport = FakeTransport()
        transport.bodies = self.bodies
        return transport

    def publish(self, origin: Path, name: str, content: bytes) -> str:
        """Put a body at an address."""
        self.bodies[f"fake://host/{name}"] = content
        return f"fake://host/{name}"

    def missing(self, origin: Path) -> str:
        """Name an address without a body."""
        return "fake://host/nothing"


def test_fake_clock_stands_still_until_it_is_moved() -> None:
    """Time passes only by advance and sleep, and sleep takes none."""
    clock = FakeClock(1000.0)
    assert (clock.now(), clock.monotonic()) == (1000.0, 0.0)

    clock.sleep(1.5)
    clock.advance(0.5)

    assert (clock.now(), clock.now_ns(), clock.monotonic()) == (1002.0, 1_002_000_000_000, 2.0)
    assert clock.slept == [1.5]


def test_fake_clock_may_be_set_back() -> None:
    """The time of day may run backwards, what is monotonic does not."""
    clock = FakeClock(1000.0)

    clock.set_back(10)

    assert (clock.now(), clock.monotonic()) == (990.0, 0.0)


def test_fake_store_tells_its_downloads(fake_store: FakeStore) -> None:
    """A test can read whose bytes were moved."""
    query = fake_store.publish("tool", CONTENT)
    metadata = fake_store.get_resource_metadata(query)

    paths = [fake_store.download_resource(metadata) for _ in range(2)]

    assert paths[0] == paths[1]
    assert fake_store.downloads == ["tool"]


def test_fake_store_needs_no_configuration() -> None:
    """A store without resources is empty."""
    store = FakeStore(None, FakeCache())

    with pytest.raises(ResourceNotFoundError, match="'tool' is not in the fake store"):
        store.get_resource_metadata({"name": "tool"})
    with pytest.raises(QueryError):
        store.get_resource_metadata({"name": b"tool"})


def test_fake_cache_keeps_its_notes(store_cache_dir: Path, fake_store: FakeStore) -> None:
    """A test can read where an entry came from."""
    query = fake_store.publish("tool", CONTENT)
    metadata = fake_store.get_resource_metadata(query)

    fake_store.download_resource(metadata)

    cache = fake_store.cache_backend
    assert isinstance(cache, FakeCache)
    assert cache.recorded[metadata.uid].size == len(CONTENT)


def test_fake_transport_tells_what_was_opened() -> None:
    """A test can read which addresses were asked, without their secrets, and what was closed."""
    bodies: Mapping[str, bytes] = {"fake://host/body": CONTENT}
    transport = FakeTransport(bodies)

    with transport.open_stream("fake://user:secret@host/body?token=secret", 4) as stream:
        assert stream.offset == 4

    assert transport.opened == [("fake://host/body", 4)]
    assert [stream.closed for stream in transport.streams] == [True]


def test_fake_stream_begins_where_it_is_told() -> None:
    """A stream may be made by itself."""
    stream = FakeStream(b"0123456789", offset=7)
    buffer = memoryview(bytearray(16))

    count = stream.readinto(buffer)

    assert bytes(buffer[:count]) == b"789"
    assert stream.size == 10


def test_fake_cache_is_safe_for_threads() -> None:
    """Many threads that set and clear leave a cache that works."""
    cache = FakeCache()
    threads = [
        threading.Thread(target=lambda: [cache.set(str(one), one) for one in range(100)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [cache.get(str(one)) for one in range(100)] == list(range(100))
