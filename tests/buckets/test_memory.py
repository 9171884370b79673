"""Digests are remembered between syncs, and never wrongly."""

from __future__ import annotations

import hashlib
import logging
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from store.buckets.memory import INTERVAL, Known, Memory
from store.buckets.scanning import stamp_at
from store.buckets.spans import TRUSTED, Span
from store.buckets.syncing import sync_directory
from store.integrity.stamp import COARSE_GRAIN_NS, FINE_GRAIN_NS, LOCAL_GRAIN_NS
from store.testing.bucket_trees import held, lay
from store.testing.fakes import FakeClock
from store.testing.objects import FakeObjects
from store.transports.objects.base import ObjectMeta

STAMP = (1, 2, 3, 4, 5)
META = ObjectMeta("k", 3, "tag")
KNOWN = Known("ab", None)


def remembered(place: Path) -> Memory:
    """Return the memory of one tree and bucket."""
    return Memory("/tree", "s3://bucket/", directory=place)


def test_what_was_kept_is_known_in_the_next_run(tmp_path: Path) -> None:
    """By stamp on this side, by tag on the other."""
    memory = remembered(tmp_path)
    memory.keep_local("a", STAMP, KNOWN)
    memory.keep_remote(META, "cd")
    memory.save({"a"}, {"k"})

    again = remembered(tmp_path)

    assert again.local("a", STAMP) == KNOWN
    assert again.remote(META) == "cd"


@pytest.mark.parametrize("changed", range(5))
def test_another_stamp_is_another_file(tmp_path: Path, changed: int) -> None:
    """Device, inode, size and both times."""
    memory = remembered(tmp_path)
    memory.keep_local("a", STAMP, KNOWN)

    other = tuple(one + (place == changed) for place, one in enumerate(STAMP))

    assert memory.local("a", other) is None


@pytest.mark.parametrize(
    "other", [META._replace(etag="other"), META._replace(size=4), META._replace(key="l")]
)
def test_another_tag_or_size_is_another_object(tmp_path: Path, other: ObjectMeta) -> None:
    """Or another key."""
    memory = remembered(tmp_path)
    memory.keep_remote(META, "cd")

    assert memory.remote(other) is None


def test_versions_are_compared_where_both_are_told(tmp_path: Path) -> None:
    """A listing tells none."""
    memory = remembered(tmp_path)
    memory.keep_remote(META._replace(version="1"), "cd")

    assert memory.remote(META) == "cd"
    assert memory.remote(META._replace(version="2")) is None


def test_an_object_without_tag_and_time_is_not_remembered(tmp_path: Path) -> None:
    """Nothing would tell it from the next one."""
    memory = remembered(tmp_path)
    memory.keep_remote(META._replace(etag=None), "cd")

    assert memory.remote(META._replace(etag=None)) is None


@pytest.mark.parametrize("grain", [FINE_GRAIN_NS, LOCAL_GRAIN_NS, COARSE_GRAIN_NS])
def test_a_file_that_was_just_written_is_not_remembered(
    tmp_path: Path, grain: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another write within the clock's grain would leave the same stamp, if it has one."""
    monkeypatch.setattr("store.buckets.memory.grain_of", lambda _: grain)
    path = tmp_path / "young"
    path.write_text("1")
    memory = remembered(tmp_path / "memory")
    stamp = stamp_at(path)
    memory.keep_local("young", stamp, KNOWN, stamp[4])
    memory.keep_local("old", STAMP, KNOWN, stamp[4])
    memory.save({"young", "old"}, set())
    again = remembered(tmp_path / "memory")

    assert memory.local("young", stamp) == again.local("old", STAMP) == KNOWN
    assert again.local("young", stamp) == (KNOWN if grain == FINE_GRAIN_NS else None)


def test_what_is_gone_is_forgotten(tmp_path: Path) -> None:
    """Once there is enough of it."""
    memory = remembered(tmp_path)
    for number in range(100):
        memory.keep_local(f"{number}", STAMP, KNOWN)
    memory.save({"1"}, set())

    again = remembered(tmp_path)

    assert again.local("1", STAMP) == KNOWN
    assert again.local("2", STAMP) is None


@pytest.mark.parametrize("sealed", [True, False])
@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"[]",
        b'{"about": "/other", "entries": {}}',
        b'{"about": "/tree", "entries": {"a": 1}}',
        b'{"about": "/tree", "entries": {"a": [1, 2, 3]}}',
        b'{"about": "/tree", "entries": []}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_a_damaged_memory_is_forgotten(
    tmp_path: Path, damage: bytes, caplog: pytest.LogCaptureFixture, *, sealed: bool
) -> None:
    """It costs a second look, and is told."""
    memory = remembered(tmp_path)
    memory.keep_local("a", STAMP, KNOWN)
    memory.save({"a"}, set())
    (path,) = (tmp_path / "trees").iterdir()
    number = hashlib.sha256(damage).hexdigest().encode()
    seal = b"\n" + number + b"\n" if sealed else b""
    path.write_bytes(damage + seal)

    with caplog.at_level(logging.WARNING):
        again = remembered(tmp_path)

    assert again.local("a", STAMP) is None
    assert "forgotten" in caplog.text


