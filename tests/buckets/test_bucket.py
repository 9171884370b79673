"""A bucket, with every name of the original's page."""

from __future__ import annotations

import io
import pickle
import threading
from pathlib import Path, PurePath
from typing import Any

import pytest

from store import buckets
from store.buckets import Bucket, Connection, Storage, Summary
from store.buckets.storage import Storage as Abstract
from store.errors import (
    ConfigurationError,
    MissingKeyError,
    QueryError,
    RefusedError,
    StorageError,
    UnsafeNameError,
)
from store.testing.objects import FakeObjects
from store.transports.objects.base import ObjectMeta

LARGE = bytes(range(256)) * (5 << 12)
"""5 MiB."""


def test_the_face_of_the_room_gives_what_a_user_of_the_page_needs() -> None:
    """The names that take part in its first line, each from where it is defined."""
    assert buckets.__all__ == sorted(buckets.__all__) == dir(buckets)
    assert Connection.__module__ == "store.transports.objects.connection"


def test_what_is_added_is_listed_and_got(bucket: Bucket, house: Path) -> None:
    """From a path of any kind; paths come back as text."""
    (house / "hello.txt").write_bytes(b"hello\n")

    bucket.add_file(house / "hello.txt", "greetings/hello.txt")
    (one,) = bucket.list_files()
    path = bucket.get_file("greetings/hello.txt")

    assert (one.key, one.size, one.bucket_name) == ("greetings/hello.txt", 6, bucket.uuid)
    assert one.last_modified is not None
    assert one.e_tag == f'"{one.etag}"'
    assert path == "greetings/hello.txt"
    assert Path(path).read_bytes() == b"hello\n"


def test_a_file_is_called_as_it_was_given(bucket: Bucket, house: Path) -> None:
    """What lies elsewhere goes by its last component; an open file by its name."""
    (house / "data").mkdir()
    (house / "data" / "a").write_bytes(b"a")

    bucket.add_file("./data/a")
    bucket.add_file(house / "data" / "a")
    with (house / "data" / "a").open("rb") as file:
        bucket.add_file(file, "open")
        bucket.add_file(file)

    assert [one.key for one in bucket] == ["a", "data/a", "open"]


def test_a_file_without_a_name_needs_one(bucket: Bucket) -> None:
    """Nobody can guess it."""
    with pytest.raises(QueryError, match="remote="):
        bucket.add_file(io.BytesIO(b"x"))

    bucket.add_file(io.BytesIO(b"x"), "x")

    assert "x" in bucket


def test_a_text_is_added(bucket: Bucket, house: Path) -> None:
    """In UTF-8."""
    bucket.add_string("grüße", "text")

    assert Path(bucket["text"]).read_text(encoding="utf-8") == "grüße"


def test_it_is_used_like_a_mapping(bucket: Bucket, house: Path) -> None:
    """Set, get, in, del, len, iteration."""
    (house / "local").write_bytes(b"content")

    bucket["remote/file"] = house / "local"

    assert "remote/file" in bucket
    assert "other" not in bucket
    assert 17 not in bucket
    assert len(bucket) == 1
    assert [one.key for one in bucket] == ["remote/file"]
    assert bucket["remote/file"] == "remote/file"
    del bucket["remote/file"]
    assert len(bucket) == 0
    assert bucket, "an empty bucket is there"
    with pytest.raises(KeyError):
        del bucket["remote/file"]
    bucket.delete_file("remote/file")


@pytest.mark.parametrize("error", [KeyError, ValueError, MissingKeyError])
def test_a_missing_key_is_told_of_as_each_expects(
    bucket: Bucket, house: Path, error: type[Exception]
) -> None:
    """By getting, copying and the operator; nothing is left here."""
    with pytest.raises(error):
        bucket.get_file("missing")
    with pytest.raises(error):
        bucket["missing"]
    with pytest.raises(error):
        bucket.copy_file("missing", "copy")
    assert not list(house.iterdir())


def test_a_directory_is_a_prefix(bucket: Bucket) -> None:
    """As text, in order of keys."""
    for key in ("data/b", "data/a", "data2/c"):
        bucket.add_string(key, key)

    assert [one.key for one in bucket.directory("data/")] == ["data/a", "data/b"]
    assert [one.key for one in bucket.directory("data")] == ["data/a", "data/b", "data2/c"]
    assert [one.key for one in bucket.directory()] == ["data/a", "data/b", "data2/c"]


