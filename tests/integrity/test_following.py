"""A file is hashed behind those who write it."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.errors import DigestError
from store.integrity.following import Following

DATA = os.urandom(3_300_000)
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def descriptor(tmp_path: Path) -> Iterator[int]:
    """An empty file, open for reading and writing."""
    opened = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    yield opened
    os.close(opened)


def test_all_algorithms_are_computed_in_one_pass(descriptor: int) -> None:
    """As if the file had been read at its end."""
    with Following(descriptor, ("sha256", "sha512")) as following:
        for begin in range(0, len(DATA), 100_000):
            os.pwrite(descriptor, DATA[begin : begin + 100_000], begin)
            following.advance(min(begin + 100_000, len(DATA)))

        found = following.finish(len(DATA))

    assert {one.algorithm: one.hex for one in found} == {
        "sha256": SHA256,
        "sha512": hashlib.sha512(DATA).hexdigest(),
    }


@settings(max_examples=15, deadline=None)
@given(steps=st.lists(st.integers(0, len(DATA)), max_size=12))
def test_the_digest_does_not_hang_on_how_it_was_told(
    tmp_path_factory: pytest.TempPathFactory, steps: list[int]
) -> None:
    """Many small steps, few large ones, or none at all."""
    path = tmp_path_factory.mktemp("following") / "file"
    path.write_bytes(DATA)
    with path.open("rb") as file, Following(file.fileno(), ("sha256",)) as following:
        for frontier in sorted(steps):
            following.advance(frontier)

        (found,) = following.finish(len(DATA))

    assert found.hex == SHA256


def test_nothing_is_hashed_before_it_is_told(descriptor: int) -> None:
    """What others may still be writing is not read."""
    os.pwrite(descriptor, bytes(len(DATA)), 0)
    with Following(descriptor, ("sha256",)) as following:
        os.pwrite(descriptor, DATA[: 2 << 20], 0)
        following.advance(2 << 20)
        os.pwrite(descriptor, DATA[2 << 20 :], 2 << 20)

        (found,) = following.finish(len(DATA))

    assert found.hex == SHA256


def test_an_empty_file_has_a_digest(descriptor: int) -> None:
    """Nothing is waited for."""
    with Following(descriptor, ("sha256",)) as following:
        (found,) = following.finish(0)

    assert found.hex == hashlib.sha256(b"").hexdigest()


def test_no_thread_is_left_behind(descriptor: int) -> None:
    """However early the block ends, and however much was told."""
    os.pwrite(descriptor, DATA, 0)

    with Following(descriptor, ("sha256",)) as following:
        following.advance(len(DATA))

    assert "store-hash" not in {one.name for one in threading.enumerate()}


def test_a_file_that_became_shorter_is_an_error(descriptor: int) -> None:
    """Nobody waits for bytes that will not come."""
    os.pwrite(descriptor, DATA[:1000], 0)

    with (
        Following(descriptor, ("sha256",)) as following,
        pytest.raises(OSError, match="became shorter"),
    ):
        following.finish(len(DATA))


def test_a_disk_that_fails_is_told_at_the_end(
    descriptor: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread's error is raised where the digest is asked for."""

    def failing(*_: Any) -> int:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "preadv", failing)

    with Following(descriptor, ("sha256",)) as following:
        following.advance(len(DATA))
        with pytest.raises(OSError, match="Input/output"):
            following.finish(len(DATA))


def test_an_unknown_algorithm_is_refused_before_anything_is_begun(descriptor: int) -> None:
    """No thread is started for it."""
    with pytest.raises(DigestError):
        Following(descriptor, ("sha257",))

    assert "store-hash" not in {one.name for one in threading.enumerate()}


@settings(max_examples=15, deadline=None)
@given(pieces=st.lists(st.integers(1, 900_000), max_size=12), passed=st.sets(st.integers(0, 11)))
def test_the_digest_does_not_hang_on_who_feeds_what(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[int], passed: set[int]
) -> None:
    """Pieces are fed in order, out of order, or not at all: what was not is read back."""
    path = tmp_path_factory.mktemp("feeding") / "file"
    path.write_bytes(DATA)
    with path.open("rb") as file, Following(file.fileno(), ("sha256",)) as following:
        position = 0
        for number, count in enumerate(pieces):
            piece = memoryview(DATA)[position : position + count]
            if number not in passed:
                following.feed(position, piece)
            position += len(piece)
            following.advance(position)

        (found,) = following.finish(len(DATA))

    assert found.hex == SHA256


@pytest.mark.parametrize("size", [50_000, 1 << 20])
def test_what_is_fed_in_order_is_not_read_back(descriptor: int, size: int) -> None:
    """The file may even hold something else; small pieces are hashed by whoever feeds them."""
    with Following(descriptor, ("sha256",)) as following:
        for begin in range(0, len(DATA), size):
            following.feed(begin, memoryview(DATA)[begin : begin + size])
            following.advance(min(len(DATA), begin + size))
        threads = {one.name for one in threading.enumerate()}

        (found,) = following.finish(len(DATA))

    assert found.hex == SHA256
    assert ("store-hash" in threads) == (size == 1 << 20)


def test_buffers_come_back_when_they_are_hashed(descriptor: int) -> None:
    """A few of them serve a body of any length; one that was not fed is lent again."""
    seen = set()
    with Following(descriptor, ("sha256",)) as following:
        assert following.lend() is following.lend()
        for begin in range(0, len(DATA), 150_000):
            buffer = following.lend()
            seen.add(id(buffer.obj))
            piece = buffer[: len(DATA[begin : begin + 150_000])]
            piece[:] = DATA[begin : begin + 150_000]
            following.feed(begin, piece)

        (found,) = following.finish(len(DATA))

    assert found.hex == SHA256
    assert len(seen) <= 8 < len(DATA) / 150_000


def test_nobody_waits_for_a_buffer_of_a_thread_that_failed(descriptor: int) -> None:
    """What failed is told at the end, and writing goes on until then."""
    with Following(descriptor, ("sha256",)) as following:
        for number in range(20):
            buffer = following.lend()
            following.feed(number << 20, buffer[::2] if number == 1 else buffer)
        with pytest.raises(BufferError):
            following.finish(20 << 20)
