"""Digests, sizes and disks have the last word."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from store.errors import (
    IntegrityError,
    StorageError,
    StoreError,
    TooLargeError,
    TruncatedError,
)
from store.integrity.digest import digests_from
from store.testing.answering import Fault
from store.testing.misbehaving import (
    Chunked,
    Lengths,
)
from store.testing.servers import Server
from store.transports.base import TransferOptions
from store.transports.receiving import receive

DATA = bytes(range(256)) * 20


PINNED = digests_from(f"sha256:{hashlib.sha256(DATA).hexdigest()}")


WRONG = digests_from("sha256:" + "0" * 64)


def bounded(options: TransferOptions, **bounds: Any) -> TransferOptions:
    """Return options with other bounds."""
    return options._replace(bounds=options.bounds._replace(**bounds))


def listing(directory: Path) -> list[str]:
    """Return the names in a directory, hidden ones included."""
    return sorted(one.name for one in directory.iterdir())


def failing(
    error: type[StoreError], url: str | list[str], directory: Path, options: TransferOptions
) -> Any:
    """Receive what cannot be received: the error is of this class and nothing is left behind."""
    with pytest.raises(error) as caught:
        receive(url, directory, options=options, digests=PINNED)
    assert listing(directory) == []
    return caught.value


def test_a_wrong_digest_tells_both(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """The error names what was pinned and what was found, the address and the size."""
    url = server.serve("/a", DATA)

    with pytest.raises(IntegrityError) as caught:
        receive(url, directory, options=options, digests=WRONG)

    error = caught.value
    assert (error.expected, error.found) == (str(WRONG[0]), str(PINNED[0]))
    assert (error.url, error.size) == (url, len(DATA))


def test_a_wrong_local_file_is_read_once(
    tmp_path: Path, directory: Path, options: TransferOptions
) -> None:
    """A file of this machine does not change by being read again."""
    (tmp_path / "a").write_bytes(b"other")

    raised = failing(IntegrityError, str(tmp_path / "a"), directory, options)

    assert len(raised.attempts) == 1


@pytest.mark.parametrize("size", [len(DATA) - 1, len(DATA) + 1])
def test_another_size_is_refused_before_it_comes(
    server: Server, directory: Path, options: TransferOptions, size: int
) -> None:
    """A pinned size that differs from the announced one moves no byte."""
    with pytest.raises(IntegrityError) as caught:
        receive(server.serve("/a", DATA), directory, options=options, size=size)

    assert (caught.value.expected, caught.value.found) == (str(size), str(len(DATA)))
    assert [one.received for one in caught.value.attempts] == [0, 0]
    assert listing(directory) == []


@pytest.mark.parametrize(
    ("size", "error"), [(len(DATA) - 1, IntegrityError), (len(DATA) + 1, TruncatedError)]
)
def test_an_unannounced_body_is_held_against_the_size(
    server: Server, directory: Path, options: TransferOptions, size: int, error: type[StoreError]
) -> None:
    """Too many bytes are the wrong content; too few may be a connection that broke."""
    with pytest.raises(error):
        receive(server.serve("/a", DATA, fault=Lengths()), directory, options=options, size=size)

    assert listing(directory) == []


@pytest.mark.parametrize("fault", [None, Chunked()])
def test_a_body_over_the_limit_is_refused(
    server: Server, directory: Path, options: TransferOptions, fault: Fault | None
) -> None:
    """Whether announced or counted, more than ``max_size`` is not kept."""
    url = server.serve("/a", DATA, fault=fault)

    raised = failing(TooLargeError, url, directory, bounded(options, max_size=2000))

    assert raised.limit == 2000
    assert raised.size > 2000
    assert len(raised.attempts) == 1


def test_a_pinned_size_over_the_limit_asks_nobody(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """What is known to be too large is not asked for."""
    with pytest.raises(TooLargeError):
        receive(server.serve("/a", DATA), directory, options=bounded(options, max_size=9), size=10)

    assert server.count() == 0


def test_a_disk_without_room_is_said_before_anything_is_moved(
    server: Server, directory: Path, options: TransferOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The announced size is held against the free bytes, and no other address is asked."""
    url = server.serve("/a", DATA)

    def nearly_full(path: object) -> os.statvfs_result:
        return os.statvfs_result((4096, 4096, 100, 1, 1, 100, 100, 100, 0, 255))

    monkeypatch.setattr(os, "statvfs", nearly_full)
    raised = failing(StorageError, [url, url], directory, options)

    assert (raised.needed, raised.free) == (len(DATA), 4096)
    assert len(raised.attempts) == 1


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES])
def test_a_disk_that_refuses_is_not_tried_again(
    server: Server,
    directory: Path,
    options: TransferOptions,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
) -> None:
    """A full or forbidden disk ends the call, with the path and the cause, and leaves nothing."""
    url = server.serve("/a", DATA)

    def refuse(descriptor: int, data: bytes) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "write", refuse)
    raised = failing(StorageError, [url, url], directory, options)

    assert raised.errno == number
    assert raised.path == str(directory / "a")
    assert len(raised.attempts) == 1


def test_a_disk_that_takes_little_at_a_time_gets_all(
    server: Server, directory: Path, options: TransferOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that takes only a part is gone on with."""
    url = server.serve("/a", DATA)
    write = os.write

    def little(descriptor: int, data: memoryview) -> int:
        return write(descriptor, data[:100])

    monkeypatch.setattr(os, "write", little)
    received = receive(url, directory, options=options, digests=PINNED)

    assert received.path.read_bytes() == DATA


def test_a_directory_in_the_way_stays(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """Where the name is a directory's, the error says so, and the directory is as it was."""
    (directory / "a").mkdir()
    (directory / "a" / "inside").touch()

    with pytest.raises(StorageError):
        receive(server.serve("/a", DATA), directory, options=options)

    assert [one.name for one in directory.rglob("*")] == ["a", "inside"]


def test_a_failed_refresh_leaves_what_was_there(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """An older file under the name is replaced only by a whole, verified one."""
    (directory / "a").write_bytes(b"older")

    with pytest.raises(IntegrityError):
        receive(server.serve("/a", DATA), directory, options=options, digests=WRONG)

    assert [(one.name, one.read_bytes()) for one in directory.iterdir()] == [("a", b"older")]
