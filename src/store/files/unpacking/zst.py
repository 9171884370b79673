"""Takes Zstandard frames apart, a block at a time.

Block by block, since one call for more could return 32,000 times what it was given, and since the end of a
frame is then known: zstandard's own reader takes a frame that was cut off for its end. Format: RFC 8878, 3.1.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, Final

from store.files.unpacking.bytestream import ByteStream
from store.files.unpacking.limits import Guard

_FRAME: Final = b"\x28\xb5\x2f\xfd"
_SKIPPABLE: Final = 0x184D2A50
"""The first of the sixteen numbers that skippable frames begin with."""

_WINDOW_LOG: Final = 27
"""The binary logarithm of the most memory that a frame may ask for, as ``zstd`` itself allows: 128 MiB."""

_LARGEST_BLOCK: Final = 128 << 10
_RLE: Final = 1


def frames(chunks: Iterator[bytes], guard: Guard) -> Iterator[bytes]:
    """Go through what frames become, a block at a time.

    Args:
        chunks: The frames.
        guard: Makes the errors.

    Raises:
        ArchiveError: A frame is damaged, ends too early, or asks for too much memory.
        UnsafeArchiveError: Something else follows the frames.
    """
    source = ByteStream(chunks, guard, "its zst frame ends too early")
    while not source.at_end():
        magic = bytes(source.take(4)) if source.holds(4) else b""
        if magic == _FRAME:
            yield from _frame(source, guard)
        elif magic and int.from_bytes(magic, "little") & ~0xF == _SKIPPABLE:
            source.skip(int.from_bytes(source.take(4), "little"))
        else:
            raise guard.unsafe("something else follows its zst frames", "no trailing data")


def _frame(source: ByteStream, guard: Guard) -> Iterator[bytes]:
    decoder, failure = _decoder()
    header, checked = _header(source)
    try:
        yield from _piece(decoder.decompress(_FRAME + header))
        last = False
        while not last:
            head = bytes(source.take(3))
            number = int.from_bytes(head, "little")
            last, kind, size = bool(number & 1), number >> 1 & 3, number >> 3
            if size > _LARGEST_BLOCK:
                raise guard.damaged("its zst frame has a block that is too large")
            block = source.take(1 if kind == _RLE else size)
            yield from _piece(decoder.decompress(head + bytes(block)))
        if checked:
            yield from _piece(decoder.decompress(bytes(source.take(4))))
    except failure as error:
        raise guard.damaged(f"its zst frame is damaged ({error})") from error
    if not decoder.eof:
        raise guard.damaged("its zst frame is damaged")


def _header(source: ByteStream) -> tuple[bytes, bool]:
    """Return the rest of a frame's header, and whether a check follows the blocks."""
    descriptor = bytes(source.take(1))
    flags = descriptor[0]
    single = flags >> 5 & 1
    dictionary = (0, 1, 2, 4)[flags & 3]
    content = (single, 2, 4, 8)[flags >> 6]
    rest = bytes(source.take((1 - single) + dictionary + content))
    return descriptor + rest, bool(flags >> 2 & 1)


def _piece(piece: bytes) -> Iterator[bytes]:
    if piece:
        yield piece


def _decoder() -> tuple[Any, type[Exception]]:
    """Return a decoder of one frame, and what it raises."""
    if sys.version_info >= (3, 14):
        from compression import zstd

        options = {zstd.DecompressionParameter.window_log_max: _WINDOW_LOG}
        return zstd.ZstdDecompressor(options=options), zstd.ZstdError
    import zstandard

    decompressor = zstandard.ZstdDecompressor(max_window_size=1 << _WINDOW_LOG)
    return decompressor.decompressobj(), zstandard.ZstdError
