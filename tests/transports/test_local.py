"""Files of this machine are opened like anything else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from store.errors import (
    LocatorError,
    ResourceNotFoundError,
    StorageError,
    StoreError,
    TransportError,
    TruncatedError,
)
from store.testing.transports import TransportSuite, read
from store.transports.base import Conditions, Transport
from store.transports.local import LocalTransport, local_path


class TestLocalTransport(TransportSuite):
    """``file:`` addresses are a transport."""

    def make(self) -> Transport:
        """Return a new transport."""
        return LocalTransport()

    def publish(self, origin: Path, name: str, content: bytes) -> str:
        """Lay a file down."""
        (origin / name).write_bytes(content)
        return (origin / name).as_uri()

    def missing(self, origin: Path) -> str:
        """Return the address of no file."""
        return (origin / "nothing").as_uri()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("file:///a/b", "/a/b"),
        ("file:/a/b", "/a/b"),
        ("FILE://LocalHost/a", "/a"),
        ("file:///a%20b%3F%23", "/a b?#"),
        ("file:///%FF", "/\udcff"),
        ("/a/b#c?d", "/a/b#c?d"),
        ("./a:b", "a:b"),
        ("relative", "relative"),
    ],
)
def test_addresses_name_paths(address: str, expected: str) -> None:
    """The spellings of RFC 8089 and plain paths are understood."""
    assert str(local_path(address)) == expected


@pytest.mark.parametrize(
    "address",
    [
        "file://host/a",
        "file:relative",
        "file:",
        "file:///a?b",
        "file:///a#b",
        "file:///a%00b",
        "",
        "\0",
    ],
)
def test_addresses_of_no_file_are_refused(address: str) -> None:
    """Another host, a relative file address, a query, a fragment or a NUL names no file here."""
    with pytest.raises(LocatorError):
        LocalTransport().open_stream(address)


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    """Nothing there, and a file where a directory should be, are both not found."""
    (tmp_path / "file").touch()

    for path in (tmp_path / "nothing", tmp_path / "file" / "below"):
        with pytest.raises(ResourceNotFoundError, match="no such file"):
            LocalTransport().open_stream(str(path))


@pytest.mark.parametrize("kind", ["directory", "pipe"])
def test_only_regular_files_are_opened(tmp_path: Path, kind: str) -> None:
    """A directory or FIFO is refused at once, without waiting for a writer."""
    path = tmp_path / "it"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()

    with pytest.raises(StorageError, match="no regular file"):
        LocalTransport().open_stream(str(path))


def test_an_unreadable_file_is_a_storage_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What may not be read is told with its path."""

    def forbid(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", forbid)
    with pytest.raises(StorageError) as caught:
        LocalTransport().open_stream(str(tmp_path / "a"))

    assert caught.value.path == str(tmp_path / "a")


def test_a_link_is_followed(tmp_path: Path) -> None:
    """A link that the user names leads to a file like any other."""
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "link").symlink_to("a")

    with LocalTransport().open_stream(str(tmp_path / "link")) as stream:
        assert stream.readinto(memoryview(bytearray(9))) == 1


@pytest.mark.parametrize("change", ["shrinks", "grows", "is written over"])
def test_a_file_that_changes_meanwhile_is_told(tmp_path: Path, change: str) -> None:
    """A body of two versions is none."""
    path = tmp_path / "a"
    path.write_bytes(b"x" * 100)
    os.utime(path, (1, 1))

    with LocalTransport().open_stream(str(path)) as stream:
        stream.readinto(memoryview(bytearray(60)))
        path.write_bytes({"shrinks": b"x" * 70, "grows": b"x" * 101}.get(change, b"y" * 100))
        with pytest.raises(TruncatedError) as caught:
            read(stream)

    assert caught.value.expected == 100


def test_a_file_that_loses_its_rest_is_told(tmp_path: Path) -> None:
    """An end before the announced one is no end."""
    path = tmp_path / "a"
    path.write_bytes(b"x" * 100)

    with LocalTransport().open_stream(str(path)) as stream:
        path.write_bytes(b"")
        with pytest.raises(TruncatedError):
            stream.readinto(memoryview(bytearray(10)))


def test_a_failing_disk_is_a_storage_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error while reading is told with the path."""
    path = tmp_path / "a"
    path.write_bytes(b"x")

    def fail(*_: object) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "preadv", fail)
    with LocalTransport().open_stream(str(path)) as stream, pytest.raises(StorageError):
        stream.readinto(memoryview(bytearray(10)))


def test_an_offset_beyond_the_end_is_told(tmp_path: Path) -> None:
    """As a server says with 416."""
    (tmp_path / "a").write_bytes(b"x")

    with pytest.raises(TransportError) as caught:
        LocalTransport().open_stream(str(tmp_path / "a"), 2)

    assert caught.value.status == 416
    assert not isinstance(caught.value, StorageError)


def test_an_unchanged_file_need_not_be_read(tmp_path: Path) -> None:
    """The time of change that was given before spares the body while it holds."""
    path = tmp_path / "a"
    path.write_bytes(b"x")
    with LocalTransport().open_stream(str(path)) as stream:
        known = Conditions(if_modified_since=stream.last_modified)

    with LocalTransport().open_stream(str(path), conditions=known) as same:
        assert same.not_modified
        assert same.readinto(memoryview(bytearray(9))) == 0
    os.utime(path, (1, 1))
    with LocalTransport().open_stream(str(path), conditions=known) as other:
        assert not other.not_modified


def test_a_closed_stream_has_ended(tmp_path: Path) -> None:
    """Reading after closing gives nothing, and raises nothing of the system's."""
    (tmp_path / "a").write_bytes(b"x")
    stream = LocalTransport().open_stream(str(tmp_path / "a"))

    stream.close()

    try:
        assert stream.readinto(memoryview(bytearray(9))) == 0
    except StoreError:
        pytest.fail("a closed stream was asked of the system")
