"""A greatest age for what is fetched: through the face and the fetcher."""

from __future__ import annotations

import datetime as dt
import hashlib
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

import store
from store.cache.backends.filecache import FileCache
from store.config.model import Settings
from store.errors import (
    IntegrityError,
    LocatorError,
    OfflineError,
    QueryError,
    RefusedError,
    ResourceNotFoundError,
    StorageError,
    UnknownNameError,
)
from store.events import ENDS, Bypassed, Event
from store.fetching.fetcher import Fetcher
from store.fetching.single import default_fetcher
from store.freshness.aged_file import AgedFile
from store.testing.disk_faults import disk_full, read_only
from store.testing.fakes import FakeClock
from store.testing.misbehaving import Status
from store.testing.servers import Server

OLD, NEW = b"old", b"newer"
DAY = 86_400.0


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands still, ahead of all files."""
    return FakeClock(4_000_000_000.0)


@pytest.fixture
def fetcher(house: Path, clock: FakeClock) -> Fetcher:
    """A fetcher at the time of the clock."""
    cache = FileCache({"cache_dir": str(house), "durability": "relaxed"})
    cache.clock = clock
    return Fetcher(Settings(retries=0, durability="relaxed"), cache=cache)


def test_fetch_takes_a_greatest_age(server: Server) -> None:
    """It implies that there need be no digest."""
    url = server.serve("/k.tls", OLD)

    path = store.fetch(url, max_age="1d")

    assert path.name == "k.tls"
    assert path.read_bytes() == OLD
    assert store.fetch(url, max_age=dt.timedelta(days=1)) == path
    assert server.count() == 1
    server.serve("/k.tls", NEW)
    assert store.fetch(url, max_age=0) == path
    assert path.read_bytes() == NEW
    assert store.fetch(url, max_age="none") == path
    assert server.count() == 2


def test_it_is_the_file_that_aged_file_has(server: Server) -> None:
    """One cache, one entry, whichever way it is asked for."""
    url = server.serve("/k.tls", OLD)

    path = store.fetch(url, max_age="1d")

    assert AgedFile(url).path == path
    assert server.count() == 1


def test_the_result_tells_how_it_was_come_by(
    fetcher: Fetcher, server: Server, clock: FakeClock
) -> None:
    """Fetched, fresh, revalidated, stale."""
    url = server.serve("/k.tls", OLD)
    found = []
    for wait, fault in ((0.0, None), (0.0, None), (DAY, None), (DAY, Status(404))):
        clock.advance(wait)
        server.serve("/k.tls", OLD, fault=fault)
        found.append(fetcher.fetch(url, max_age="1d", stale_if_error="7d"))

    assert [one.origin for one in found] == ["fetched", "fresh", "revalidated", "stale"]
    assert [one.cached for one in found] == [False, True, True, True]
    assert [len(one.attempts) for one in found] == [1, 0, 0, 1]
    assert {one.path.read_bytes() for one in found} == {OLD}
    first = found[0]
    digest = f"sha256:{hashlib.sha256(OLD).hexdigest()}"
    assert (first.locator, first.driver, first.uid) == (url, "http", digest)
    assert (first.size, first.digests, first.verified) == (len(OLD), (), False)
    assert fetcher.fetch(f"{url}#{digest.replace(':', '=')}").origin is None


def test_without_leave_a_failure_is_an_error(
    fetcher: Fetcher, server: Server, clock: FakeClock
) -> None:
    """A stale copy has to be asked for."""
    url = server.serve("/k.tls", OLD)
    fetcher.fetch(url, max_age="1d")
    clock.advance(DAY)
    server.serve("/k.tls", fault=Status(404))

    with pytest.raises(ResourceNotFoundError):
        fetcher.fetch(url, max_age="1d")


def test_refresh_asks_however_young_it_is(fetcher: Fetcher, server: Server) -> None:
    """As for any locator."""
    url = server.serve("/k.tls", OLD)
    fetcher.fetch(url, max_age="1d")

    assert fetcher.fetch(url, max_age="1d", refresh=True).origin == "revalidated"


def test_pins_are_kept_and_told(fetcher: Fetcher, server: Server) -> None:
    """Of the locator, the call and the query together."""
    url = server.serve("/k.tls", OLD)
    sha256, sha512 = hashlib.sha256(OLD).hexdigest(), hashlib.sha512(OLD).hexdigest()

    found = fetcher.fetch(f"{url}#sha256={sha256}", digest=f"sha512:{sha512}", max_age="1d")

    assert found.digests == (f"sha512:{sha512}", f"sha256:{sha256}")
    assert found.verified
    wrong: dict[str, Any] = {"driver": "http", "url": url, "digest": f"sha256:{'0' * 64}"}
    with pytest.raises(IntegrityError):
        fetcher.fetch(wrong, max_age="1d")


def test_a_query_may_name_mirrors(fetcher: Fetcher, server: Server) -> None:
    """The next address is asked when one fails."""
    urls = [server.serve("/a/k.tls", fault=Status(404)), server.serve("/b/k.tls", OLD)]

    found = fetcher.fetch({"driver": "http", "urls": urls}, max_age="1d")

    assert found.path.read_bytes() == OLD
    assert len(found.attempts) == 2
    assert fetcher.fetch({"driver": "http", "url": urls[1]}, max_age="1d").origin == "fetched"


@pytest.mark.parametrize("kind", ["text", "Path", "file:", "query"])
def test_paths_grow_old_too(fetcher: Fetcher, tmp_path: Path, kind: str, clock: FakeClock) -> None:
    """However they are said; what lies in the cache is a copy."""
    source = tmp_path / "work" / "k.tls"
    source.write_bytes(OLD)
    wanted: Any = {
        "text": "k.tls",
        "Path": source,
        "file:": source.as_uri(),
        "query": {"driver": "file", "path": str(source)},
    }[kind]
    assert fetcher.fetch(wanted, max_age="1d").origin == "fetched"
    source.write_bytes(NEW)
    assert fetcher.fetch(wanted, max_age="1d").path.read_bytes() == OLD
    clock.advance(DAY)

    assert fetcher.fetch(wanted, max_age="1d").path.read_bytes() == NEW


@pytest.mark.parametrize("link", [False, True])
def test_a_private_copy_is_placed_where_it_is_wanted(
    fetcher: Fetcher,
    server: Server,
    tmp_path: Path,
    link: bool,  # noqa: FBT001
) -> None:
    """By its own name in a directory, or at a path; the cached one is not touched by either."""
    url = server.serve("/k.tls", OLD)

    in_directory = fetcher.fetch(url, max_age="1d", dest=tmp_path / "out", link=link)
    at_path = fetcher.fetch(url, max_age="1d", output=tmp_path / "out" / "other", link=link)

    assert in_directory.path == tmp_path / "out" / "k.tls"
    assert at_path.path == tmp_path / "out" / "other"
    assert (in_directory.path.stat().st_nlink > 1) == link
    assert (in_directory.origin, at_path.origin) == ("fetched", "fresh")
    claims: dict[str, str] = {}
    fetcher.fetch(url, max_age="1d", dest=tmp_path / "all", claims=claims)
    other = server.serve("/other/k.tls", NEW)
    with pytest.raises(RefusedError):
        fetcher.fetch(other, max_age="1d", dest=tmp_path / "all", claims=claims)


def test_offline_what_is_fresh_is_given(server: Server) -> None:
    """And what is too old is not, unless that is allowed."""
    url = server.serve("/k.tls", OLD)
    path = store.fetch(url, max_age="1d")

    assert store.fetch(url, max_age="1d", offline=True) == path
    with pytest.raises(OfflineError):
        store.fetch(url, max_age=0, offline=True)
    assert store.fetch(url, max_age=0, stale_if_error="1d", offline=True) == path


def test_s3_names_its_extra(fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where its library is not installed."""
    monkeypatch.setitem(sys.modules, "obstore", None)

    with pytest.raises(UnknownNameError, match=r"pluggable-store\[s3\]"):
        fetcher.fetch("S3://bucket/k.bsp", max_age="1d")


