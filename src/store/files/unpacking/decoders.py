"""Decoders of one compressed stream each, all of one shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, Protocol

_MEMORY: Final = 256 << 20
"""How much memory a stream may ask for, in bytes: xz -9 asks for a quarter of it."""


class Decoder(Protocol):
    """What bz2's and lzma's decompressors are."""

    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""
        ...

    @property
    def needs_input(self) -> bool:
        """Whether there is nothing more without more input."""
        ...

    @property
    def unused_data(self) -> bytes:
        """What followed the end of the stream."""
        ...

    def decompress(self, data: bytes, limit: int, /) -> bytes:
        """Return at most ``limit`` bytes more."""
        ...


def decoder_of(compression: Literal["gz", "bz2", "xz"]) -> Callable[[], Decoder]:
    """Return what makes the decoder of one stream."""
    if compression == "gz":
        return Inflater
    if compression == "bz2":
        import bz2

        return bz2.BZ2Decompressor
    import lzma

    return lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)


def codec_errors() -> tuple[type[Exception], ...]:
    """Return what the standard library's decoders raise for damage, as far as they were loaded."""
    import sys
    import zlib

    lzma = sys.modules.get("lzma")
    return (zlib.error, OSError, EOFError, *((lzma.LZMAError,) if lzma else ()))


class Inflater:
    """One gzip or raw deflate stream, decompressed as bz2's and lzma's are.

    Args:
        window: zlib's ``wbits``: 31 is gzip with its check, -15 deflate alone.
    """

    def __init__(self, window: int = 31) -> None:
        import zlib

        self._inner = zlib.decompressobj(window)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        """What followed the end of the stream."""
        return self._inner.unused_data

    def decompress(self, data: bytes, limit: int, /) -> bytes:
        """Return at most ``limit`` bytes more."""
        piece = self._inner.decompress(data or self._inner.unconsumed_tail, limit)
        self.needs_input = len(piece) < limit
        return piece
