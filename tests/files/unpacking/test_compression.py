"""Compressed streams are read in bounded pieces, and to their very end."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.errors import ArchiveError, StoreError, UnsafeArchiveError
from store.files.unpacking.compression import CHUNK, Compression, compression_of, decompressed
from store.files.unpacking.limits import Guard, Limits
from store.testing.archives import compressed

HOWS: tuple[Compression, ...] = ("gz", "bz2", "xz", "zst")


def pieces_of(data: bytes, size: int = 1000) -> Iterator[bytes]:
    """Go through data as if it were read from a file."""
    for start in range(0, len(data), size):
        yield data[start : start + size]


def whole(data: bytes, how: Compression, *, size: int = 1000, **limits: int) -> bytes:
    """Decompress all of it."""
    guard = Guard("a", len(data), Limits(**limits))
    return b"".join(decompressed(pieces_of(data, size), how, guard))


@pytest.mark.parametrize("how", HOWS)
@given(content=st.binary(max_size=5000), size=st.integers(1, 700))
@settings(max_examples=20, deadline=None)
def test_what_was_compressed_comes_back(how: Compression, content: bytes, size: int) -> None:
    """However it is cut into pieces."""
    data = compressed(content, how)

    assert compression_of(data) == how
    assert whole(data, how, size=size) == content


@pytest.mark.parametrize("how", HOWS)
def test_streams_after_one_another_are_one(how: Compression) -> None:
    """As their formats say; an empty one among them too."""
    parts = [b"one", b"", b"two" * 1000]

    assert whole(b"".join(compressed(part, how) for part in parts), how) == b"".join(parts)


@pytest.mark.parametrize("how", HOWS)
def test_no_piece_is_large(how: Compression) -> None:
    """However much a few bytes become."""
    content = bytes(20 * CHUNK)
    data = compressed(content, how)
    sizes = [
        len(piece) for piece in decompressed(pieces_of(data), how, Guard("a", len(data), Limits()))
    ]

    assert sum(sizes) == len(content)
    assert max(sizes) <= CHUNK


@pytest.mark.parametrize("how", HOWS)
def test_a_stream_that_is_cut_off_is_damaged(how: Compression) -> None:
    """Wherever: it is never taken for a shorter one."""
    data = compressed(bytes(range(256)) * 40, how)

    for cut in (*range(4, 20), len(data) // 2, len(data) - 1):
        with pytest.raises(ArchiveError):
            whole(data[:cut], how)


@pytest.mark.parametrize("how", HOWS)
def test_something_behind_the_stream_is_refused(how: Compression) -> None:
    """Another stream of another kind is something else, too."""
    data = compressed(b"content", how)
    other = compressed(b"other", "gz" if how != "gz" else "xz")

    for behind in (b"x", b"trailing data", other):
        with pytest.raises(UnsafeArchiveError, match="something else follows"):
            whole(data + behind, how)


@pytest.mark.parametrize(
    ("how", "fine"), [("gz", True), ("xz", True), ("bz2", False), ("zst", False)]
)
def test_padding_is_as_the_formats_say(how: Compression, *, fine: bool) -> None:
    """Tapes pad gzip with zeros, and xz's format has them."""
    data = compressed(b"content", how) + bytes(5000)

    if fine:
        assert whole(data, how) == b"content"
    else:
        with pytest.raises(UnsafeArchiveError):
            whole(data, how)


@pytest.mark.parametrize("how", HOWS)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_any_damage_is_an_error_of_ours(how: Compression, data: st.DataObject) -> None:
    """Or gives what was packed, where a byte was no matter (a time in gzip's header)."""
    content = b"some content, " * 30
    whole_data = bytearray(compressed(content, how))
    position = data.draw(st.integers(0, len(whole_data) - 1))
    whole_data[position] ^= data.draw(st.integers(1, 255))

    try:
        found = whole(bytes(whole_data), how)
    except StoreError:
        return
    assert found == content or how == "zst"  # which has a check only on request


def test_a_check_at_the_end_of_a_zst_frame_is_made() -> None:
    """Where the frame has one."""
    import zstandard

    data = bytearray(zstandard.ZstdCompressor(write_checksum=True).compress(b"content" * 100))
    assert whole(bytes(data), "zst") == b"content" * 100
    data[-1] ^= 1

    with pytest.raises(ArchiveError, match="damaged"):
        whole(bytes(data), "zst")


def test_zst_frames_may_be_skippable() -> None:
    """They hold what is not content, such as an index."""
    skippable = (0x184D2A53).to_bytes(4, "little") + (5).to_bytes(4, "little") + b"index"

    assert whole(skippable + compressed(b"content", "zst") + skippable, "zst") == b"content"
    with pytest.raises(ArchiveError, match="ends too early"):
        whole(skippable[:-1], "zst")


def test_a_zst_frame_may_not_ask_for_all_memory() -> None:
    """A window of a gigabyte, as zstd --long=30 makes it, is refused by zstd too."""
    import zstandard

    parameters = zstandard.ZstdCompressionParameters(window_log=30, enable_ldm=True)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    data = packer.compress(b"content") + packer.flush()

    with pytest.raises(ArchiveError, match="zst frame is damaged"):
        whole(data, "zst")


def test_a_zst_block_may_not_be_larger_than_the_format_has_it() -> None:
    """Its size is three bytes that may say two megabytes."""
    header = b"\x28\xb5\x2f\xfd\x00\x58"
    block = ((200_000 << 3) | 1).to_bytes(3, "little") + bytes(200_000)

    with pytest.raises(ArchiveError, match="too large"):
        whole(header + block, "zst")


@pytest.mark.parametrize("how", HOWS)
def test_a_bomb_ends_at_the_limit(how: Compression) -> None:
    """Zeros between members count as well as what is written."""
    with pytest.raises(UnsafeArchiveError) as caught:
        whole(compressed(bytes(1 << 22), how), how, max_bytes=1 << 20, max_members=1)

    assert caught.value.limit == "unpack_max_size"


BOMB = """
import resource, sys
from store.errors import UnsafeArchiveError
from store.files.unpacking.compression import decompressed, chunks_of
from store.files.unpacking.limits import Guard, Limits
import os
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
descriptor = os.open(sys.argv[1], os.O_RDONLY)
guard = Guard("bomb", os.fstat(descriptor).st_size, Limits())
try:
    for piece in decompressed(chunks_of(descriptor, guard), sys.argv[2], guard):
        pass
except UnsafeArchiveError as error:
    print(error.limit, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize("how", ["gz", "xz", "zst"])
def test_a_bomb_takes_no_memory(tmp_path: Any, how: Compression) -> None:
    """A gigabyte of zeros is refused by its ratio, with some megabytes of memory."""
    bomb = tmp_path / "bomb"
    part = compressed(bytes(1 << 27), how)
    bomb.write_bytes(part * 8)

    done = subprocess.run(
        [sys.executable, "-c", BOMB, bomb, how], check=True, capture_output=True, text=True
    )

    limit, kilobytes = done.stdout.split()
    assert limit == "unpack_max_ratio"
    assert int(kilobytes) < 64 * 1024
