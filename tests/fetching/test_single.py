"""The face: one call for one or many resources."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from e3.store.cache.backends.filecache import FileCache as E3FileCache

import store
from store.errors import (
    ConfigurationError,
    LocatorError,
    OfflineError,
    PluginError,
    QueryError,
    RefusedError,
    ResourceNotFoundError,
)
from store.events import Event
from store.fetching.single import default_fetcher
from store.testing.fakes import FakeCache
from store.testing.servers import Server

DATA = b"data"
SHA256 = hashlib.sha256(DATA).hexdigest()


def test_fetch_gives_a_path(server: Server) -> None:
    """The simplest call there is."""
    url = server.serve("/a", DATA)

    path = store.fetch(f"{url}#sha256={SHA256}")

    assert path.read_bytes() == DATA


def test_the_default_fetcher_stays_until_a_setting_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another cache directory makes another fetcher."""
    first = default_fetcher()
    assert default_fetcher() is first

    monkeypatch.setenv("STORE_CACHE_DIR", str(tmp_path / "other"))

    assert default_fetcher() is not first
    assert str(default_fetcher().cache.content.root) == str(tmp_path / "other")


def test_offline_holds_for_one_call(server: Server) -> None:
    """The next call may use the network."""
    locator = f"{server.serve('/a', DATA)}#sha256={SHA256}"

    with pytest.raises(OfflineError):
        store.fetch(locator, offline=True)
    store.fetch(locator)

    assert store.fetch(locator, offline=True).read_bytes() == DATA
    assert len(server.requests) == 1


def test_resolve_says_what_would_be_fetched(server: Server) -> None:
    """With a cache of the caller's too."""
    url = server.serve("/a", DATA)

    for cache in (None, FakeCache()):
        assert store.resolve(f"{url}#sha256={SHA256}", cache=cache).digests == (f"sha256:{SHA256}",)


def test_a_listener_is_told_of_one_call(server: Server) -> None:
    """Another call is none of its business."""
    locator = f"{server.serve('/a', DATA)}#sha256={SHA256}"
    events: list[Event] = []

    store.fetch(locator, listener=events.append)
    told = len(events)
    store.fetch(locator)

    assert told
    assert len(events) == told


@pytest.mark.parametrize("jobs", [1, 4])
def test_many_come_in_the_order_of_the_input(jobs: int, server: Server, tmp_path: Path) -> None:
    """However many at a time."""
    contents = [f"content {number}".encode() for number in range(12)]
    locators = [
        f"{server.serve(f'/{number}', data)}#sha256={hashlib.sha256(data).hexdigest()}"
        for number, data in enumerate(contents)
    ]

    paths = store.fetch_many(
        locators, jobs=jobs, cache=FakeCache({"cache_dir": str(tmp_path / "c")})
    )

    assert [path.read_bytes() for path in paths] == contents
    assert store.fetch_many([]) == []


def test_a_failed_one_does_not_stop_the_others(server: Server) -> None:
    """The first failure is raised after all were tried."""
    good = f"{server.serve('/a', DATA)}#sha256={SHA256}"

    with pytest.raises(ResourceNotFoundError):
        store.fetch_many([f"{server.url}/none#sha256={'0' * 64}", good])

    assert store.fetch(good, offline=True).read_bytes() == DATA


@pytest.mark.parametrize("one", ["pypi:six", Path("six"), {"driver": "pypi", "name": "six"}])
def test_one_locator_is_no_list_of_them(one: Any) -> None:
    """Its letters or keys are no locators."""
    with pytest.raises(QueryError, match="put the one into a list"):
        store.fetch_many(one)


@pytest.mark.parametrize("wanted", [None, 3, ["pypi:six"]])
def test_what_is_no_locator_at_all_is_an_error_of_ours(wanted: Any) -> None:
    """The message says what would be one."""
    with pytest.raises(LocatorError, match="a locator is a text, a path or a mapping"):
        store.fetch(wanted)


def test_a_caches_name_is_no_cache(server: Server) -> None:
    """The next step is to load it."""
    url = f"{server.serve('/a', DATA)}#sha256={SHA256}"

    with pytest.raises(ConfigurationError, match=r"load_cache\('memory'\)"):
        store.fetch(url, cache="memory")  # type: ignore[arg-type]


def test_what_is_no_cache_at_all_is_an_error_of_ours(server: Server) -> None:
    """It is told what a cache has."""
    url = f"{server.serve('/a', DATA)}#sha256={SHA256}"

    with pytest.raises(PluginError, match="a int is no cache"):
        store.fetch(url, cache=5)  # type: ignore[arg-type]


def test_a_cache_of_e3_core_is_taken_as_load_store_takes_it(server: Server, tmp_path: Path) -> None:
    """Its entries are used, and the content is the cache's own."""
    theirs = E3FileCache({"cache_dir": str(tmp_path / "theirs")})
    url = f"{server.serve('/a', DATA)}#sha256={SHA256}"

    paths = {store.fetch(url, cache=theirs) for _ in range(2)}  # type: ignore[arg-type]

    assert [path.read_bytes() for path in paths] == [DATA]
    assert server.count() == 1
    assert theirs.get(f"sha256:{SHA256}") is not None


@pytest.mark.parametrize("error", [RuntimeError("enough"), OSError("pipe")])
def test_what_the_callers_callback_raises_is_the_callers(server: Server, error: Exception) -> None:
    """It ends the work unchanged, and no driver is blamed."""
    url = f"{server.serve('/a', DATA)}#sha256={SHA256}"

    def progress(*_: object) -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        store.fetch(url, progress=progress)

    assert caught.value is error


@pytest.mark.parametrize("jobs", [1, 4])
def test_two_resources_of_one_name_do_not_take_each_others_place(
    jobs: int, server: Server, tmp_path: Path
) -> None:
    """The later one is refused; the same one twice is fine."""
    one, other = (
        f"{server.serve(f'/{directory}/f', data)}#sha256={hashlib.sha256(data).hexdigest()}"
        for directory, data in (("a", b"one"), ("b", b"other"))
    )

    with pytest.raises(RefusedError, match="directory of its own"):
        store.fetch_many([one, other], dest=tmp_path / "d", jobs=jobs)
    kept = (tmp_path / "d" / "f").read_bytes()
    paths = store.fetch_many([one, one], dest=tmp_path / "e", jobs=jobs)

    assert kept in {b"one", b"other"}
    assert {path.read_bytes() for path in paths} == {b"one"}


def test_less_than_one_job_is_refused() -> None:
    """Nothing could ever be done."""
    with pytest.raises(ValueError, match="must be more than 0"):
        store.fetch_many([], jobs=0)


def test_load_cache_is_found_where_e3_core_has_it() -> None:
    """The same function under both names; what is not handed on is not there."""
    import store.cache
    from store.cache import load_cache

    assert load_cache is store.load_cache
    with pytest.raises(AttributeError, match="nothing"):
        _ = store.cache.nothing
