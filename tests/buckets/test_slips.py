"""What callers give that cannot be meant is said at once; paths are taken everywhere."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.buckets.bucket import Bucket
from store.buckets.checking import check_directory
from store.buckets.syncing import sync_directory, sync_remote_to_local
from store.buckets.trees import pairs_down, pairs_up
from store.errors import DigestError, QueryError, UnsafeNameError
from store.testing.bucket_trees import held, lay
from store.testing.objects import FakeObjects


@pytest.fixture
def fake(objects: FakeObjects) -> Bucket:
    """Make a bucket in memory."""
    return Bucket(objects, "bucket")


def test_paths_are_taken_everywhere(fake: Bucket, objects: FakeObjects, house: Path) -> None:
    """As names in the bucket, and here."""
    lay(house / "e", {"a": "1"})

    fake.sync_directory(Path("e"), remote=Path("x/y"))
    fake.sync_files({Path("b"): Path("e/a")}, remote=Path("x/z"))
    fake.add_string("3", Path("x/yy"))
    fake.sync_remote_to_local(Path("down"), remote=Path("x/y"))

    assert held(objects) == {"x/y/a": "1", "x/yy": "3", "x/z/b": "1"}
    assert (house / "down" / "a").read_text() == "1"
    assert [one.key for one in fake.directory(Path("x/y"))] == ["x/y/a"]
    assert len(fake.directory(Path())) == len(fake.directory("")) == 3
    assert len(fake.directory("x/y")) == 2


@pytest.mark.parametrize(
    "slip",
    [
        lambda bucket: bucket.sync_files(["a"]),
        lambda bucket: bucket.sync_files({"q": 5}),
        lambda bucket: bucket.sync_files({"q": "a", Path("q"): "a"}),
        lambda bucket: bucket.sync_directory("e", remote=5),
        lambda bucket: bucket.sync_directory("e", max_delete=None),
        lambda bucket: bucket.sync_directory("e", max_delete="x"),
        lambda bucket: bucket.sync_directory(5),
        lambda bucket: bucket.add_string(b"x", "k"),
        lambda bucket: bucket.add_string("\udcff", "k"),
        lambda bucket: bucket.add_file(b"e/a", "bytes"),
        lambda bucket: bucket.add_file(5, "k"),
        lambda bucket: bucket.__setitem__("x", b"raw"),
        lambda bucket: bucket.get_file("k", 5),
        lambda bucket: bucket.directory(5),
        lambda bucket: bucket.sync_directory(""),
        lambda bucket: bucket.sync_files({"q": ""}),
        lambda bucket: bucket.sync_remote_to_local("", allow_empty=True, delete=True),
        lambda bucket: bucket.get_all_files(""),
        lambda bucket: bucket.add_directory("", "k"),
        lambda bucket: bucket.add_file("", "k"),
        lambda bucket: bucket.__setitem__("k", ""),
        lambda bucket: bucket.get_file("k", ""),
        lambda bucket: sync_directory(bucket.client, ""),
        lambda bucket: sync_remote_to_local(bucket.client, "", allow_empty=True, delete=True),
        lambda bucket: check_directory(bucket.client, ""),
        lambda bucket: pairs_up("", "k/"),
        lambda bucket: pairs_down([], "k/", ""),
    ],
)
def test_what_cannot_be_meant_is_refused(
    fake: Bucket, objects: FakeObjects, house: Path, slip: Callable[[Any], object]
) -> None:
    """By an error of ours, which is a ValueError; nothing is written."""
    lay(house / "e", {"a": "1"})
    (house / "a").touch()

    with pytest.raises(QueryError):
        slip(fake)

    assert held(objects) == {}


@pytest.mark.parametrize("key", ["\udcff", "a" * 1025, "é" * 513])
def test_what_no_store_takes_for_a_key_is_refused(fake: Bucket, house: Path, key: str) -> None:
    """Before anything is asked, with the limit where it is one."""
    (house / "a").touch()
    fake.add_string("x", "k")
    for call in (
        lambda: fake.add_file("a", key),
        lambda: fake.add_string("x", key),
        lambda: fake.copy_file("k", key),
        lambda: fake.client.put(key, b""),
    ):
        with pytest.raises(UnsafeNameError, match=r"1024 is the most|no UTF-8") as raised:
            call()
        assert raised.value.limit in {None, 1024}


def test_what_is_no_text_is_refused(fake: Bucket) -> None:
    """Wherever a key, or the beginning of one, is named."""
    key = "a\udcff"
    for call in (
        lambda: fake.directory(key),
        lambda: fake.get_file(key, "b"),
        lambda: fake.delete_file(key),
        lambda: next(fake.client.list(key)),
    ):
        with pytest.raises(UnsafeNameError, match="no UTF-8"):
            call()
    assert key not in fake


def test_a_digest_may_be_a_text(fake: Bucket, house: Path) -> None:
    """As everywhere else."""
    digest = fake.add_string("x", "k").digest

    assert fake.get_file("k", "b", expected=str(digest)) == "b"
    with pytest.raises(DigestError):
        fake.get_file("k", "b", expected="sha256:0")


def test_names_that_are_no_paths_are_noted(fake: Bucket, house: Path) -> None:
    """A slash at the beginning is dropped; dots are no steps."""
    (house / "a").touch()

    plan = fake.sync_files({"/x": "a", "../y": "a"}, remote="sf", dry_run=True).plan

    assert plan.notes == (
        "'/x' is uploaded as 'sf/x': a key, no path",
        "'../y' is uploaded as 'sf/../y': a key, no path",
    )


def test_an_open_file_is_read(fake: Bucket, objects: FakeObjects) -> None:
    """Also one in memory."""
    fake.add_file(io.BytesIO(b"raw"), "k")

    assert held(objects) == {"k": "raw"}


def test_a_file_that_cannot_be_read_is_told_by_its_name(fake: Bucket, house: Path) -> None:
    """Closed, or open for writing alone; and it goes under no key."""
    closed = (house / "a").open("wb")
    closed.close()

    with pytest.raises(QueryError, match="a' is closed"):
        fake.add_file(closed, "k")
    with (house / "b").open("wb") as writing, pytest.raises(QueryError, match="not open for"):
        fake.add_file(writing, "k")
    with pytest.raises(QueryError, match="under a key, not None"):
        fake[None] = "a"  # type: ignore[index]
