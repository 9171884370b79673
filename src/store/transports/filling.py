"""Fills a file from a stream: counted, hashed, bounded on the way."""

from __future__ import annotations

import os
from typing import Final

import attrs

from store.errors import (
    IntegrityError,
    StorageError,
    TooLargeError,
    TruncatedError,
)
from store.files.failures import free_bytes
from store.integrity.digest import Digests
from store.integrity.hashing import Hashing
from store.integrity.verification import compare
from store.transports.base import Stream
from store.transports.pace import Pace
from store.transports.reading import WRITE, read

BUFFER: Final = 1 << 20
"""How much is read and hashed at a time, in bytes."""


@attrs.frozen(kw_only=True)
class Wanted:
    """What a resource must be.

    Attributes:
        digests: All of them must match.
        size: In bytes, or None.
        algorithms: What is computed: at least those of the digests.
        max_size: The most bytes that are taken.
    """

    digests: Digests
    size: int | None
    algorithms: tuple[str, ...]
    max_size: int

    def check_announced(self, stream: Stream) -> None:
        """Refuse a body for what is announced of it, before a byte of it is moved.

        Raises:
            TooLargeError: It is larger than ``max_size``.
            IntegrityError: It has another size than the one that was pinned.
        """
        if stream.size is None:
            return
        if stream.size > self.max_size:
            raise self._too_large(stream.address, stream.size)
        if self.size is not None and stream.size != self.size:
            raise self._other_size(stream.address, stream.size)

    def check_counted(self, stream: Stream, size: int) -> None:
        """Refuse a body that has become too large.

        Raises:
            TooLargeError: It is larger than ``max_size``.
            TruncatedError: It is larger than announced.
            IntegrityError: It is larger than the size that was pinned.
        """
        if stream.size is not None and size > stream.size:
            raise _other_length(stream, size, "longer")
        if self.size is not None and size > self.size:
            raise self._other_size(stream.address, size)
        if size > self.max_size:
            raise self._too_large(stream.address, size)

    def check_whole(self, stream: Stream, hashing: Hashing) -> Digests:
        """Hold a whole body against all that is known of it, and return its digests.

        Raises:
            TruncatedError: It is shorter than announced; or than pinned, where nothing was announced
                and the connection may have broken.
            IntegrityError: A digest differs.
        """
        expected = self.size if stream.size is None else stream.size
        if expected is not None and hashing.size < expected:
            raise _other_length(stream, hashing.size, "shorter", expected)
        found = hashing.digests()
        self.check_digests(found, size=hashing.size, address=stream.address)
        return found

    def check_digests(self, found: Digests, *, size: int, address: str) -> None:
        """Hold the digests of a whole body against those that were pinned.

        Raises:
            IntegrityError: One differs.
        """
        compare(self.digests, found, size=size, url=address)

    def _too_large(self, address: str, size: int) -> TooLargeError:
        return TooLargeError(
            f"{address} has {size} bytes or more, and max_size is {self.max_size}: raise it if that is right",
            limit=self.max_size,
            size=size,
            url=address,
        )

    def _other_size(self, address: str, size: int) -> IntegrityError:
        return IntegrityError(
            f"{address} is not what was pinned: expected {self.size} bytes, found {size} or more",
            url=address,
            expected=str(self.size),
            found=str(size),
            size=size,
        )


def check_room(directory: str | os.PathLike[str], size: int | None) -> None:
    """Make sure that a body of known size fits, before a byte of it is moved.

    Raises:
        StorageError: It does not; ``needed`` and ``free`` say by how much.
    """
    free = None if not size else free_bytes(os.fspath(directory))
    if size is not None and free is not None and free < size:
        raise StorageError(
            f"{directory}: {size} bytes are needed and {free} are free: make room there, with"
            " 'store cache prune' where the cache lies on that disk",
            path=os.fspath(directory),
            needed=size,
            free=free,
        )


def fill(descriptor: int, stream: Stream, hashing: Hashing, wanted: Wanted, pace: Pace) -> None:
    """Write all that a stream gives into an open file, at its position.

    The seam of whatever moves bytes in another order: nothing is said of where the stream begins, so a
    caller that goes on with a part passes a ``hashing`` that has seen what is there.

    Args:
        descriptor: The file, open for writing.
        stream: The body.
        hashing: Is fed with what is written; its ``size`` is the number of bytes that are there.
        wanted: The bounds of the size.
        pace: Is told how it goes.

    Raises:
        StoreError: What the stream, ``wanted`` or ``pace`` raise.
        TransportError: The stream raised an ``OSError`` that is no error of ours.
        OSError: The file cannot be written.
    """
    least = 64 * 1024
    # The rest and one byte: what follows the announced end is seen without another allocation.
    buffer = memoryview(bytearray(min(BUFFER, max(least, (stream.size or BUFFER) + 1))))
    pace.begin(stream.size, hashing.size)
    while count := read(stream, buffer):
        piece = buffer[:count]
        if hashing.size + count > _limit(stream, wanted):
            wanted.check_counted(stream, hashing.size + count)
        hashing.update(piece)
        written = 0
        while written < count:
            written += os.write(descriptor, piece[written : written + WRITE])
        pace.advance(hashing.size)


def _limit(stream: Stream, wanted: Wanted) -> int:
    return min(
        wanted.max_size,
        wanted.max_size if stream.size is None else stream.size,
        wanted.max_size if wanted.size is None else wanted.size,
    )


def _other_length(
    stream: Stream, size: int, how: str, expected: int | None = None
) -> TruncatedError:
    announced = stream.size if expected is None else expected
    return TruncatedError(
        f"{stream.address}: the body is {how} than the {announced} bytes that were announced",
        url=stream.address,
        expected=announced,
        found=size,
    )