def test_a_copy_is_made_within_the_bucket(bucket: Bucket, house: Path) -> None:
    """With its digest."""
    put = bucket.add_string("content", "one")

    bucket.copy_file("one", "two")

    assert Path(bucket.get_file("two", "here", expected=put.digest)).read_text() == "content"


def test_it_is_got_where_it_is_wanted(bucket: Bucket, house: Path) -> None:
    """A path, with missing directories, or a directory that is there."""
    bucket.add_string("content", "data/file")
    (house / "there").mkdir()

    assert bucket.get_file("data/file", "new/name") == "new/name"
    assert bucket.get_file("data/file", house / "there") == str(house / "there" / "file")
    assert (house / "there" / "file").read_text() == "content"


@pytest.mark.parametrize("key", ["../outside", "/abs", "a/../../b", "a/./b"])
def test_a_key_does_not_lead_elsewhere(objects: FakeObjects, house: Path, key: str) -> None:
    """Without a local name it is refused."""
    objects.put(key, b"x")

    with pytest.raises(UnsafeNameError):
        Bucket(objects, "bucket").get_file(key)

    assert Bucket(objects, "bucket").get_file(key, "here") == "here"
    assert [one.name for one in house.iterdir()] == ["here"]


def test_progress_ends_at_the_total(bucket: Bucket, house: Path) -> None:
    """Up and down, and never backwards."""
    (house / "large").write_bytes(LARGE)
    seen: list[tuple[int, int | None, str]] = []

    def note(*read: Any) -> None:
        seen.append(read)

    bucket.add_file("large", "up", progress=note)
    up = list(seen)
    seen.clear()
    bucket.get_file("up", "down", note)

    for one in (up, seen):
        reads = [read for read, _, _ in one]
        assert reads == sorted(reads)
        assert one[-1] == (len(LARGE), len(LARGE), "up")


