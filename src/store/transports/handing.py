"""Hands an open body to whoever asks for its address next."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

from store.transports.base import Stream

_handed: ContextVar[dict[str, Stream] | None] = ContextVar("store_handed", default=None)


@contextlib.contextmanager
def handing(address: str, stream: Stream) -> Iterator[None]:
    """Let the first who opens the address in the block have the stream; else it is closed at the end."""
    streams = {address: stream}
    token = _handed.set(streams)
    try:
        yield
    finally:
        _handed.reset(token)
        for left in streams.values():
            left.close()


def taken(address: str) -> Stream | None:
    """Take the stream that was handed on for an address, or None."""
    streams = _handed.get()
    return None if streams is None else streams.pop(address, None)
