"""Entries as files, and what may have become of them."""

from __future__ import annotations

import errno
import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from store.cache.backends.base import NEVER
from store.cache.backends.filecache import FileCache
from store.records import CachedResource


def into_directory(path: Path) -> None:
    """Put a directory that is not empty in a file's place."""
    path.unlink()
    (path / "inner").mkdir(parents=True)


def into_link(path: Path) -> None:
    """Put a link to the right entry in a file's place."""
    path.rename(path.with_name("moved"))
    path.symlink_to("moved")


def into_loop(path: Path) -> None:
    """Put a link to itself in a file's place."""
    path.unlink()
    path.symlink_to(path.name)


def into_fifo(path: Path) -> None:
    """Put a FIFO that nobody writes to in a file's place."""
    path.unlink()
    os.mkfifo(path)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "truncated": lambda path: os.truncate(path, path.stat().st_size - 3),
    "pickle": lambda path: path.write_bytes(pickle.dumps(os.getcwd)),
    "no mapping": lambda path: path.write_bytes(b"[]"),
    "no text": lambda path: path.write_bytes(b"\xff\xfe"),
    "too deep": lambda path: path.write_bytes(b"[" * 200_000),
    "another's": lambda path: path.write_text('{"uid": "other", "expires": null, "value": 1}'),
    "NaN": lambda path: path.write_text('{"uid": "uid", "expires": NaN, "value": 1}'),
    "no time": lambda path: path.write_text('{"uid": "uid", "expires": "x", "value": 1}'),
    "odd resource": lambda path: path.write_text(
        '{"uid": "uid", "expires": null, "value": {"cached-resource": [1, 2]}}'
    ),
    "long resource": lambda path: path.write_text(
        '{"uid": "uid", "expires": null, "value": {"cached-resource": ["a", "b", "c"]}}'
    ),
    "huge": lambda path: os.truncate(path, 1 << 34),
    "directory": into_directory,
    "link": into_link,
    "loop": into_loop,
    "fifo": into_fifo,
}


@pytest.fixture
def cache(root: Path) -> FileCache:
    """A file cache with one entry."""
    opened = FileCache({"cache_dir": str(root), "durability": "relaxed"})
    opened.set("uid", CachedResource("uid", f"{root}/content/x"), NEVER)
    return opened


@pytest.mark.parametrize("damage", sorted(DAMAGES))
def test_a_damaged_entry_is_a_miss_and_heals(cache: FileCache, damage: str) -> None:
    """Nothing is unpickled, nothing waited for, and the next set makes it right."""
    DAMAGES[damage](Path(cache.uid_to_file("uid")))

    assert cache.get("uid", "default") == "default"
    assert cache.set("uid", "new")
    assert cache.get("uid") == "new"


@pytest.mark.parametrize("damage", ["directory", "link", "pickle"])
def test_a_damaged_entry_can_be_deleted(cache: FileCache, damage: str) -> None:
    """Nothing ever needs manual deletion."""
    DAMAGES[damage](Path(cache.uid_to_file("uid")))

    cache.delete("uid")

    assert not os.path.lexists(cache.uid_to_file("uid"))


def test_a_file_where_a_directory_belongs_makes_way(cache: FileCache) -> None:
    """A stray file is set aside when an entry is written."""
    path = Path(cache.uid_to_file("uid"))
    path.unlink()
    path.parent.rmdir()
    path.parent.write_bytes(b"")

    assert cache.get("uid") is None
    assert cache.set("uid", 1)
    assert cache.get("uid") == 1


def test_clearing_removes_entries_only(cache: FileCache, root: Path) -> None:
    """A file of another kind stays."""
    other = root / "entries/v1/notes.txt"
    inner = Path(cache.uid_to_file("uid")).with_name("mine.txt")
    other.write_text("mine")
    inner.write_text("mine")

    cache.clear()

    assert {one for one in (root / "entries").rglob("*") if one.is_file()} == {other, inner}


def test_an_entry_is_plain_json(cache: FileCache, root: Path) -> None:
    """Anyone can read it; the path is relative to the cache."""
    text = Path(cache.uid_to_file("uid")).read_text()

    assert json.loads(text) == {
        "uid": "uid",
        "expires": None,
        "value": {"cached-resource": ["uid", "content/x"]},
    }


def test_a_long_entry_comes_back(cache: FileCache) -> None:
    """However many reads it takes."""
    assert cache.set("uid", "x" * 200_000)

    assert cache.get("uid") == "x" * 200_000


def test_a_read_only_cache_is_read(
    cache: FileCache, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Setting says False, deleting logs, getting works."""
    opened = os.open

    def read_only(path: str | Path, flags: int, *args: int, **options: int) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            raise OSError(errno.EROFS, "read-only")
        return opened(path, flags, *args, **options)

    def refuse(*args: object, **options: object) -> None:
        raise OSError(errno.EROFS, "read-only")

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", read_only)
        patch.setattr(os, "unlink", refuse)
        assert cache.set("uid", 1) is False
        cache.delete("uid")
        cache.clear()
        assert cache.get("uid") == CachedResource("uid", f"{root}/content/x")


def test_an_entry_that_cannot_be_read_is_a_miss(
    cache: FileCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk may fail between opening and reading."""

    def broken(*args: object) -> bytes:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(os, "read", broken)

    assert cache.get("uid", 5) == 5


def test_a_durable_entry_reaches_the_disk(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless a batch does that at its end."""
    synced: list[int] = []
    cache = FileCache({"cache_dir": root})
    cache.set("first", 1)
    monkeypatch.setattr(os, "fsync", synced.append)

    cache.set("first", 2)
    alone = len(synced)
    with cache.content.batch():
        cache.set("first", 3)
        within = len(synced) - alone

    assert alone >= 2
    assert within == 0
    assert len(synced) > alone


def test_the_users_directory_is_the_default(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no configuration says otherwise."""
    monkeypatch.setenv("STORE_CACHE_DIR", str(root))

    assert FileCache(None).cache_dir == str(root)
    assert FileCache().content.root == root


def test_an_entry_that_is_too_large_is_not_remembered(tmp_path: Path) -> None:
    """Nor is what was there lost; a large one that is not comes back."""
    cache = FileCache({"cache_dir": str(tmp_path), "durability": "relaxed"})
    large = "x" * (1 << 20)
    assert cache.set("uid", large)

    assert not cache.set("uid", "x" * (1 << 24))

    assert cache.get("uid") == large


def test_what_is_no_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    """A pipe or device in an entry's place may give bytes for ever."""
    cache = FileCache({"cache_dir": str(tmp_path), "durability": "relaxed"})
    cache.set("uid", "value")
    path = Path(cache.uid_to_file("uid"))
    into_fifo(path)
    pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    os.write(pipe, b" " * (1 << 16))

    found = cache.get("uid", "default")

    os.close(pipe)
    assert found == "default"
