"""Faults break what they say, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from store.errors import CacheError, TransportError, TransportTimeoutError
from store.records import Provenance
from store.testing.fakes import FakeTransport
from store.testing.faults import (
    FailingTransport,
    RaisingCache,
    cut_short,
    flip_bit,
    overwrite,
    scramble,
)
from store.testing.transports import read

CONTENT = b"0123456789" * 10


def test_flipped_bit_changes_one_bit_and_nothing_else(tmp_path: Path) -> None:
    """Size, mode and modification time are as they were."""
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    path.chmod(0o444)
    os.utime(path, ns=(1_000_000_000, 2_000_000_000))

    flip_bit(path)

    changed = path.read_bytes()
    assert sum((one ^ other).bit_count() for one, other in zip(changed, CONTENT, strict=True)) == 1
    assert (path.stat().st_mode & 0o777, path.stat().st_mtime_ns) == (0o444, 2_000_000_000)


def test_empty_file_has_no_bit(tmp_path: Path) -> None:
    """Nothing can be flipped in nothing."""
    path = tmp_path / "file"
    path.touch()

    with pytest.raises(ValueError, match="is empty"):
        flip_bit(path)


def test_file_cut_short_is_half(tmp_path: Path) -> None:
    """The first half is left, mode and time are put back."""
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    path.chmod(0o400)

    cut_short(path)

    assert path.read_bytes() == CONTENT[:50]
    assert path.stat().st_mode & 0o777 == 0o400


def test_scrambled_file_keeps_its_size(tmp_path: Path) -> None:
    """Another content of the same size lies in the same inode."""
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    inode = path.stat().st_ino

    scramble(path)

    assert len(path.read_bytes()) == len(CONTENT)
    assert path.read_bytes() != CONTENT
    assert path.stat().st_ino == inode


def test_overwritten_file_is_the_same_inode(tmp_path: Path) -> None:
    """The content is replaced in place, seen through a hard link too."""
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    os.link(path, tmp_path / "link")

    overwrite(path, b"other")

    assert (tmp_path / "link").read_bytes() == b"other"


def test_raising_cache_raises_always() -> None:
    """Every question is an error, and is counted."""
    cache = RaisingCache()

    for question in (
        lambda: cache.get("uid"),
        lambda: cache.set("uid", 1),
        lambda: cache.delete("uid"),
        cache.clear,
        lambda: cache.record("uid", Provenance("", "", "", (), 0)),
        lambda: "uid" in cache,
    ):
        with pytest.raises(CacheError, match="broken on purpose"):
            question()

    assert cache.asked == 6


def test_failing_transport_breaks_off_where_it_says() -> None:
    """The bytes before the fault come, and the body is closed."""
    inner = FakeTransport({"fake://host/body": CONTENT})
    transport = FailingTransport(inner, after=15)

    with transport.open_stream("fake://user:secret@host/body") as stream:
        buffer = memoryview(bytearray(100))
        count = stream.readinto(buffer)
        with pytest.raises(
            TransportError, match="fake://host/body: the connection broke"
        ) as raised:
            stream.readinto(buffer)

    assert bytes(buffer[:count]) == CONTENT[:15]
    assert stream.size == len(CONTENT)
    assert raised.value.url == "fake://host/body"
    assert inner.streams[0].closed


def test_failing_transport_may_recover() -> None:
    """After so many faults bodies come whole."""
    inner = FakeTransport({"fake://host/body": CONTENT})
    transport = FailingTransport(
        inner, after=0, times=1, error=lambda: TransportTimeoutError("too slow, on purpose")
    )

    with (
        transport.open_stream("fake://host/body") as stream,
        pytest.raises(TransportTimeoutError, match="too slow"),
    ):
        read(stream)
    with transport.open_stream("fake://host/body") as stream:
        assert read(stream) == CONTENT
