"""Reads a file once and gives all the digests that are asked for."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from store.integrity.digest import Digest, Digests, digests_from, new_hasher
from store.integrity.regular import open_regular

CHUNK = 1 << 20
"""How much is read at a time, in bytes."""


class Hashing:
    """Several hashers fed as one.

    Args:
        algorithms: The names of the algorithms, of which each counts once.

    Attributes:
        size: The bytes taken so far.

    Raises:
        DigestError: An algorithm is unknown or not installed.
    """

    __slots__ = ("_hashers", "size")

    def __init__(self, algorithms: Iterable[str]) -> None:
        self._hashers = {name: new_hasher(name) for name in dict.fromkeys(algorithms)}
        self.size = 0

    def update(self, data: bytes | bytearray | memoryview) -> None:
        """Take more of the content."""
        for hasher in self._hashers.values():
            hasher.update(data)
        self.size += len(data)

    def hexdigest(self, algorithm: str) -> str:
        """Return the fingerprint of one of the algorithms, in hexadecimal.

        Raises:
            KeyError: It is none of those that were given.
        """
        return self._hashers[algorithm].hexdigest()

    def digests(self) -> Digests:
        """Return the digests of what was taken, strongest first."""
        found = [Digest(name, hasher.hexdigest()) for name, hasher in self._hashers.items()]
        return digests_from(found, allow_weak=True)


def hash_descriptor(descriptor: int, algorithms: Iterable[str]) -> Hashing:
    """Read an open file from its beginning to its end, in constant memory.

    Args:
        descriptor: A file descriptor open for reading; its position is moved.
        algorithms: What to compute.

    Raises:
        OSError: It cannot be read.
    """
    hashing = Hashing(algorithms)
    # As large as it need be: to clear a mebibyte takes longer than to read a small file.
    size = os.fstat(descriptor).st_size
    buffer = memoryview(bytearray(min(CHUNK, size + 1) if size else CHUNK))
    os.lseek(descriptor, 0, os.SEEK_SET)
    while count := os.readv(descriptor, [buffer]):
        hashing.update(buffer[:count])
    return hashing


def hash_file(
    path: str | Path, algorithms: Iterable[str], *, follow_links: bool = False
) -> Hashing:
    """Read a regular file once; FIFOs and devices are neither opened nor waited for.

    Args:
        path: The file.
        algorithms: What to compute.
        follow_links: Read what a symbolic link leads to.

    Raises:
        OSError: It is missing or unreadable, or a link that is not to be followed.
        ValueError: It is no regular file, or the path holds a NUL.
    """
    descriptor = open_regular(path, follow_links=follow_links)
    try:
        return hash_descriptor(descriptor, algorithms)
    finally:
        os.close(descriptor)