def test_a_memory_that_cannot_be_written_harms_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The sync has done its work."""
    (tmp_path / "memory").write_text("a file in the way")
    objects = FakeObjects()
    lay(tmp_path / "here", {"a": "1"})

    sync_directory(objects, tmp_path / "here", memory=tmp_path / "memory")

    assert held(objects) == {"a": "1"}
    assert "is not remembered" in caplog.text


def test_an_edit_that_leaves_size_and_time_is_seen(tmp_path: Path) -> None:
    """The change time cannot be put back."""
    objects = FakeObjects()
    here = lay(tmp_path / "here", {"a": "one"})
    sync_directory(objects, here, memory=tmp_path / "memory")
    status = (here / "a").stat()
    (here / "a").write_text("two")
    os.utime(here / "a", ns=(status.st_atime_ns, status.st_mtime_ns))

    sync_directory(objects, here, memory=tmp_path / "memory")

    assert held(objects) == {"a": "two"}


def test_what_is_learnt_is_written_down_now_and_then(tmp_path: Path) -> None:
    """A run that is killed has not read all of it in vain."""
    clock = FakeClock()
    memory = Memory("tree", "bucket", directory=tmp_path, clock=clock)
    stamp = (1, 2, 3, 4, 5)
    memory.keep_local("early", stamp, Known("a" * 64))
    memory.keep_remote(ObjectMeta("early", 3, "e"), "a" * 64)
    clock.advance(INTERVAL + 1)
    memory.keep_local("late", stamp, Known("b" * 64))
    memory.keep_local("too late", stamp, Known("c" * 64))

    again = Memory("tree", "bucket", directory=tmp_path, clock=clock)

    assert again.local("early", stamp) == Known("a" * 64)
    assert again.local("late", stamp) == Known("b" * 64)
    assert again.local("too late", stamp) is None
    assert again.remote(ObjectMeta("early", 3, "e")) == "a" * 64


def test_one_digit_that_flipped_is_enough(tmp_path: Path) -> None:
    """It would go up as the digest of a content, and be kept with it for good."""
    memory = remembered(tmp_path)
    memory.keep_local("a", STAMP, KNOWN)
    memory.save({"a"}, set())
    (path,) = (tmp_path / "trees").iterdir()
    digit = "1" if KNOWN.sha256[0] == "0" else "0"
    path.write_text(path.read_text().replace(KNOWN.sha256, digit + KNOWN.sha256[1:]))

    assert remembered(tmp_path).local("a", STAMP) is None


ENDED = datetime.fromtimestamp(1_700_000_010.9, UTC)
LISTED = META._replace(etag="listed", last_modified=ENDED)


def uploaded(place: Path, clock: FakeClock, meta: ObjectMeta = META) -> Memory:
    """Return a memory, read anew, of an upload that took three seconds and has just ended."""
    memory = Memory("/tree", "s3://bucket/", directory=place, clock=clock)
    memory.keep_remote(meta, "cd", Span.ended_at(ENDED, 3.0, clock.now()))
    memory.save(set(), {"k"})
    return Memory("/tree", "s3://bucket/", directory=place, clock=clock)


@pytest.mark.parametrize(
    ("at", "known"),
    [
        (1_700_000_010.9, True),
        (1_700_000_010.0, True),
        (1_700_000_007.0, True),
        (1_700_000_011.0, False),
        (1_700_000_003.0, False),
    ],
)
def test_what_was_uploaded_is_known_by_its_time_where_its_tag_is_not(
    tmp_path: Path, *, at: float, known: bool
) -> None:
    """From the upload's beginning to the second in which it ended."""
    memory = uploaded(tmp_path, FakeClock())
    found = LISTED._replace(last_modified=datetime.fromtimestamp(at, UTC))

    assert memory.written(found) == ("cd" if known else None)
    assert memory.remote(found) is None
    assert memory.remote(META) == "cd"


def test_a_time_is_enough_for_a_while(tmp_path: Path) -> None:
    """Then it is proven; a clock that was put back proves nothing."""
    clock = FakeClock()
    memory = uploaded(tmp_path, clock)
    clock.advance(TRUSTED - 1)
    assert memory.written(LISTED) == "cd"

    clock.advance(2)

    assert memory.written(LISTED) is None
    span = Span.ended_at(ENDED, 3.0, clock.now())
    assert span is not None
    assert not span.covers(ENDED, clock.now() - 5)


def test_nothing_is_known_by_its_time_alone(tmp_path: Path) -> None:
    """Of another size, version or key, without a time, or where the tag was told."""
    memory = uploaded(tmp_path, FakeClock(), META._replace(version="1"))
    memory.keep_remote(META._replace(key="told"), "cd")
    found = LISTED._replace(version="1")

    assert memory.written(found) == "cd"
    assert memory.written(found._replace(size=4)) is None
    assert memory.written(found._replace(version="2")) is None
    assert memory.written(found._replace(last_modified=None)) is None
    assert memory.written(found._replace(key="told", version=None)) is None
    assert memory.written(found._replace(key="other")) is None
    assert Span.ended_at(None, 3.0, 0.0) is None


def test_what_is_forgotten_is_not_known_in_the_next_run(tmp_path: Path) -> None:
    """Neither by its tag nor by its time; to forget what nobody knows is nothing."""
    memory = uploaded(tmp_path, FakeClock())
    memory.forget("k")
    memory.forget("k")
    memory.save(set(), {"k"})

    again = remembered(tmp_path)

    assert (again.remote(META), again.written(LISTED)) == (None, None)


@pytest.mark.parametrize("entry", [["t", 3, None, "cd", 1], ["t", 3, None, "cd", [1, 2, "3"]]])
def test_a_time_that_is_none_is_forgotten_with_all(tmp_path: Path, entry: list[object]) -> None:
    """As all else that was not written by us."""
    memory = remembered(tmp_path)
    memory._bucket["k"] = entry
    memory._changed.add("bucket")
    memory.save(set(), {"k"})

    assert remembered(tmp_path)._bucket == {}
