"""Reads pieces of a stream, each to be written as it comes."""

from __future__ import annotations

from typing import Final

from store.addresses import public
from store.errors import StoreError, TransportError
from store.transports.base import Stream

WRITE: Final = 64 * 1024
"""How much is written at a time, in bytes.

For a larger write the kernel looks for larger pages: on a virtual machine whose free memory was with its
host, 64 MiB took 0.02 s so, and up to 0.25 s in writes of 128 KiB and more.
"""


def read(stream: Stream, buffer: memoryview) -> int:
    """Read the next bytes; what a stranger's stream raises becomes an error of ours.

    Raises:
        StoreError: What the stream raised.
        TransportError: It raised an ``OSError`` that is no error of ours.
    """
    try:
        return stream.readinto(buffer)
    except StoreError:
        raise
    except OSError as error:
        shown = public(stream.address)
        reason = error.strerror or type(error).__name__
        raise TransportError(f"{shown}: {reason}", url=shown) from error
