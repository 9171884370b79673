"""The suite that a cache backend inherits."""

# ruff: noqa: S101 - a suite's tests assert

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from store.cache.backends.base import DEFAULT_TIMEOUT, NEVER, Cache
from store.records import CachedResource, Provenance
from store.testing.cache_damage import DamageTests
from store.testing.fakes import FakeClock
from store.testing.samples import TWINS, UIDS, VALUES

__all__ = ["CacheSuite"]


class CacheSuite(DamageTests, suite=True):
    """What every cache backend must do.

    A backend's test says how it is made::

        class TestFileCache(CacheSuite):
            def make(self, directory):
                return FileCache({"cache_dir": str(directory)})
    """

    persistent: ClassVar[bool] = True
    """Whether another instance on the same directory finds what one has set."""

    @pytest.fixture
    def clock(self) -> FakeClock:
        """The time that the cache is told."""
        return FakeClock()

    @pytest.fixture
    def cache(self, directory: Path, clock: FakeClock) -> Iterator[Cache]:
        """A cache that is empty, in a directory that is not there yet."""
        cache = self.make(directory)
        cache.clock = clock
        with cache:
            yield cache

    def test_unknown_uid_gives_the_default(self, cache: Cache) -> None:
        """What was never set is None, or the default that is given."""
        default = object()

        assert cache.get("unknown") is None
        assert cache.get("unknown", default) is default
        assert "unknown" not in cache

    @pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
    def test_value_comes_back(self, cache: Cache, value: Any) -> None:  # noqa: ANN401 - any plain data
        """Plain data and a CachedResource come back equal and of the same type."""
        assert cache.set("uid", value) is True

        found = cache.get("uid", "(default)")

        assert found == value
        assert type(found) is type(value)

    def test_foreign_value_is_refused(self, cache: Cache) -> None:
        """What JSON cannot hold is answered by False, and not remembered."""
        circle: list[Any] = []
        circle.append(circle)

        for value in (
            object(),
            b"bytes",
            {1, 2},
            circle,
            CacheSuite,
            CachedResource("uid", b"path"),
        ):
            assert cache.set("uid", value) is False, f"{value!r} was accepted"
            assert cache.get("uid") is None

    def test_value_is_private(self, cache: Cache) -> None:
        """Changing what was set, or what was got, does not change what is remembered."""
        value = {"list": [1]}
        cache.set("uid", value)
        value["list"].append(2)
        cache.get("uid")["list"].append(3)

        assert cache.get("uid") == {"list": [1]}

    def test_later_value_replaces_the_earlier(self, cache: Cache) -> None:
        """A uid has the value that was set last."""
        cache.set("uid", "first, and longer")
        cache.set("uid", "second")

        assert cache.get("uid") == "second"

    @pytest.mark.parametrize("uid", UIDS.values(), ids=UIDS)
    def test_any_uid_is_legal(self, cache: Cache, directory: Path, uid: str) -> None:
        """Any text names an entry, can be deleted, and leads nowhere outside the cache's directory."""
        before = set(directory.parent.iterdir()) - {directory}
        cache.set("another", "stays")

        assert cache.set(uid, {"of": uid}) is True
        assert cache.get(uid) == {"of": uid}
        assert uid in cache
        cache.delete(uid)
        assert cache.get(uid) is None
        assert cache.get("another") == "stays"
        assert set(directory.parent.iterdir()) - {directory} == before

    @pytest.mark.parametrize(("one", "other"), TWINS, ids=range(len(TWINS)))
    def test_twins_are_told_apart(self, cache: Cache, one: str, other: str) -> None:
        """Identities that differ in case, Unicode form, length or a separator never share an entry."""
        cache.set(one, 1)
        assert other not in cache
        cache.set(other, 2)

        assert (cache.get(one), cache.get(other)) == (1, 2)

    def test_deleted_uid_is_forgotten(self, cache: Cache) -> None:
        """Deleting forgets one entry, and is harmless where there is none."""
        cache.set("one", 1)
        cache.set("two", 2)

        cache.delete("one")
        cache.delete("one")

        assert (cache.get("one"), cache.get("two")) == (None, 2)

    def test_cleared_cache_is_empty(self, cache: Cache) -> None:
        """Clearing forgets all entries, after which the cache works as before."""
        cache.clear()
        for number in range(20):
            cache.set(f"uid {number}", number)

        cache.clear()

        assert [number for number in range(20) if f"uid {number}" in cache] == []
        assert cache.set("uid", "value")
        assert cache.get("uid") == "value"

    def test_content_is_left_alone(self, cache: Cache, directory: Path) -> None:
        """Neither delete nor clear touches the files that the cache owns."""
        path = directory / "content" / "v1" / "sha256" / "00" / "00" / "file"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"content")
        cache.set("uid", CachedResource("uid", str(path)))

        cache.delete("uid")
        cache.clear()

        assert path.read_bytes() == b"content"

    def test_value_expires(self, cache: Cache, clock: FakeClock) -> None:
        """A value lives for its timeout, to the second, and may be set again afterwards."""
        cache.set("uid", "value", 10)
        clock.advance(9)
        assert cache.get("uid") == "value"
        clock.advance(2)

        assert cache.get("uid", "(default)") == "(default)"
        assert not cache.has_resource("uid")
        assert "uid" not in cache
        cache.set("uid", "again", 10)
        assert cache.get("uid") == "again"

    def test_value_lives_a_day_by_default(self, cache: Cache, clock: FakeClock) -> None:
        """Without a timeout a value lives for DEFAULT_TIMEOUT."""
        cache.set("uid", "value")
        clock.advance(DEFAULT_TIMEOUT - 1)
        assert cache.get("uid") == "value"
        clock.advance(2)

        assert cache.get("uid") is None

    def test_value_may_live_for_good(self, cache: Cache, clock: FakeClock) -> None:
        """With the timeout NEVER a value does not grow old."""
        cache.set("uid", "value", NEVER)
        clock.advance(1000 * 365 * 86_400.0)

        assert cache.get("uid") == "value"

    def test_spent_timeout_is_no_life(self, cache: Cache) -> None:
        """A timeout of 0 or less leaves nothing to be found."""
        for timeout in (0, -1):
            cache.set("uid", "value", timeout)
            assert "uid" not in cache

    def test_expiry_is_told(self, cache: Cache, clock: FakeClock) -> None:
        """get_expiry_time counts from the cache's clock; NEVER stays infinite."""
        assert cache.get_expiry_time(5) == clock.now() + 5
        assert cache.get_expiry_time() == clock.now() + DEFAULT_TIMEOUT
        assert math.isinf(cache.get_expiry_time(NEVER))

    def test_known_uid_is_in_the_cache(self, cache: Cache) -> None:
        """has_resource and ``in`` agree."""
        cache.set("uid", CachedResource("uid", "/path"))

        assert cache.has_resource("uid")
        assert "uid" in cache

    def test_record_is_harmless(self, cache: Cache) -> None:
        """A note of where an entry came from changes no entry, known or unknown."""
        note = Provenance("driver", '{"name":"x"}', "https://host/x", ("sha256:00",), 1)
        cache.set("uid", "value")

        cache.record("uid", note)
        cache.record("unknown\n/..", note)

        assert cache.get("uid") == "value"
        assert "unknown\n/.." not in cache

    def test_closed_cache_may_be_used_again(self, cache: Cache, directory: Path) -> None:
        """Closing twice is harmless, and what follows works."""
        del directory
        cache.close()
        cache.close()

        assert cache.set("uid", "value")
        assert cache.get("uid") == "value"

    def test_threads_share_the_cache(self, cache: Cache) -> None:
        """Two threads that write and read the same uids see whole values, and no error."""
        failures: list[object] = []

        def work(name: str) -> None:
            """Write, read and delete, and keep whatever is wrong for the test's thread."""
            try:
                for number in range(50):
                    uid = f"uid {number % 5}"
                    cache.set(uid, [name] * 100)
                    found = cache.get(uid)
                    if found is not None and found not in (["one"] * 100, ["two"] * 100):
                        failures.append(found)
                    if number % 7 == 0:
                        cache.delete(uid)
            except Exception as error:  # noqa: BLE001 - any one is a failure, to be told by the test
                failures.append(error)

        threads = [threading.Thread(target=work, args=(name,)) for name in ("one", "two")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert failures == []
