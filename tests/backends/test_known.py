"""What a hit knows of a resource, and what a driver is handed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from store.backends.base import DigestedResource, Store, digests_of, uid_of
from store.backends.file_store import FileStore
from store.backends.http_resources import HTTPResource, WeakHTTPResource
from store.backends.http_store import HTTPStore
from store.backends.known import KnownResource, whole
from store.cache.backends.memory import MemoryCache
from store.integrity.digest import digests_from

URL = "https://user:s3cret@host/a.whl?token=s3cret"
PINNED = "sha256:" + "ab" * 32
MD5 = "md5:" + "ab" * 16


def known(**changes: Any) -> KnownResource:
    """Return a resource as a hit knows it."""
    return KnownResource(digests=digests_from(PINNED), filename="a.whl", urls=(URL,))._replace(
        **changes
    )


@pytest.fixture
def cache(tmp_path: Path) -> MemoryCache:
    """An empty cache."""
    return MemoryCache({"cache_dir": tmp_path})


def test_it_says_the_same_as_what_it_stands_for() -> None:
    """Same uid, digests and words about it: a hit cannot tell the two apart."""
    resource = whole(known(size=3))

    assert resource == DigestedResource(PINNED, size=3, filename="a.whl", urls=(URL,))
    assert uid_of(known()) == uid_of(resource)
    assert digests_of(known()) == digests_of(resource)


def test_it_verifies_as_what_it_stands_for(tmp_path: Path) -> None:
    """By size and digests."""
    path = tmp_path / "a"
    path.write_bytes(b"")
    empty = known(digests=digests_from(f"sha256:{EMPTY}"))

    assert empty.verify(str(path))
    assert not empty._replace(size=1).verify(str(path))
    assert not known().verify(str(path))


EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_it_shows_no_address() -> None:
    """A secret may stand in it."""
    assert "s3cret" not in repr(known())


def test_a_resource_that_is_whole_stays_itself() -> None:
    """Only what is light is made anew."""
    resource = DigestedResource(PINNED)

    assert whole(resource) is resource


@pytest.mark.parametrize(
    ("settings", "pin", "kind"),
    [({}, PINNED, HTTPResource), ({"allow_weak": True}, MD5, WeakHTTPResource)],
)
def test_the_short_cut_leads_where_the_way_does(
    settings: Mapping[str, Any], pin: str, kind: type[HTTPResource], cache: MemoryCache
) -> None:
    """What the query alone says is, made whole, what the driver answers."""
    store = HTTPStore(settings, cache)
    query = {"url": URL, "digest": pin, "size": 3}

    short = store.resource_in(query)

    assert isinstance(short, KnownResource)
    assert type(whole(short)) is kind
    assert whole(short) == store.get_resource_metadata(query)


def test_the_short_cut_of_a_file_leads_where_the_way_does(
    cache: MemoryCache, tmp_path: Path
) -> None:
    """Pinned or read just now."""
    path = tmp_path / "a"
    path.write_bytes(b"data")
    store = FileStore(None, cache)

    for query in ({"path": str(path)}, {"path": str(path), "digest": PINNED}):
        assert whole(store.resource_in(query)) == store.get_resource_metadata(query)


@pytest.mark.parametrize("base", [HTTPStore, FileStore])
def test_a_subclass_with_answers_of_its_own_is_asked(
    base: type[Store[Any]], cache: MemoryCache, tmp_path: Path
) -> None:
    """Its `get_resource_metadata` is not passed by; nor is its base's, which it may ask."""

    class Other(base):  # type: ignore[misc, valid-type]
        def get_resource_metadata(self, query: Mapping[str, Any]) -> Any:
            """Say more than the base does."""
            found: Any = super().get_resource_metadata(query)
            return DigestedResource(found.digests, filename="other")

    store = Other({}, cache)
    query = (
        {"url": URL, "digest": PINNED} if base is HTTPStore else {"path": "/x", "digest": PINNED}
    )

    assert store.resource_in(query) is None
    assert store.get_resource_metadata(query).filename == "other"