def test_a_strangers_transport_is_found(
    fetcher: Fetcher, sealed: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a plugin opens can grow old."""
    from store.transports import opening

    monkeypatch.setattr(opening._opened, "strangers", {})
    with pytest.raises(LocatorError):
        AgedFile("fake://host/a.bin")

    assert fetcher.fetch("fake://host/a.bin", max_age="1d").path.read_bytes() == b"faked"


@pytest.mark.parametrize(
    "wanted",
    [
        "pypi:six==1.17.0",
        {"driver": "http", "url": "http://host/k", "size": 3},
        {"driver": "http"},
        {"driver": "file", "path": None},
        "http://host/",
        "",
    ],
)
def test_what_does_not_grow_old_is_refused(fetcher: Fetcher, wanted: Any) -> None:
    """A driver's own query has answers of its own; a directory is no file."""
    with pytest.raises(QueryError):
        fetcher.fetch(wanted, max_age="1d")


def test_a_time_span_that_is_none_is_refused(fetcher: Fetcher) -> None:
    """By its name."""
    with pytest.raises(QueryError, match="max_age"):
        fetcher.fetch("http://host/k", max_age="soon")
    with pytest.raises(QueryError, match="stale_if_error"):
        fetcher.fetch("http://host/k", max_age=1, stale_if_error="soon")


def test_options_of_the_fetcher_hold(server: Server, house: Path) -> None:
    """Retries, limits and the cache's own directory."""
    limited = default_fetcher().settings._replace(max_size=2, retries=0)
    url = server.serve("/k.tls", OLD)

    with Fetcher(limited) as fetcher, pytest.raises(RefusedError):
        fetcher.fetch(url, max_age="1d")
    assert store.fetch(url, max_age="1d").is_relative_to(house)


@pytest.mark.parametrize("fault", [read_only, disk_full])
@pytest.mark.parametrize("cached", [False, True])
def test_a_cache_that_takes_nothing_is_passed_by_where_the_file_is_wanted_elsewhere(
    *,
    fetcher: Fetcher,
    server: Server,
    house: Path,
    tmp_path: Path,
    fault: Callable[..., AbstractContextManager[None]],
    cached: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A failure of the cache fails no fetch that could have worked without it."""
    url = server.serve("/k.tls", OLD)
    if cached:
        fetcher.fetch(url, max_age="1d")
    house.mkdir(exist_ok=True)
    server.serve("/k.tls", NEW)
    dest = tmp_path / "out"

    with fault(house):
        result = fetcher.fetch(url, max_age=0, dest=dest)
        with pytest.raises(StorageError):
            fetcher.fetch(url, max_age=0)

    assert (result.path, result.origin) == (dest / "k.tls", "fetched")
    assert result.path.read_bytes() == NEW
    assert [one.name for one in dest.iterdir()] == ["k.tls"]
    assert "so it goes without" in caplog.text


def test_what_went_past_the_cache_is_told_once_and_with_the_place_that_it_has(
    server: Server, house: Path, tmp_path: Path
) -> None:
    """And not that the cache owns a file in a directory that is gone."""
    told: list[Event] = []
    url = server.serve("/k.tls", OLD)
    house.mkdir()

    with Fetcher(listener=told.append) as fetcher, read_only(house):
        fetcher.fetch(url, max_age=0, dest=tmp_path / "out")

    (end,) = [one for one in told if isinstance(one, ENDS)]
    assert isinstance(end, Bypassed)
    assert end.path == str(tmp_path / "out" / "k.tls")
    assert "Read-only file system" in end.reason


def test_what_fails_without_the_cache_too_leaves_no_directory(
    fetcher: Fetcher, server: Server, house: Path, tmp_path: Path
) -> None:
    """The source's own error is told."""
    url = server.serve("/k.tls", OLD, fault=Status(404))
    house.mkdir()

    with read_only(house), pytest.raises(ResourceNotFoundError):
        fetcher.fetch(url, max_age=0, dest=tmp_path / "out")

    assert not (tmp_path / "out").exists()
