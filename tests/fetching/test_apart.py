"""Many that are to be unpacked, or that grow old, are fetched each for itself."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

import store
from store.errors import ArchiveError, QueryError
from store.events import Cached, Event, Hit, Unpacked
from store.testing.archives import packed
from store.testing.servers import Server


def archives(server: Server, count: int = 3) -> list[str]:
    """Serve archives of two files each; return their locators."""
    found = []
    for number in range(count):
        data = packed({"top/a.txt": b"%d" % number, "top/b.txt": b"same"})
        url = server.serve(f"/{number}.tar.gz", data)
        found.append(f"{url}#sha256={hashlib.sha256(data).hexdigest()}")
    return found


def test_many_archives_are_unpacked(server: Server, tmp_path: Path) -> None:
    """Into the cache, or below a directory; in the order of the input where that is wanted."""
    locators = archives(server)

    cached = store.fetch_many(locators, unpack=True)
    placed = [
        one.result.path
        for one in store.fetch_each(locators, unpack=True, dest=tmp_path / "out", ordered=True)
        if one.result is not None
    ]

    for paths in (cached, placed):
        assert [(one / "top/a.txt").read_bytes() for one in paths] == [b"0", b"1", b"2"]
    assert placed == [tmp_path / "out" / str(number) for number in range(3)]
    assert server.count() == 3


def test_each_tree_that_is_made_is_told_of(server: Server) -> None:
    """With what is in it; what is there already is a hit alone."""
    told: list[Event] = []
    locators = archives(server)
    store.fetch(locators[2])

    store.fetch_many(locators, unpack=True, listener=told.append)

    made = {one.name: one for one in told if isinstance(one, Unpacked)}
    assert sorted(made) == ["0.tar.gz", "1.tar.gz", "2.tar.gz"]
    assert (made["0.tar.gz"].members, made["0.tar.gz"].size) == (3, 5)
    assert made["0.tar.gz"].uid == locators[0].partition("#")[2].replace("=", ":")
    assert Path(made["0.tar.gz"].path, "top/a.txt").read_bytes() == b"0"
    ends = {one.name: type(one) for one in told if isinstance(one, Cached | Hit)}
    assert ends == {"0.tar.gz": Cached, "1.tar.gz": Cached, "2.tar.gz": Hit}
    told.clear()
    store.fetch_many(locators, unpack=True, listener=told.append)
    assert [type(one) for one in told] == [Hit] * 3


def test_one_that_is_no_archive_stops_no_other(server: Server) -> None:
    """Its outcome holds the error; ``fetch_many`` raises it after all were tried."""
    plain = server.serve("/plain.bin", b"plain") + f"#sha256={hashlib.sha256(b'plain').hexdigest()}"
    locators = [plain, *archives(server)]

    outcomes = list(store.fetch_each(locators, unpack=True, ordered=True))

    assert isinstance(outcomes[0].error, ArchiveError)
    assert all(one.result is not None for one in outcomes[1:])
    with pytest.raises(ArchiveError):
        store.fetch_many(locators, unpack=True)
    stopped = list(store.fetch_each(locators, unpack=True, fail_fast=True, jobs=1))
    assert [one.number for one in stopped] == [0]


def test_many_grow_old(server: Server) -> None:
    """Each is asked again when it is older than it may be, and may be stale where that fails."""
    urls = [server.serve(f"/{number}.txt", b"%d" % number) for number in range(3)]

    first = store.fetch_many(urls, max_age="1d")
    again = store.fetch_many(urls, max_age="1d")
    counted = server.count()
    server.stop()
    stale = [
        one.result.origin
        for one in store.fetch_each(urls, max_age=0, stale_if_error="1d")
        if one.result is not None
    ]

    assert [path.read_bytes() for path in first] == [b"0", b"1", b"2"]
    assert again == first
    assert counted == 3
    assert stale == ["stale"] * 3


def test_what_contradicts_itself_is_told_of_each(server: Server) -> None:
    """As for a single one."""
    outcomes = list(store.fetch_each(archives(server), unpack=True, decompress=True))

    assert all(isinstance(one.error, QueryError) for one in outcomes)
