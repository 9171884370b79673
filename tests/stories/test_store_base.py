"""The published page of the store's base module, told as stories: names, shapes and meanings."""

from __future__ import annotations

import hashlib
import inspect
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from e3.error import E3Error

from store.backends import base
from store.backends.base import CachedResource, ResourceInfo, Store, StoreError
from store.backends.http_simple_store import HTTPSimpleStore, HTTPSimpleStoreResourceInfo
from store.cache.backends.base import DEFAULT_TIMEOUT, Cache
from store.cache.backends.filecache import FileCache
from store.testing.servers import Server

CONTENT = b"a release that a build needs"


class Release(ResourceInfo):
    """Metadata as the page's reader would write it."""

    def __init__(self, name: str, sha: str) -> None:
        self.name = name
        self.sha = sha

    @property
    def uid(self) -> str:
        """Return an unique identifier."""
        return self.sha

    def verify(self, resource_path: str) -> bool:
        """Compare the fingerprint."""
        return hashlib.sha1(Path(resource_path).read_bytes()).hexdigest() == self.sha


class ReleaseStore(Store[Release]):
    """A store as the page's reader would write it: it finds metadata and moves bytes."""

    def __init__(self, store_configuration: Any, cache_backend: Cache) -> None:
        super().__init__(store_configuration, cache_backend)
        self.downloads = 0

    def get_resource_metadata(self, query: Mapping[str, Any]) -> Release:
        """Get a resource metadata from query."""
        if "name" not in query:
            raise StoreError("missing name")
        return Release(query["name"], hashlib.sha1(CONTENT).hexdigest())

    def download_resource_content(self, metadata: Release, dest: str) -> str | None:
        """Copy it from where it is published, or fail as the old contract has it."""
        self.downloads += 1
        published = Path(self.store_configuration["root"]) / metadata.name
        if not published.exists():
            return None
        path = Path(dest) / metadata.name
        path.write_bytes(published.read_bytes())
        return str(path)


@pytest.fixture
def cache(tmp_path: Path) -> FileCache:
    """Give the cache that e3-core's callers make."""
    return FileCache({"cache_dir": str(tmp_path / "cache")})


@pytest.fixture
def store(cache: FileCache, tmp_path: Path) -> ReleaseStore:
    """Give a store of one published release."""
    (tmp_path / "published").mkdir()
    (tmp_path / "published" / "gcc.tar").write_bytes(CONTENT)
    return ReleaseStore({"root": str(tmp_path / "published")}, cache)


def test_every_name_of_the_page_is_there() -> None:
    """``logger`` and the four classes are found where the page has them."""
    assert isinstance(base.logger, logging.Logger)
    assert issubclass(StoreError, E3Error)
    assert inspect.isabstract(ResourceInfo)
    assert ResourceInfo.__abstractmethods__ == {"uid", "verify"}
    assert Store.__abstractmethods__ == {"get_resource_metadata", "download_resource_content"}


def test_a_cached_resource_is_a_named_pair() -> None:
    """A tuple of uid and local path that takes no further attributes."""
    resource = CachedResource("uid", "/path")

    assert resource == ("uid", "/path")
    assert CachedResource._fields == ("uid", "local_path")
    assert CachedResource.__slots__ == ()


def test_a_store_keeps_what_it_was_made_with(store: ReleaseStore, cache: FileCache) -> None:
    """The two attributes of the page, positional as there."""
    assert store.store_configuration["root"]
    assert store.cache_backend is cache


def test_parameters_have_the_pages_names() -> None:
    """A caller by keyword goes on as before."""
    assert list(inspect.signature(Store.get_resource_metadata).parameters) == ["self", "query"]
    for name in ("download_resource", "download_resource_content"):
        assert list(inspect.signature(getattr(Store, name)).parameters) == [
            "self",
            "metadata",
            "dest",
        ]
    assert list(inspect.signature(Store.__init__).parameters) == [
        "self",
        "store_configuration",
        "cache_backend",
    ]


def test_a_resource_is_found_downloaded_and_then_cached(
    store: ReleaseStore, tmp_path: Path
) -> None:
    """Query, metadata, download; the second time the cache is consulted before any download."""
    metadata = store.get_resource_metadata({"name": "gcc.tar"})

    first = store.download_resource(metadata=metadata, dest=str(tmp_path / "one"))
    second = store.download_resource(metadata, str(tmp_path / "two"))

    assert first == str(tmp_path / "one" / "gcc.tar")
    assert second == str(tmp_path / "two" / "gcc.tar")
    assert Path(first).read_bytes() == Path(str(second)).read_bytes() == CONTENT
    assert store.downloads == 1


def test_what_is_cached_is_remembered_as_a_cached_resource(
    store: ReleaseStore, cache: FileCache, tmp_path: Path
) -> None:
    """The entry names the uid and a path that verifies; the original let the caller own that path."""
    metadata = store.get_resource_metadata({"name": "gcc.tar"})
    path = store.download_resource(metadata, str(tmp_path / "dest"))
    Path(str(path)).write_bytes(b"the caller edits its own file")

    entry = cache.get(metadata.uid)

    assert isinstance(entry, CachedResource)
    assert entry.uid == metadata.uid
    assert metadata.verify(entry.local_path)


def test_a_missing_resource_is_none_as_before(store: ReleaseStore, tmp_path: Path) -> None:
    """The page's ``str | None``; nothing is cached or left in dest."""
    metadata = Release("none.tar", "0" * 40)

    assert store.download_resource(metadata, str(tmp_path / "dest")) is None
    assert metadata.uid not in store.cache_backend
    assert not (tmp_path / "dest").exists()


def test_the_simple_store_keeps_its_contract(cache: FileCache, tmp_path: Path) -> None:
    """e3-core's own driver, under its names: a URL and a SHA-1."""
    sha = hashlib.sha1(CONTENT).hexdigest()
    with Server() as server:
        simple = HTTPSimpleStore(None, cache)
        metadata = simple.get_resource_metadata(
            {"url": server.serve("/gcc.tar", CONTENT), "sha": sha}
        )

        path = simple.download_resource(metadata, str(tmp_path / "dest"))

    assert isinstance(metadata, HTTPSimpleStoreResourceInfo)
    assert (metadata.sha, metadata.uid) == (sha, sha)
    assert Path(str(path)).read_bytes() == CONTENT
    with pytest.raises(StoreError, match="sha"):
        simple.get_resource_metadata({"url": "http://host/"})


def test_an_entry_lives_for_a_day_where_nobody_says_otherwise(cache: FileCache) -> None:
    """e3-core's default of 86,400 seconds stays."""
    assert DEFAULT_TIMEOUT == 86_400
    assert cache.set("uid", "value")
    assert cache.get_expiry_time() - cache.clock.now() == pytest.approx(86_400, abs=5)
