"""The suite that a store driver inherits."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from store.backends.base import Store
from store.cache.backends.base import Cache
from store.testing.deviations import untold
from store.testing.store_downloads import DownloadTests
from store.testing.store_healing import HealingTests
from store.testing.store_queries import QueryTests
from store.testing.subjects import Published

__all__ = ["Published", "StoreSuite"]


class StoreSuite(QueryTests, DownloadTests, HealingTests, suite=True):
    """What every store driver must do.

    A driver's test names it and lays down what is to be found::

        class TestMirror(StoreSuite):
            driver = "mirror"

            def configuration(self, origin):
                return {"root": str(origin)}

            def publish(self, origin):
                (origin / "tool.txt").write_bytes(b"tool")
                return Published(query={"name": "tool.txt", "digest": SHA256}, content=b"tool")

            def missing(self, origin):
                return {"name": "nothing.txt", "digest": SHA256}

    ``origin`` is an empty directory of the test's own. What is published is laid down *without the
    driver's help*, so that a driver that misreads its source cannot agree with itself.
    """

    driver: ClassVar[str] = ""
    """The name that the driver is registered by."""

    def configuration(self, origin: Path) -> Any:  # noqa: ANN401 - the driver's own
        """Return the driver's configuration; an empty one unless a driver needs more."""
        del origin
        return {}

    def publish(self, origin: Path) -> Published:  # noqa: ARG002 - for who tells
        """Lay down one resource that is not empty, and say how it is asked for."""
        raise untold(self, "publish(self, origin)")

    def missing(self, origin: Path) -> Mapping[str, Any]:  # noqa: ARG002 - for who tells
        """Return a well-formed query for a resource that is not there."""
        raise untold(self, "missing(self, origin)")

    def withdraw(self, origin: Path) -> None:
        """Take away what was published, so that only a cache can still have it."""
        shutil.rmtree(origin)

    def open_store(self, configuration: Any, cache: Cache) -> Store[Any]:  # noqa: ANN401 - the driver's own
        """Return the store: found by its entry point, as users find it."""
        from store.plugins.loading import load_store

        if not self.driver:
            raise untold(self, 'driver = "name"')
        return load_store(self.driver, configuration, cache)

    def open_cache(self, directory: Path) -> Cache:
        """Return a cache in a directory: the default backend unless a test wants another."""
        from store.cache.backends.filecache import FileCache

        return FileCache({"cache_dir": str(directory)})

    @pytest.fixture
    def origin(self, tmp_path: Path) -> Path:
        """An empty directory for what is published."""
        directory = tmp_path / "origin"
        directory.mkdir()
        return directory

    @pytest.fixture
    def published(self, origin: Path) -> Published:
        """The published resource."""
        return self.publish(origin)

    @pytest.fixture
    def cache(self, tmp_path: Path) -> Iterator[Cache]:
        """A cache that is empty."""
        with self.open_cache(tmp_path / "cache") as cache:
            yield cache

    @pytest.fixture
    def store(self, origin: Path, published: Published, cache: Cache) -> Store[Any]:
        """The store, which has the published resource and lacks the missing one."""
        del published
        return self.open_store(self.configuration(origin), cache)
