"""Hashes a large file as a whole, and each of its parts with it."""

from __future__ import annotations

import hashlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

from store.integrity.digest import Digests
from store.integrity.hashing import CHUNK, hash_descriptor
from store.transports.objects.sources import part_of


class Hashed(NamedTuple):
    """What a file's content is.

    Attributes:
        digests: The digests of the whole.
        sums: The SHA-256 of each part, in hex, in order; none where the whole is no larger than one.
    """

    digests: Digests = ()
    sums: tuple[str, ...] = ()


UNHASHED: Final = Hashed()
"""What is known of a content that nobody has read."""


def hash_whole(descriptor: int, algorithms: tuple[str, ...], size: int, *, sums: bool) -> Hashed:
    """Hash an open file, and on another processor each of the parts that it would go up in.

    The digest of the whole has to be known before the first byte goes up, since it is in the metadata that
    opens the upload. Meanwhile another processor has nothing to do: it computes what signs the parts, which
    would compete with the server's work later where both are on one machine.

    Args:
        descriptor: The file, open for reading; its position is moved.
        algorithms: What is wanted of the whole.
        size: Its bytes.
        sums: Whether the parts are hashed, too.

    Raises:
        OSError: It cannot be read.
    """
    part = part_of(size)
    if not sums or size <= part:
        return Hashed(hash_descriptor(descriptor, algorithms).digests())
    given_up = threading.Event()
    with ThreadPoolExecutor(1, "store-sums") as pool:
        try:
            found = pool.submit(_sums_of, descriptor, size, part, given_up)
            return Hashed(hash_descriptor(descriptor, algorithms).digests(), found.result())
        finally:
            given_up.set()


def _sums_of(descriptor: int, size: int, part: int, given_up: threading.Event) -> tuple[str, ...]:
    """Return the sums of all parts; fewer where the file became shorter, or nobody wants them any more."""
    found: list[str] = []
    buffer = memoryview(bytearray(CHUNK))
    for begin in range(0, size, part):
        hasher, at, end = hashlib.sha256(), begin, min(begin + part, size)
        while at < end:
            count = 0 if given_up.is_set() else os.preadv(descriptor, [buffer[: end - at]], at)
            if not count:
                return tuple(found)
            hasher.update(buffer[:count])
            at += count
        found.append(hasher.hexdigest())
    return tuple(found)
