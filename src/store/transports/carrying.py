"""Carries a stretch of a body from its stream into its place in a file."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Protocol

from store.errors import TruncatedError
from store.transports.base import Stream
from store.transports.reading import WRITE, read
from store.transports.spans import Span, Spans

Stop = Callable[[], bool]
"""Is asked after each piece whether the stretch is to be left where it is."""


class Pieces(Protocol):
    """Gives what is read into, and is given what was written."""

    def lend(self) -> memoryview:
        """Return what the next piece is read into."""
        ...

    def feed(self, position: int, piece: memoryview) -> None:
        """Take a piece that was written at ``position``; it is not touched any more."""
        ...


class Unhashed:
    """One buffer for all pieces, of which nobody wants to know.

    Args:
        size: Of the buffer, in bytes.
    """

    def __init__(self, size: int) -> None:
        self._buffer = memoryview(bytearray(size))

    def lend(self) -> memoryview:
        """Return the buffer."""
        return self._buffer

    def feed(self, position: int, piece: memoryview) -> None:
        """Leave a piece to whoever reads the file."""


def carry(
    stream: Stream,
    descriptor: int,
    span: Span,
    spans: Spans,
    *,
    pieces: Pieces,
    stop: Stop,
) -> None:
    """Write what a stream gives into its place, until its stretch is there or ``stop`` says so.

    Args:
        stream: Begins at the stretch's position.
        descriptor: The file, open for writing; only positional writes are made.
        span: The stretch, which may become shorter meanwhile.
        spans: Is told what is written.
        pieces: Lends what is read into, and is fed with what was written; not shared.
        stop: Is asked after each piece.

    Raises:
        StoreError: What the stream raises.
        TruncatedError: It ended before the stretch did.
        OSError: The file cannot be written.
    """
    while span.rest > 0:
        buffer = pieces.lend()
        count = read(stream, buffer[: span.rest])
        if count == 0:
            raise TruncatedError(
                f"{stream.address}: the body ended at byte {span.position} of {spans.total}",
                url=stream.address,
                expected=spans.total,
                found=span.position,
            )
        written = 0
        while written < count:
            piece = buffer[written : min(count, written + WRITE)]
            written += os.pwrite(descriptor, piece, span.position + written)
        position = span.position
        spans.advance(span, count)
        # Not what lies behind its end by now: another writes there, and that is what is to be hashed.
        pieces.feed(position, buffer[: span.position - position])
        if stop():
            return
