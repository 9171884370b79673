"""What came the short way is kept, or handed back."""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from store.cache.backends.base import Cache, CachedResource
from store.cache.backends.filecache import FileCache
from store.cache.claims import Claims
from store.cache.intake import Intake, Taken
from store.clock import SYSTEM_CLOCK
from store.events import Attempted, Cached, Event, Progressed, Started, Verified
from store.fetching.keeping import Keeping
from store.fetching.pinned import read_pinned
from store.fetching.results import Outcome, Result
from store.fetching.traffic import Back, Small
from store.integrity.digest import Digest
from store.testing.disk_faults import disk_full, failing_call
from store.testing.fakes import FakeCache
from store.testing.transports import read
from store.transports.attempts import Attempt
from store.transports.whole import WholeStream


@pytest.fixture
def cache(house: Path) -> Iterator[FileCache]:
    """The test's cache."""
    with FileCache({"cache_dir": str(house), "durability": "relaxed"}) as opened:
        yield opened


def came(cache: Cache, number: int) -> Small:
    """A body that came, and is claimed."""
    data = b"%d" % number
    digest = hashlib.sha256(data).hexdigest()
    pinned = read_pinned(f"http://host/{number}.bin#sha256={digest}")
    assert pinned is not None
    claim = Claims(cache.content.layout).claim(pinned.uid, pinned.digest, pinned.name)
    assert claim is not None
    attempt = Attempt(pinned.address, None, len(data), 0.1)
    return Small(number, pinned, claim, memoryview(data), attempt)


@pytest.fixture
def keeping(cache: FileCache) -> Iterator[Keeping]:
    """Keeps into the test's cache."""
    with cache.content.intake() as intake:
        yield Keeping(cache, intake, None)


def is_free(cache: Cache, small: Small) -> bool:
    """Whether a resource is no longer claimed."""
    claims = Claims(cache.content.layout)
    claim = claims.claim(small.pinned.uid, small.pinned.digest, "another name")
    if claim is not None:
        claim.release(vain=True)
    return claim is not None


def test_what_is_kept_is_free_at_once_and_told_when_it_is_settled(
    cache: FileCache, keeping: Keeping
) -> None:
    """With its result, as of a single fetch."""
    small = came(cache, 7)
    before = keeping.waits

    assert keeping.keep(small) is None
    assert (before, keeping.waits) == (False, True)
    assert is_free(cache, small)
    (outcome,) = keeping.settle()

    assert isinstance(outcome, Outcome)
    assert outcome.result is not None
    assert (outcome.number, outcome.locator) == (7, "http://host/7.bin")
    assert outcome.result.path.read_bytes() == b"7"
    assert outcome.result.attempts == (small.attempt,)
    assert keeping.settle() == []
    assert cache.get(small.pinned.uid) == CachedResource(small.pinned.uid, str(outcome.result.path))


@pytest.mark.parametrize(("durability", "many"), [("relaxed", 3), ("full", 24)])
def test_it_is_due_after_a_while_or_after_many(
    house: Path, monkeypatch: pytest.MonkeyPatch, durability: str, many: int
) -> None:
    """More and later where they have to reach the disk; and never where nothing waits."""
    monkeypatch.setattr("store.fetching.keeping._MANY", 3)
    monkeypatch.setattr("store.fetching.keeping._SOON", 60.0)
    known = {"cache_dir": str(house), "durability": durability}
    with FileCache(known) as cache, cache.content.intake() as intake:
        keeping = Keeping(cache, intake, None)
        seen = [(keeping.due, keeping.full)]
        for number in range(many):
            keeping.keep(came(cache, number))
            seen.append((keeping.due, keeping.full))
        keeping.settle()
        assert [*seen, (keeping.due, keeping.full)] == [
            *[(False, False)] * many,
            (True, True),
            (False, False),
        ]

        monkeypatch.setattr("store.fetching.keeping._SOON", 0.01)
        keeping.keep(came(cache, many))
        SYSTEM_CLOCK.sleep(0.03)
        late = keeping.due
        keeping.settle()
        SYSTEM_CLOCK.sleep(0.03)
        assert (late, keeping.due) == (True, False)


