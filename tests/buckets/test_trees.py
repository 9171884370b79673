"""Many files at once, into a bucket and out."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

import pytest

from store.buckets.bucket import Bucket
from store.buckets.checking import check_directory
from store.buckets.copying import Copy, copy_objects
from store.buckets.downloading import Fetched
from store.buckets.summaries import Summary
from store.buckets.syncing import sync_directory, sync_remote_to_local
from store.buckets.transfers import put_file
from store.buckets.trees import (
    Pair,
    get_pairs,
    objects_below,
    pairs_down,
    pairs_up,
    put_pairs,
)
from store.errors import DriftError, MissingKeyError, StorageError, UnsafeNameError
from store.integrity.stamp import Stamp
from store.testing.object_servers import RcloneServer
from store.testing.objects import FakeObjects
from store.transports.base import TransferOptions
from store.transports.objects.opening import open_objects

OPTIONS = TransferOptions()


def test_objects_below_are_chosen_by_patterns(objects: FakeObjects) -> None:
    """Held against what follows the directory; markers of directories are no files."""
    for key in ("data/", "data/a.csv", "data/sub/b.csv", "data/c.tmp", "data2/d.csv"):
        objects.put(key, b"" if key.endswith("/") else b"x")

    def found(prefix: str, **patterns: list[str]) -> list[str]:
        return [one.key for one in objects_below(objects, prefix, **patterns)]

    assert found("data/") == ["data/a.csv", "data/c.tmp", "data/sub/b.csv"]
    assert found("data/", include=["*.csv"]) == ["data/a.csv", "data/sub/b.csv"]
    assert found("data/", exclude=["sub/", "*.tmp"]) == ["data/a.csv"]
    assert found("dat", include=["data2/*"]) == ["data2/d.csv"]


def test_hostile_keys_stay_inside(objects: FakeObjects, house: Path) -> None:
    """Each lies below the directory, and no two share a place."""
    keys = ["x/../../up", "x//abs", "x/a", "x/a/b", "x/.", "x/c\nd", "x/A"]
    for key in keys:
        objects.put(key, key.encode())

    pairs = pairs_down(objects_below(objects, "x/"), "x/", house / "in")
    get_pairs(objects, pairs, jobs=4, options=OPTIONS)

    found = [one for one in house.rglob("*") if one.is_file()]
    assert sorted(one.read_bytes().decode() for one in found) == sorted(keys)
    assert all(one.is_relative_to(house / "in") for one in found)


def test_a_link_in_the_way_is_refused(objects: FakeObjects, house: Path) -> None:
    """What it leads to is another's."""
    (house / "elsewhere").mkdir()
    (house / "in").mkdir()
    (house / "in" / "sub").symlink_to(house / "elsewhere")
    objects.put("sub/x", b"x")

    with pytest.raises(UnsafeNameError, match="is a link"):
        pairs_down(objects.list(), "", house / "in")


def test_a_tree_goes_up_and_down(objects: FakeObjects, house: Path) -> None:
    """Bytes are counted, and each file is told."""
    (house / "out" / "sub").mkdir(parents=True)
    (house / "out" / "a").write_bytes(b"12")
    (house / "out" / "sub" / "b").write_bytes(b"345")
    counted: list[int] = []
    put: list[Summary] = []
    got: list[Fetched] = []

    pairs = pairs_up(house / "out", "data/")
    put_pairs(objects, pairs, jobs=2, options=OPTIONS, counted=counted.append, done=put.append)
    down = pairs_down(objects_below(objects, "data/"), "data/", house / "in")
    get_pairs(objects, down, jobs=2, options=OPTIONS, counted=counted.append, done=got.append)

    assert sorted(one.key for one in put) == ["data/a", "data/sub/b"]
    assert sorted(one.path.name for one in got) == ["a", "b"]
    assert sum(counted) == 10
    assert (house / "in" / "sub" / "b").read_bytes() == b"345"


def test_a_file_gets_the_key_that_is_said(house: Path) -> None:
    """Or its own name in a directory; what is nowhere is said."""
    (house / "x").write_bytes(b"x")

    assert pairs_up("x", "data/") == [Pair("data/x", Path("x"), 1)]
    assert pairs_up("x", "") == [Pair("x", Path("x"), 1)]
    assert pairs_up("x", "other") == [Pair("other", Path("x"), 1)]
    with pytest.raises(StorageError, match="no file and no directory"):
        pairs_up("missing", "data/")