def test_progress_may_be_a_bar(
    bucket: Bucket, house: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On stderr, for what comes and goes, what fails included."""
    (house / "file").write_bytes(b"x" * 2000)
    bucket.add_file("file", progress=True)
    bucket.get_file("file", "copy", True)
    with pytest.raises(MissingKeyError):
        bucket.get_file("missing", progress=True)
    with pytest.raises(StorageError):
        bucket.add_file("missing", progress=True)
    assert "file: 100%" in capsys.readouterr().err
    with pytest.raises(ConfigurationError, match="progress is"):
        bucket.get_file("file", progress="yes")  # type: ignore[arg-type]


class Gated(FakeObjects):
    """A bucket that takes nothing until the gate is opened."""

    def __init__(self) -> None:
        super().__init__("bucket")
        self.gate = threading.Event()

    def put(self, key: str, source: Any, **asked: Any) -> ObjectMeta:
        """Wait, then keep the bytes."""
        self.gate.wait(10)
        return super().put(key, source, **asked)


def test_uploads_in_the_background_are_waited_for(house: Path) -> None:
    """By `flush`, and by whoever looks."""
    objects = Gated()
    (house / "x").write_bytes(b"x")
    with Bucket(objects, "bucket") as bucket:
        assert bucket.add_file("x", "first", background=True) is None
        assert bucket.add_file("x", "second", background=True) is None
        assert not list(objects.list())
        objects.gate.set()

        assert len(bucket) == 2
        bucket.flush()


def test_a_failure_in_the_background_is_told_by_flush(bucket: Bucket, house: Path) -> None:
    """Once; the others are up."""
    (house / "x").write_bytes(b"x")
    bucket.add_file("missing", background=True)
    bucket.add_file("x", background=True)

    with pytest.raises(StorageError, match="missing"):
        bucket.flush()

    bucket.flush()
    assert "x" in bucket
    bucket.close()


def test_a_sha1_is_kept_on_request(objects: FakeObjects, house: Path) -> None:
    """Beside ours."""
    Bucket(objects, "bucket", sha1=True).add_string("x", "x")

    assert set(objects.head("x").metadata or {}) == {"store-sha256", "sha1sum"}


def test_it_says_what_it_is(objects: FakeObjects) -> None:
    """Its name is what it is identified by, at its server."""
    bucket = Bucket(objects, "bucket", False)
    bucket.update()
    bucket.update(flush=True)

    assert (bucket.uuid, bucket.description) == ("bucket", "bucket")
    assert repr(bucket) == "Bucket('s3://bucket')"
    assert bucket == Bucket(objects, "bucket")
    assert hash(bucket) == hash(Bucket(objects, "bucket"))
    assert bucket != "bucket"
    assert isinstance(bucket, Storage)
    assert Storage is Abstract


def test_buckets_of_one_name_at_two_servers_are_two(house: Path) -> None:
    """However they are reached, one of one server is one; what no server names is what its client is."""
    here, there = (
        Connection(f"http://127.0.0.1:{port}", access_key="a", secret_key="b", region="r")
        for port in (1, 2)
    )

    class Nameless(FakeObjects):
        @property
        def server(self) -> str | None:
            return None

    lone, other = Nameless("data"), Nameless("data")
    same = [Bucket(here, "data", False), Bucket(here, "data", False, jobs=2)]
    others = [
        Bucket(there, "data", False),
        Bucket(here, "data2", False),
        *(Bucket(one, "data", False) for one in (FakeObjects("data"), lone, other)),
    ]

    assert same[0] == same[1]
    assert Bucket(lone, "data", False) == Bucket(lone, "data", False)
    assert len({*same, *others}) == 1 + len(others)


def test_a_bucket_is_not_pickled(objects: FakeObjects) -> None:
    """It would take along what it logs in with; what to do instead is said."""
    bucket = Bucket(objects, "bucket")

    with pytest.raises(TypeError, match=r"open it in the other process, with Bucket\(.*'bucket'"):
        pickle.dumps(bucket)


@pytest.mark.parametrize("name", ["", "a/b", "s3://bucket"])
def test_a_name_is_no_address(objects: FakeObjects, name: str) -> None:
    """And a client is of its own bucket."""
    with pytest.raises(ConfigurationError, match="no bucket's name"):
        Bucket(objects, name)
    with pytest.raises(ConfigurationError, match="not of the bucket"):
        Bucket(objects, "other")


def test_a_bucket_that_nobody_signs_for_is_not_deleted(objects: FakeObjects) -> None:
    """The next step is said, before anything is lost."""
    bucket = Bucket(objects, "bucket")

    bucket.add_string("x", "x")

    with pytest.raises(RefusedError, match="the cloud's own command"):
        bucket.delete()

    assert "x" in bucket


def test_a_summary_tells_the_digest_that_its_writer_kept(objects: FakeObjects) -> None:
    """A listing does not know it."""
    put = Bucket(objects, "bucket").add_string("x", "x")

    assert put.digest is not None
    assert Summary.of(objects.head("x"), "bucket").digest == put.digest
    assert Bucket(objects, "bucket").list_files()[0].digest is None


def test_a_key_may_be_a_path(bucket: Bucket, house: Path) -> None:
    """Wherever a key is taken; anything else is refused by name."""
    key = PurePath("data", "a")
    (house / "local").write_bytes(b"content")

    bucket.add_file(house / "local", key)
    bucket.add_string("text", PurePath("data", "b"))
    bucket.copy_file(key, PurePath("copy"))
    bucket.add_directory(house, PurePath("all"))

    assert key in bucket
    assert bucket[key] == "data/a"
    assert [one.key for one in bucket] == ["all/local", "copy", "data/a", "data/b"]
    del bucket[key]
    bucket.delete_file(PurePath("copy"))
    assert [one.key for one in bucket] == ["all/local", "data/b"]
    with pytest.raises(QueryError, match="a text or a path"):
        bucket.add_string("text", None)  # type: ignore[arg-type]


def test_files_that_are_copied_are_counted_too(bucket: Bucket, house: Path) -> None:
    """Up and down: each is told of once, at its end."""
    told: list[tuple[int, int | None, str]] = []
    for name in ("a", "b", "c"):
        (house / "here").mkdir(exist_ok=True)
        (house / "here" / name).write_bytes(b"equal")

    bucket.sync_directory(house / "here", progress=lambda *one: told.append(one))
    assert {one[2] for one in told if one[:2] == (5, 5)} == {"a", "b", "c"}
    told.clear()
    bucket.get_all_files(house / "there", progress=lambda *one: told.append(one))

    assert {one[2] for one in told if one[:2] == (5, 5)} == {"a", "b", "c"}


def test_a_copy_onto_itself_is_nothing(bucket: Bucket) -> None:
    """Ceph's gateway answers 400 to it."""
    bucket.add_string("1", "a")

    bucket.copy_file("a", "a")

    with pytest.raises(MissingKeyError):
        bucket.copy_file("b", "b")
    assert [one.key for one in bucket] == ["a"]
