"""Takes compressed streams apart, a bounded piece at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Final, Literal

from store.files.unpacking.decoders import codec_errors, decoder_of
from store.files.unpacking.limits import Guard

Compression = Literal["gz", "bz2", "xz", "zst"]
"""How a stream is compressed."""

CHUNK: Final = 1 << 18
"""How much is read, and how much decompressed at a time, in bytes."""

_MAGICS: Final[Mapping[bytes, Compression]] = {
    b"\x1f\x8b\x08": "gz",
    b"BZh": "bz2",
    b"\xfd7zXZ\0": "xz",
    b"\x28\xb5\x2f\xfd": "zst",
}
"""How each begins: RFC 1952, bzip2's and xz's file formats, RFC 8878."""

_PADDED: Final = ("gz", "xz")
"""Which may be followed by zero bytes."""


def compression_of(head: bytes) -> Compression | None:
    """Return how something is compressed that begins so, or None."""
    for magic, compression in _MAGICS.items():
        if head.startswith(magic):
            return compression
    return None


def chunks_of(descriptor: int, guard: Guard) -> Iterator[bytes]:
    """Go through an open file from its beginning, wherever else it is read meanwhile."""
    offset = 0
    while chunk := os.pread(descriptor, CHUNK, offset):
        guard.tick()
        yield chunk
        offset += len(chunk)


def decompressed(
    chunks: Iterator[bytes], compression: Compression | None, guard: Guard
) -> Iterator[bytes]:
    """Go through what a stream becomes, in pieces of at most `CHUNK` bytes, each counted.

    Several streams after one another are one content, as their formats say.

    Args:
        chunks: The stream.
        compression: What it is; None hands it on as it is.
        guard: Counts, and makes the errors.

    Raises:
        ArchiveError: It is damaged or ends too early.
        UnsafeArchiveError: Something else follows it, or it becomes too large.
    """
    pieces: Iterator[bytes]
    if compression is None:
        pieces = chunks
    elif compression == "zst":
        from store.files.unpacking.zst import frames

        pieces = frames(chunks, guard)
    else:
        pieces = _streams(chunks, compression, guard)
    for piece in pieces:
        guard.decompress(len(piece))
        yield piece


def _streams(
    chunks: Iterator[bytes], compression: Literal["gz", "bz2", "xz"], guard: Guard
) -> Iterator[bytes]:
    new = decoder_of(compression)
    left = next(chunks, b"")
    while left:
        decoder = new()
        while not decoder.eof:
            if decoder.needs_input and not left:
                left = next(chunks, b"")
                if not left:
                    raise guard.damaged(f"its {compression} stream ends too early")
            try:
                piece = decoder.decompress(left, CHUNK)
            except codec_errors() as error:
                raise guard.damaged(f"its {compression} stream is damaged ({error})") from error
            left = b""
            if piece:
                yield piece
        left = _next_stream(decoder.unused_data, chunks, compression, guard)


def _next_stream(
    left: bytes, chunks: Iterator[bytes], compression: Compression, guard: Guard
) -> bytes:
    """Return the beginning of the stream that follows; an empty one at the end."""
    padded = compression in _PADDED
    longest = max(map(len, _MAGICS))
    while True:
        if padded:
            left = left.lstrip(b"\0")
        if len(left) >= longest:
            break
        more = next(chunks, b"")
        if not more:
            break
        left += more
    if left and compression_of(left) != compression:
        raise guard.unsafe(f"something else follows its {compression} stream", "no trailing data")
    return left
