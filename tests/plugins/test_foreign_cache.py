"""Caches that were written for e3-core, as caches of ours."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from e3.store.backends.base import CachedResource as E3CachedResource
from e3.store.cache.backends.filecache import FileCache as E3FileCache

from store.cache.backends.base import NEVER
from store.plugins.brought import Found
from store.plugins.foreign_cache import ForeignCache, our_cache
from store.plugins.loading import load_cache
from store.plugins.manager import Plugins
from store.records import CachedResource


class Failing:
    """A cache that fails whatever it is asked."""

    def __getattr__(self, name: str) -> Any:
        """Return a method that fails."""

        def fail(*arguments: Any) -> Any:
            raise RuntimeError(name)

        return fail


class Remembering(dict[str, Any]):
    """A cache in memory, that notes the timeouts."""

    cache_configuration = "its own"

    def __init__(self) -> None:
        super().__init__()
        self.timeouts: list[float] = []

    def set(self, uid: str, value: Any, timeout: int = 0) -> bool:
        """Remember a value."""
        self.timeouts.append(timeout)
        self[uid] = value
        return True

    def delete(self, uid: str) -> None:
        """Forget a value."""
        del self[uid]


@pytest.fixture
def theirs(tmp_path: Path) -> E3FileCache:
    """Return e3-core's own cache of files."""
    return E3FileCache({"cache_dir": str(tmp_path / "theirs")})


@pytest.fixture
def cache(theirs: E3FileCache) -> ForeignCache:
    """Return it wrapped."""
    wrapped = our_cache(theirs)
    assert isinstance(wrapped, ForeignCache)
    return wrapped


def test_a_cache_of_e3_core_s_group_is_loaded_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is wrapped, and told its configuration."""
    value = "e3.store.cache.backends.filecache:FileCache"
    registry = Plugins(lambda: [Found("e3.store.cache.backend", "e3-files", value, "e3-core")])
    monkeypatch.setattr("store.plugins.loading.plugins", lambda: registry)

    cache = load_cache("e3-files", {"cache_dir": str(tmp_path)})

    assert isinstance(cache, ForeignCache)
    assert cache.foreign.cache_dir == str(tmp_path)


def test_a_resource_goes_there_and_back(cache: ForeignCache, theirs: E3FileCache) -> None:
    """Each side sees its own class."""
    ours = CachedResource("abc", "/x/y")

    assert cache.set("abc", ours, NEVER)
    found = cache.get("abc")

    assert type(theirs.get("abc")) is E3CachedResource
    assert type(found) is CachedResource
    assert found == ours
    assert "abc" in cache


def test_plain_values_and_misses_pass_through(cache: ForeignCache) -> None:
    """What is no resource is handed on as it is."""
    assert cache.set("n", {"a": [1, None]})
    assert cache.get("n") == {"a": [1, None]}
    assert cache.get("missing", 3) == 3
    assert not cache.has_resource("missing")
    cache.delete("missing")
    cache.delete("n")
    assert cache.get("n") is None
    cache.set("m", 1)
    cache.clear()
    assert "m" not in cache


@pytest.mark.parametrize(
    "uid", ["../../escape", "a/b", "*", "", ".", "x\n", "é", "\udcff", "long" * 3_000, "..", "[a]"]
)
def test_any_uid_is_legal_and_stays_inside(cache: ForeignCache, tmp_path: Path, uid: str) -> None:
    """Their file cache takes uids for names and for patterns, so it sees a derived one."""
    cache.set("other", CachedResource("other", "/o"))
    assert cache.set(uid, CachedResource(uid, "/x"))
    assert cache.get(uid) == CachedResource(uid, "/x")
    cache.delete(uid)

    assert not cache.has_resource(uid)
    assert cache.has_resource("other")
    assert [one.name for one in tmp_path.iterdir()] == ["theirs"]


def test_an_entry_of_another_uid_is_a_miss(cache: ForeignCache, theirs: E3FileCache) -> None:
    """A file that was renamed or exchanged is not believed."""
    theirs.set("a", E3CachedResource("b", "/x"))

    assert cache.get("a", "default") == "default"


def test_a_damaged_entry_is_a_miss(cache: ForeignCache, theirs: E3FileCache) -> None:
    """Whatever their reader raises."""
    cache.set("a", 1)
    Path(theirs.uid_to_file("a")).write_bytes(b"\x80no pickle")

    assert cache.get("a", "default") == "default"
    assert not cache.has_resource("a")


def test_what_cannot_be_remembered_is_false(cache: ForeignCache) -> None:
    """A value that does not pickle is no error."""
    assert cache.set("a", lambda: None) is False


def test_a_cache_that_always_fails_never_raises(caplog: pytest.LogCaptureFixture) -> None:
    """A failure of the cache is no failure of a fetch."""
    cache = ForeignCache(Failing(), None)

    assert cache.get("a", "default") == "default"
    assert cache.set("a", 1) is False
    assert cache.has_resource("a") is False
    cache.delete("a")
    cache.clear()
    cache.close()
    assert "the foreign cache" in caplog.text


def test_for_good_is_a_whole_number_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """e3-core's caches expect seconds; without e3-core's store our own class is remembered."""
    memory = Remembering()
    cache = our_cache(memory)
    monkeypatch.setitem(sys.modules, "e3.store.backends.base", None)

    cache.set("a", CachedResource("a", "/x"), NEVER)
    cache.set("b", 1, 0.5)

    assert memory.timeouts == [100 * 365 * 86_400, 1]
    assert type(memory["a"]) is CachedResource
    assert cache.cache_configuration == "its own"


def test_content_is_ours_and_lies_apart(cache: ForeignCache, tmp_path: Path) -> None:
    """Below their directory where one is told, else with the user's."""
    assert str(cache.content.root) == str(tmp_path / "theirs/store")
    assert cache.content is cache.content
    assert str(ForeignCache(Remembering()).content.root) == str(tmp_path / "cache")
    configured = ForeignCache(Remembering(), {"durability": "relaxed", "colour": "red"})
    assert configured._content_configuration() == {"durability": "relaxed"}
    cache.close()


def test_closing_closes_both() -> None:
    """A foreign cache without a close of its own is no trouble."""
    cache = ForeignCache(Remembering())
    cache.close()

    assert cache.get("a") is None
