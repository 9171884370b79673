"""Nothing outside the cache is made, changed or removed, whatever lies in the cache."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.cache.audit import audit
from store.cache.content import Content
from store.cache.pruning import clear, prune
from store.config.reading import read_settings
from store.fetching.fetcher import Fetcher
from store.testing.servers import Server

DATA = b"precious" * 50
PLACES = [
    "content",
    "content/v1",
    "content/v1/sha256",
    "records",
    "records/v1",
    "records/v1/sha256",
    "partial",
    "locks",
    "leases",
    "quarantine",
    "entries",
    "entries/v1",
    "entries/v1/*",
    "index",
    "index/v1",
    "index/v1/cache.db",
    "index/v1/cache.db-journal",
]


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A directory of the user's, full of what looks as if it were the cache's."""
    top = tmp_path / "outside"
    for name in (
        "v1/sha256/ab/" + "ab" * 32 + "/file",
        "v1/sha256/ab/" + "ab" * 32 + ".json",
        "sha256/ab/" + "ab" * 32 + "/file",
        "sha256/ab/" + "ab" * 32 + ".json",
        "ab/" + "ab" * 32 + "/file",
        "ab/" + "ab" * 32 + ".json",
        "v1/ab/" + "ab" * 32 + ".json",
        "v1/sha256/ab/.store-1-a",
        ".store-1-a/file",
        "5-1-ab.lease",
        "a.lock",
        "v1/cache.db",
        "cache.db",
    ):
        file = top / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        os.utime(file, (1, 1))
    return top


def tree(top: Path) -> list[tuple[str, int, float, bytes]]:
    """Return all that can be said of what lies below a directory, times of directories included."""
    return sorted(
        (
            str(one),
            one.lstat().st_mode,
            one.lstat().st_mtime,
            one.read_bytes() if one.is_file() else b"",
        )
        for one in (top, *top.rglob("*"))
    )


def replaced(cache: Path, place: str, make: Callable[[Path], object]) -> None:
    """Put something else in the place of a part of the cache, where it has that part."""
    for path in sorted(cache.glob(place)) or [cache / place]:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        make(path)


@pytest.mark.parametrize("backend", ["file-cache", "disk"])
@pytest.mark.parametrize("place", PLACES)
def test_a_link_out_of_the_cache_is_not_followed(
    server: Server, house: Path, outside: Path, place: str, backend: str
) -> None:
    """Nor by fetching, nor by verifying, pruning and clearing; and the fetch is well."""
    settings = read_settings().settings._replace(cache=backend)
    url = server.serve("/a", DATA)
    with Fetcher(settings) as fetcher:
        fetcher.fetch(url, allow_unverified=True)
    bait = outside / "cache.db" if "cache.db" in place else outside
    before = tree(outside)

    for _ in range(2):
        replaced(house, place, lambda path: path.symlink_to(bait))
        with Fetcher(settings) as fetcher:
            assert fetcher.fetch(url, allow_unverified=True).path.read_bytes() == DATA
        replaced(house, place, lambda path: path.symlink_to(bait))
        content = Content(house)
        assert all(one.state in {"ok", "missing"} for one in audit(content))
        prune(content, max_size=0, older_than=0)
        replaced(house, place, lambda path: path.symlink_to(bait))
        clear(content)

    assert tree(outside) == before


@pytest.mark.parametrize("backend", ["file-cache", "disk"])
@pytest.mark.parametrize("place", PLACES)
def test_a_file_in_place_of_a_directory_of_the_cache_heals(
    server: Server, house: Path, place: str, backend: str
) -> None:
    """It is set aside, and nobody has to remove it by hand."""
    settings = read_settings().settings._replace(cache=backend)
    url = server.serve("/a", DATA)
    with Fetcher(settings) as fetcher:
        fetcher.fetch(url, allow_unverified=True)
        replaced(house, place, lambda path: path.write_bytes(b"junk"))

        assert fetcher.fetch(url, allow_unverified=True).path.read_bytes() == DATA

    replaced(house, place, os.mkfifo)
    with Fetcher(settings) as fetcher:
        assert fetcher.fetch(url, allow_unverified=True).path.read_bytes() == DATA


def test_remembered_answers_do_not_leave_the_cache(remote: Any, house: Path, outside: Path) -> None:
    """What a query resolved to is written below the cache, or not at all."""
    remote.max_age = 60.0
    before = tree(outside)
    for place in ("resolutions", "resolutions/v1", "resolutions/v1/*"):
        replaced(house, place, lambda path: path.symlink_to(outside))

        with Fetcher() as fetcher:
            fetcher.fetch({"driver": "remote", "name": "a.txt"}, refresh=True)
        with Fetcher() as fetcher:
            asked = remote.asked
            fetcher.fetch({"driver": "remote", "name": "a.txt"})
            assert remote.asked == asked

    assert tree(outside) == before


def test_a_pruning_that_finds_nothing_removes_the_leases_of_the_dead(house: Path) -> None:
    """They would gather where nothing is ever due."""
    content = Content(house)
    (house / "leases").mkdir(parents=True)
    (house / "leases" / "5-1-ab.lease").touch()

    prune(content, older_than=1e6)

    assert not list((house / "leases").iterdir())


@pytest.mark.parametrize("place", ["entries/v1/ab", "resolutions/v1/ab", "records/v1/sha256/ab"])
def test_unfinished_files_of_the_dead_are_swept_everywhere(house: Path, place: str) -> None:
    """Once they are a day old."""
    (house / place).mkdir(parents=True)
    unfinished = house / place / ".store-1-ab"
    unfinished.touch()
    os.utime(unfinished, (1, 1))
    (house / "records").mkdir(exist_ok=True)

    prune(Content(house), older_than=1e6)

    assert not unfinished.exists()
