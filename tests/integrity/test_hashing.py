"""A file is read once, and gives all the digests that are asked for."""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.errors import DigestError
from store.integrity.digest import Digest
from store.integrity.hashing import CHUNK, Hashing, hash_descriptor, hash_file
from store.integrity.regular import open_regular

ALGORITHMS = ["md5", "sha1", "sha256", "sha384", "sha512", "blake2b"]


@given(st.lists(st.binary(max_size=50)), st.sets(st.sampled_from(ALGORITHMS)))
def test_pieces_hash_as_the_whole_does(pieces: list[bytes], algorithms: set[str]) -> None:
    """However the content is cut, and whatever kind of bytes it is."""
    hashing = Hashing(algorithms)

    for number, piece in enumerate(pieces):
        hashing.update([bytes, bytearray, memoryview][number % 3](piece))

    whole = b"".join(pieces)
    assert hashing.size == len(whole)
    assert set(hashing.digests()) == {
        Digest(name, hashlib.new(name, whole).hexdigest()) for name in algorithms
    }


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_a_file_is_read_to_its_end(tmp_path: Path, size: int) -> None:
    """Around the size of a chunk, too; two digests for one read."""
    data = os.urandom(size)
    (tmp_path / "file").write_bytes(data)

    hashing = hash_file(tmp_path / "file", ["sha256", "sha512", "sha256"])

    assert hashing.size == size
    assert hashing.digests() == (
        Digest("sha512", hashlib.sha512(data).hexdigest()),
        Digest("sha256", hashlib.sha256(data).hexdigest()),
    )


def test_an_open_file_is_read_from_its_beginning(tmp_path: Path) -> None:
    """Wherever its position is."""
    (tmp_path / "file").write_bytes(b"0123456789")

    with (tmp_path / "file").open("rb") as file:
        file.seek(5)
        hashing = hash_descriptor(file.fileno(), ["sha256"])

    assert hashing.size == 10


def test_what_is_no_regular_file_is_not_waited_for(tmp_path: Path) -> None:
    """A FIFO without a writer, a directory, a socket, nothing, and a name that cannot be."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "directory").mkdir()
    open_files = len(list(Path("/proc/self/fd").iterdir()))
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))

    for name in ("fifo", "directory"):
        with pytest.raises(ValueError, match="is no regular file"):
            hash_file(tmp_path / name, ["sha256"])
    for name in ("socket", "missing"):
        with pytest.raises(OSError, match=name):
            hash_file(tmp_path / name, ["sha256"])
    with pytest.raises(ValueError, match="null"):
        hash_file(tmp_path / "nul\0", ["sha256"])

    assert len(list(Path("/proc/self/fd").iterdir())) == open_files


def test_a_link_is_followed_on_request_only(tmp_path: Path) -> None:
    """By default it is refused, wherever it leads."""
    (tmp_path / "file").write_bytes(b"data")
    (tmp_path / "link").symlink_to("file")

    with pytest.raises(OSError, match="link"):
        hash_file(tmp_path / "link", ["sha256"])
    hashing = hash_file(tmp_path / "link", ["sha256"], follow_links=True)

    assert hashing.size == 4


def test_no_algorithm_counts_bytes_and_an_unknown_one_is_refused(tmp_path: Path) -> None:
    """The error comes before the file is read."""
    (tmp_path / "file").write_bytes(b"data")

    hashing = hash_file(tmp_path / "file", [])
    with pytest.raises(DigestError):
        hash_file(tmp_path / "file", ["crc32"])

    assert (hashing.size, hashing.digests()) == (4, ())


def test_an_open_regular_file_is_closed_by_the_caller(tmp_path: Path) -> None:
    """It is not handed on to programs that are started."""
    (tmp_path / "file").write_bytes(b"data")

    descriptor = open_regular(tmp_path / "file")
    try:
        assert os.read(descriptor, 10) == b"data"
        assert not os.get_inheritable(descriptor)
    finally:
        os.close(descriptor)