def test_more_is_kept_while_others_are_settled(
    cache: FileCache, keeping: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is settled the next time."""
    keeping.keep(came(cache, 1))
    steady = Intake.steady

    def meanwhile(intake: Intake, taken: Taken) -> None:
        keeping.keep(came(cache, 2))
        steady(intake, taken)

    with monkeypatch.context() as patch:
        patch.setattr(Intake, "steady", meanwhile)
        first = keeping.settle()
    second = keeping.settle()

    assert [one.number for one in first] == [1]
    assert [one.number for one in second] == [2]
    for one in (*first, *second):
        assert isinstance(one, Outcome)
        assert one.result is not None
        assert cache.content.glance(Digest.parse(one.result.uid), one.result.path.name) is not None


def test_what_cannot_be_kept_is_handed_back(
    cache: FileCache, keeping: Keeping, house: Path
) -> None:
    """With what came, so that nobody asks for it again; and it is free."""
    small = came(cache, 7)

    with disk_full(house):
        back = keeping.keep(small)

    assert back is not None
    assert isinstance(back.answer, WholeStream)
    assert read(back.answer) == bytes(small.data)
    assert is_free(cache, small)
    assert not keeping.waits


def test_what_cannot_be_settled_is_handed_back(house: Path) -> None:
    """The disk refused to make it last."""
    with FileCache({"cache_dir": str(house)}) as cache, cache.content.intake() as intake:
        keeping = Keeping(cache, intake, None)
        small = came(cache, 7)
        keeping.keep(small)

        with failing_call("fsync", errno.EIO, below=house):
            assert keeping.settle() == [Back(7, attempt=small.attempt)]

    assert not keeping.waits


def test_a_surprise_gives_the_claim_back(
    cache: FileCache, keeping: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is not hidden."""

    def failing(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("store.cache.intake.put_small", failing)
    small = came(cache, 7)

    with pytest.raises(KeyboardInterrupt):
        keeping.keep(small)

    assert is_free(cache, small)


@pytest.mark.parametrize(("ends", "last"), [(True, Cached), (False, Verified)])
def test_each_is_told_of_in_order(
    cache: FileCache,
    ends: bool,  # noqa: FBT001
    last: type[Event],
) -> None:
    """Its end, too, unless whoever places it tells that."""
    told: list[Event] = []
    with cache.content.intake() as intake:
        keeping = Keeping(cache, intake, told.append, ends=ends)
        keeping.keep(came(cache, 7))
        assert told == []
        keeping.settle()

    kinds = [Started, Attempted, Progressed, Verified, Cached]
    assert [type(one) for one in told] == kinds[: kinds.index(last) + 1]
    assert {one.name for one in told} == {"7.bin"}


def test_a_cache_that_keeps_entries_elsewhere_is_told_in_its_own_way(house: Path) -> None:
    """Of each entry, and where it came from."""
    cache = FakeCache({"cache_dir": str(house), "durability": "relaxed"})
    with cache, cache.content.intake() as intake:
        keeping = Keeping(cache, intake, None)
        small = came(cache, 7)
        keeping.keep(small)
        keeping.settle()

    uid = small.pinned.uid
    assert cache.get(uid).uid == uid
    noted = cache.recorded[uid]
    assert (noted.driver, noted.origin, noted.digests, noted.size) == (
        "http",
        "http://host/7.bin",
        (uid,),
        1,
    )
    assert json.loads(noted.query) == {"digests": [uid], "url": "http://host/7.bin"}


class Failing(FileCache):
    """A cache that fails in one of its ways."""

    way = ""

    def entry_of(self, uid: str, value: CachedResource) -> Any:
        """Fail, or have no place."""
        if self.way == "entry_of":
            raise ZeroDivisionError
        return (str(self.content.root / "entries/two"), "{\n}") if self.way == "lines" else None

    def set(self, uid: str, value: Any, timeout: float = 0.0) -> bool:
        """Fail."""
        if self.way == "set":
            raise ZeroDivisionError
        return super().set(uid, value, timeout)

    def record(self, uid: str, provenance: Any) -> None:
        """Fail."""
        if self.way == "record":
            raise ZeroDivisionError


def failing(house: Path, way: str) -> Failing:
    """Return a cache that fails in one way."""
    cache = Failing({"cache_dir": str(house), "durability": "relaxed"})
    cache.way = way
    return cache


def kept(cache: Cache) -> Result:
    """Keep a body, and return what is said of it."""
    with cache.content.intake() as intake:
        keeping = Keeping(cache, intake, None)
        keeping.keep(came(cache, 7))
        (outcome,) = keeping.settle()
    assert isinstance(outcome, Outcome)
    assert outcome.result is not None
    return outcome.result


@pytest.mark.parametrize("way", ["entry_of", "set", "record"])
def test_a_cache_that_fails_costs_only_the_next_hit(
    house: Path, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    """What came is there, and the failure is logged."""
    with failing(house, way) as cache:
        result = kept(cache)

    assert result.path.read_bytes() == b"7"
    assert "ZeroDivisionError" in caplog.text


def test_an_entry_of_two_lines_is_set_in_the_usual_way(house: Path) -> None:
    """A journal has one line for each."""
    with failing(house, "lines") as cache:
        result = kept(cache)

        assert cache.get(result.uid) == CachedResource(result.uid, str(result.path))
