"""Carries a stretch of a body from its stream into its place in a file."""

from __future__ import annotations

import os
from collections.abc import Callable

from store.errors import TruncatedError
from store.transports.base import Stream
from store.transports.reading import WRITE, read
from store.transports.spans import Span, Spans

Stop = Callable[[], bool]
"""Is asked after each piece whether the stretch is to be left where it is."""

Fed = Callable[[int, memoryview], None]
"""Is given each piece that was written, with the place of its first byte."""


def carry(
    stream: Stream,
    descriptor: int,
    span: Span,
    spans: Spans,
    *,
    buffer: memoryview,
    stop: Stop,
    fed: Fed | None = None,
) -> None:
    """Write what a stream gives into its place, until its stretch is there or ``stop`` says so.

    Args:
        stream: Begins at the stretch's position.
        descriptor: The file, open for writing; only positional writes are made.
        span: The stretch, which may become shorter meanwhile.
        spans: Is told what is written.
        buffer: What is read into; not shared.
        stop: Is asked after each piece.
        fed: Is given each piece before it is overwritten, or None.

    Raises:
        StoreError: What the stream raises.
        TruncatedError: It ended before the stretch did.
        OSError: The file cannot be written.
    """
    while span.rest > 0:
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
        if fed is not None:
            # Not what lies behind its end by now: another writes there, and that is what is to be hashed.
            fed(position, buffer[: span.position - position])
        if stop():
            return
