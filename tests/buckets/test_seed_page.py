"""Every name and call of the seed's page means here what it means there."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest

from store.buckets.bucket import Bucket
from store.buckets.storage import Storage
from store.testing.objects import FakeObjects

PAGE = {
    "delete": "",
    "list_files": "",
    "directory": "directory=''",
    "sync_directory": "directory, verbose=False, remote=None",
    "sync_files": "files, verbose=False, remote=None",
    "add_file": "local_or_file, remote=None",
    "get_all_files": "output_dir, progress=None",
    "get_file": "remote, local=None, progress=None",
    "add_directory": "local, remote=''",
    "copy_file": "source, dest",
    "flush": "",
    "update": "flush=False",
    "delete_file": "remote",
}
"""The methods of the page, with the arguments that may be given by position."""


@pytest.mark.parametrize("name", PAGE)
def test_every_method_takes_what_the_page_says(name: str) -> None:
    """Under the same names, in the same order, with the same defaults."""
    parameters = list(inspect.signature(getattr(Bucket, name)).parameters.values())[1:]

    told = [
        one.name if one.default is one.empty else f"{one.name}={one.default!r}"
        for one in parameters
        if one.kind is one.POSITIONAL_OR_KEYWORD
    ]

    assert ", ".join(told) == PAGE[name]


def test_it_is_made_as_the_page_says() -> None:
    """`Bucket(connection, name, create=True)` is a `Storage`."""
    parameters = list(inspect.signature(Bucket).parameters.values())[:3]

    assert [one.name for one in parameters] == ["connection", "name", "create"]
    assert parameters[2].default is True
    assert issubclass(Bucket, Storage)


@pytest.fixture
def data(house: Path) -> Path:
    """Lay down a directory, with a link in it."""
    (house / "data" / "sub").mkdir(parents=True)
    (house / "data" / "a").write_bytes(b"a\n")
    (house / "data" / "sub" / "b").write_bytes(b"b\n")
    (house / "elsewhere").write_bytes(b"elsewhere\n")
    (house / "data" / "link").symlink_to(house / "elsewhere")
    return house / "data"


def keys(bucket: Bucket) -> list[str]:
    """Return the keys that are there."""
    return [one.key for one in bucket.list_files()]


def test_files_are_listed_with_a_prefix(bucket: Bucket) -> None:
    """`list_files` and `directory` return summaries."""
    bucket.add_string("1", "data/a")
    bucket.add_string("2", "other")

    assert keys(bucket) == ["data/a", "other"]
    (one,) = bucket.directory("data")
    assert (one.key, one.size, one.bucket_name) == ("data/a", 1, bucket.uuid)


def test_a_directory_is_added(bucket: Bucket, data: Path) -> None:
    """Its hierarchy is preserved, links are not followed; what is no directory is an IOError."""
    bucket.add_directory(data)
    bucket.add_directory(str(data), "below/here")

    assert keys(bucket) == ["a", "below/here/a", "below/here/sub/b", "sub/b"]
    with pytest.raises(IOError, match="no directory"):
        bucket.add_directory(data / "a")
    with pytest.raises(OSError, match="no directory"):
        bucket.add_directory("missing")


def test_a_directory_is_set(bucket: Bucket, data: Path) -> None:
    """As a file is."""
    bucket["all"] = data

    assert keys(bucket) == ["all/a", "all/sub/b"]


def test_a_directory_is_kept_alike(bucket: Bucket, data: Path) -> None:
    """What is gone is deleted within `remote`, and nowhere else."""
    bucket.add_string("x", "data2/x")
    bucket.sync_directory(str(data), remote="data")
    assert keys(bucket) == ["data/a", "data/sub/b", "data2/x"]

    (data / "a").write_bytes(b"changed\n")
    (data / "sub" / "b").unlink()
    (data / "new").write_bytes(b"new\n")
    bucket.sync_directory(str(data), False, "data")

    assert keys(bucket) == ["data/a", "data/new", "data2/x"]
    assert Path(bucket.get_file("data/a", "got")).read_bytes() == b"changed\n"


def test_files_are_kept_alike(bucket: Bucket, data: Path) -> None:
    """Names by local files."""
    bucket.add_string("old", "set/old")
    files: dict[str, str | Path] = {"one": str(data / "a"), "sub/two": data / "sub" / "b"}

    bucket.sync_files(files, remote="set", max_delete=1.0)

    assert keys(bucket) == ["set/one", "set/sub/two"]


def test_all_files_are_got(bucket: Bucket, house: Path) -> None:
    """Into a directory, with the directories that it takes; what is in the way is replaced."""
    bucket.add_string("1", "a")
    bucket.add_string("2", "sub/b")
    (house / "out").mkdir()
    (house / "out" / "a").write_text("old", encoding="utf-8")
    (house / "out" / "own").write_text("own", encoding="utf-8")
    seen: list[Any] = []

    bucket.get_all_files("out", lambda *read: seen.append(read))

    found = {one.name: one.read_text() for one in (house / "out").rglob("*") if one.is_file()}
    assert found == {"a": "1", "b": "2", "own": "own"}
    assert seen


def test_a_directory_is_made_like_the_bucket(bucket: Bucket, house: Path) -> None:
    """The other way round; only what is asked for is removed here."""
    bucket.add_string("1", "data/a")
    (house / "here").mkdir()
    (house / "here" / "own").write_text("own", encoding="utf-8")

    bucket.sync_remote_to_local("here", remote="data")
    assert sorted(one.name for one in (house / "here").iterdir()) == ["a", "own"]
    bucket.sync_remote_to_local("here", remote="data", delete=True)
    assert [one.name for one in (house / "here").iterdir()] == ["a"]


def test_a_file_is_got_as_the_page_says(bucket: Bucket, house: Path) -> None:
    """The name of the output file is a str; needed subfolders are made; no such file is a ValueError."""
    bucket.add_string("1", "data/a")

    assert bucket.get_file("data/a") == "data/a"
    assert bucket.get_file("data/a", local="x/y/z") == "x/y/z"
    with pytest.raises(ValueError, match="missing"):
        bucket.get_file("missing")


def test_the_rest_of_the_page(bucket: Bucket) -> None:
    """Copies, deletions, `flush`, `update`, `uuid`, `description`."""
    bucket.add_string("1", "a")
    bucket.copy_file("a", "b")
    bucket.delete_file("a")
    bucket.flush()
    bucket.update()
    bucket.update(flush=True)

    assert keys(bucket) == ["b"]
    assert bucket.uuid == bucket.description == bucket.client.address.removeprefix("s3://")


def test_a_bucket_of_the_fake_is_like_those_of_servers(house: Path) -> None:
    """So that tests of others may use it."""
    assert keys(Bucket(FakeObjects("fake"), "fake")) == []