def test_a_file_whose_key_is_spelled_otherwise_is_told_of(house: Path) -> None:
    """So that nobody looks for its name in the bucket."""
    (house / "here").mkdir()
    (house / "here" / "%%a").write_bytes(b"x")
    (house / "here" / "100%").write_bytes(b"x")
    told: list[str] = []

    pairs = pairs_up(house / "here", "x/", tell=told.append)

    assert sorted(pair.key for pair in pairs) == ["x/100%", "x/a"]
    assert told == ["'%%a' is uploaded as 'x/a'"]


def test_an_object_that_was_changed_since_is_noticed(objects: FakeObjects, house: Path) -> None:
    """What was listed is what is wanted."""
    objects.put("x", b"1")
    pairs = pairs_down(objects.list(), "", house)
    objects.put("x", b"2")

    with pytest.raises(DriftError):
        get_pairs(objects, pairs, jobs=1, options=OPTIONS)

    assert not (house / "x").exists()


@pytest.mark.parametrize("within", [True, False])
def test_copies_keep_the_digest(objects: FakeObjects, *, within: bool) -> None:
    """Made by the server, or through here."""
    target = objects if within else FakeObjects("other")
    objects.put("a", b"content", metadata={"store-sha256": "0" * 64} if within else {})
    counted: list[int] = []

    copy_objects(
        objects,
        target,
        [Copy("a", "b", 7), Copy("a", "a", 7)],
        jobs=2,
        options=OPTIONS,
        counted=counted.append,
        within=within,
    )

    assert target.head("b").size == 7
    assert "store-sha256" in (target.head("b").metadata or {})
    assert sum(counted) == 14
    with pytest.raises(MissingKeyError):
        copy_objects(
            objects, target, [Copy("none", "x", 0)], jobs=1, options=OPTIONS, within=within
        )


def test_a_key_that_is_too_long_for_a_name_stops_nobody(objects: FakeObjects, house: Path) -> None:
    """It comes like the others, and goes back under its own key."""
    long = "k" * 1024
    objects.put(long, b"long")
    objects.put("a", b"short")
    bucket = Bucket(objects, "bucket")

    bucket.get_all_files(house / "in")

    names = [path for path in (house / "in").rglob("*") if path.is_file()]
    assert sorted(path.read_bytes() for path in names) == [b"long", b"short"]
    assert max(len(part) for path in names for part in path.parts) <= 255


def test_a_file_of_an_odd_name_is_the_file_of_its_key(objects: FakeObjects, house: Path) -> None:
    """On the way up, in a check, and on the way down: there is never a second one."""
    odd = house / "here" / "tab\there"
    odd.parent.mkdir()
    odd.write_bytes(b"odd")
    (house / "here" / "plain").write_bytes(b"plain")
    memory = house / "m"

    sync_directory(objects, house / "here", memory=memory)
    report = check_directory(objects, house / "here", memory=memory)
    done = sync_remote_to_local(objects, house / "here", delete=True, memory=memory)

    assert report.alike
    assert (done.plan.steps, done.plan.kept) == ((), 2)
    assert sorted(path.name for path in (house / "here").iterdir()) == ["plain", "tab\there"]


def test_many_small_objects_come_as_few_do(rclone_server: RcloneServer, house: Path) -> None:
    """Each told of with its digest and whether that was known beforehand, and every byte counted."""
    bucket = rclone_server.new_bucket()
    counted: list[int] = []
    got: list[Fetched] = []
    client = open_objects(f"s3://{bucket}", OPTIONS, connection=rclone_server.connection)
    with contextlib.closing(client):
        for number in range(9):
            put_file(client, f"in/{number}", b"x" * number, options=OPTIONS)
        client.put("in/foreign", b"of another")
        pairs = pairs_down(client.list("in/"), "in/", house / "out")
        get_pairs(client, pairs, jobs=4, options=OPTIONS, counted=counted.append, done=got.append)

    assert sum(counted) == sum(pair.size for pair in pairs) == 46
    assert {one.path: one.verified for one in got} == {
        pair.path: pair.key != "in/foreign" for pair in pairs
    }
    for one in got:
        assert one.summary.digest is not None
        assert one.summary.digest.hex == hashlib.sha256(one.path.read_bytes()).hexdigest()
    assert all(one.stamp == Stamp.of(one.path.lstat()) for one in got)
