"""What every backend does alike."""

from __future__ import annotations

import math
import os
import pickle
import threading
from pathlib import Path
from typing import Any

import pytest

from store.cache.backends.base import DEFAULT_TIMEOUT, NEVER, Cache, Provenance
from store.cache.backends.filecache import FileCache
from store.cache.backends.null import NullCache
from store.errors import ConfigurationError
from store.records import CachedResource
from store.testing.fakes import FakeClock

UIDS = [
    "sha256:ab",
    "",
    "a/b/../../c",
    "..",
    "line\nline",
    "x" * 10_000,
    "Straße",
    "\udc80",
    "\ud800\udc00",
    "\0",
    "CON",
]

VALUES: list[Any] = [
    None,
    True,
    0,
    -(10**300),
    1.5,
    "text\u2028",
    "\udc80",
    [],
    {},
    [1, [2, {"a": None}]],
    {"": {"cached-resource": 1, "more": 2}},
]

REFUSED: list[Any] = [
    (1, 2),
    {1: "a"},
    {"a": {1, 2}},
    b"bytes",
    math.nan,
    math.inf,
    Path("/x"),
    [object()],
    {"cached-resource": ["a", "b"]},
    "\ud800\udc00",
    10**5000,
    CachedResource("uid", None),
    CachedResource(7, "path"),
    True.__class__,
]


@pytest.mark.parametrize("uid", UIDS, ids=range(len(UIDS)))
def test_any_text_is_a_uid(cache: Cache, uid: str, root: Path) -> None:
    """It is remembered, told from its likes, and forgotten; no name on disk is taken from it."""
    assert cache.set(uid, "value")
    cache.set(uid + "x", "other")

    assert (cache.get(uid), cache.get(uid + "x"), uid in cache) == ("value", "other", True)
    cache.delete(uid)
    cache.delete(uid)
    assert (cache.get(uid, "default"), cache.has_resource(uid)) == ("default", False)
    assert cache.get(uid + "x") == "other"
    assert {one.name for one in root.parent.iterdir()} <= {"cache"}


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_plain_data_comes_back_as_it_went_in(cache: Cache, value: Any) -> None:
    """Of the same types, and not the same object."""
    assert cache.set("uid", value)

    found = cache.get("uid", "default")

    assert found == value
    assert type(found) is type(value)
    assert not isinstance(value, list | dict) or found is not value


@pytest.mark.parametrize("value", REFUSED, ids=range(len(REFUSED)))
def test_what_would_not_come_back_is_refused(cache: Cache, value: Any) -> None:
    """What was remembered before stays."""
    cache.set("uid", "before")

    assert cache.set("uid", value) is False
    assert cache.get("uid") == "before"


def test_data_without_an_end_is_refused(cache: Cache) -> None:
    """A list that holds itself is no plain data."""
    endless: list[Any] = []
    endless.append(endless)

    assert not cache.set("uid", endless)


@pytest.mark.parametrize(
    "path",
    [
        "{root}/content/v1/sha256/ab/cd/name",
        "/elsewhere/{root}",
        "relative/path",
        "./",
        "",
        "{root}//x",
    ],
)
def test_a_cached_resource_comes_back(cache: Cache, path: str, root: Path) -> None:
    """With its class, wherever its file lies."""
    resource = CachedResource("uid", path.format(root=root))
    cache.set("uid", resource)

    found = cache.get("uid")

    assert found == resource
    assert isinstance(found, CachedResource)


def test_time_passes(cache: Cache, clock: FakeClock) -> None:
    """A value lives for its timeout and not a second longer."""
    cache.set("day", 1)
    cache.set("second", 2, 1)
    cache.set("never", 3, NEVER)
    for name, timeout in (("zero", 0), ("past", -5), ("long past", -math.inf)):
        cache.set(name, "before")
        assert cache.set(name, "after", timeout)

    clock.advance(0.5)
    soon = [cache.get(name) for name in ("day", "second", "never", "zero", "past", "long past")]
    clock.advance(0.5)
    later = [cache.get(name) for name in ("day", "second", "never")]
    clock.advance(DEFAULT_TIMEOUT)
    last = [cache.get(name) for name in ("day", "second", "never")]

    assert soon == [1, 2, 3, None, None, None]
    assert later == [1, None, 3]
    assert last == [None, None, 3]
    assert cache.get_expiry_time(NEVER) == NEVER


@pytest.mark.parametrize("timeout", [math.nan, None, "soon"])
def test_a_timeout_is_a_number(cache: Cache, timeout: Any) -> None:
    """Anything else is a mistake of the caller, who is told."""
    with pytest.raises(ConfigurationError, match="timeout"):
        cache.set("uid", 1, timeout)


def test_clearing_forgets_all_and_touches_no_content(cache: Cache, root: Path) -> None:
    """Content is pruned, not cleared."""
    for number in range(20):
        cache.set(str(number), number)
    with cache.content.workspace() as directory:
        (directory / "file").write_bytes(b"data")
        kept = cache.content.keep(directory / "file")

    cache.clear()
    cache.clear()

    assert [cache.get(str(number)) for number in range(20)] == [None] * 20
    assert kept.path.exists()


def test_a_closed_cache_can_be_used_again(cache: Cache) -> None:
    """Closing gives back what is open, no more."""
    cache.set("uid", 1)
    cache.record("uid", Provenance("driver", "{}", "", (), 0))

    cache.close()
    cache.close()

    assert cache.get("uid") == 1
    assert cache.set("other", 2)


def test_a_cache_crosses_to_a_worker_by_its_configuration(cache: Cache) -> None:
    """What is open stays behind."""
    cache.set("uid", 1, NEVER)

    copy = pickle.loads(pickle.dumps(cache))

    assert type(copy) is type(cache)
    assert copy.content.root == cache.content.root
    assert copy.get("uid") in {1, None}
    copy.close()


def test_threads_share_a_cache(cache: Cache) -> None:
    """Each finds what it has set."""
    found: list[bool] = []

    def work(number: int) -> None:
        for one in range(20):
            uid = f"{number} {one}"
            found.append(cache.set(uid, uid) and cache.get(uid) == uid)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [True] * 80


def test_a_forks_child_uses_the_cache(cache: Cache) -> None:
    """No connection or lock of the parent's gets in its way."""
    cache.set("uid", 1, NEVER)
    child = os.fork()
    if child == 0:
        ok = cache.get("uid") == 1 and cache.set("child", 2, NEVER) and cache.get("child") == 2
        os._exit(0 if ok else 1)

    _, status = os.waitpid(child, 0)

    assert status == 0
    assert cache.get("uid") == 1
    assert cache.set("parent", 3)


def test_a_moved_cache_finds_its_content(tmp_path: Path) -> None:
    """Paths inside the cache are kept relative to it."""
    with FileCache({"cache_dir": tmp_path / "here"}) as cache:
        cache.set("uid", CachedResource("uid", str(tmp_path / "here/content/file")), NEVER)
    (tmp_path / "here").rename(tmp_path / "there")

    with FileCache({"cache_dir": tmp_path / "there"}) as moved:
        assert moved.get("uid") == CachedResource("uid", str(tmp_path / "there/content/file"))


def test_the_null_cache_remembers_nothing(root: Path) -> None:
    """It says so, too."""
    with NullCache({"cache_dir": root}) as cache:
        assert cache.set("uid", 1) is False
        assert cache.get("uid", "default") == "default"
        cache.delete("uid")
        cache.clear()
        assert cache.content.root == root
