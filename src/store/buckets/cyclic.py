"""Computes the cyclic checksums that S3 keeps of whole objects."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Mapping
from typing import Final

from store.integrity.hashing import CHUNK
from store.integrity.regular import open_regular

Step = Callable[[bytes, int], int]
"""Takes more of a content, and the checksum of what came before it."""

_DIGITS: Final[Mapping[str, int]] = {"crc64nvme": 16, "crc32c": 8, "crc32": 8}
"""How many hexadecimal digits each has, the surest first."""


def computable(told: Mapping[str, str]) -> str | None:
    """Return the surest cyclic checksum among those told that can be computed here, or None.

    CRC-64/NVME and CRC-32C need the extra ``crc`` (Amazon's own library, awscrt).

    Args:
        told: Checksums in hex by algorithm.
    """
    return next((name for name in _DIGITS if name in told and _step(name) is not None), None)


def cyclic_of(path: str, algorithm: str) -> str:
    """Return a cyclic checksum of a file, in hex.

    Args:
        path: The file; a link is followed.
        algorithm: One that `computable` has named.

    Raises:
        OSError: It cannot be read.
        ValueError: It is no regular file.
        KeyError: There is no such algorithm here.
    """
    step = _step(algorithm)
    if step is None:
        raise KeyError(algorithm)
    descriptor = open_regular(path, follow_links=True)
    try:
        found = 0
        while data := os.read(descriptor, CHUNK):
            found = step(data, found)
    finally:
        os.close(descriptor)
    return f"{found:0{_DIGITS[algorithm]}x}"


def _step(algorithm: str) -> Step | None:
    if algorithm == "crc32":
        return zlib.crc32
    try:
        from awscrt import checksums
    except ImportError:
        return None
    found: Step | None = getattr(checksums, algorithm, None)
    return found
