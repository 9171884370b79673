"""Reads what is put: bytes, a file by its path, an open file."""

from __future__ import annotations

import contextlib
import io
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final

from store.errors import StorageError
from store.files.failures import storage_error
from store.transports.objects.base import Source

PART: Final = 8 << 20
"""How much goes up in one request, in bytes: 8 MiB."""

_MOST_PARTS: Final = 10_000
"""How many parts an upload has at most (S3's limit)."""


def size_of(body: object, part: int) -> int:
    """Return how many bytes one request sends of a body: of one that comes in pieces, a part."""
    return len(body) if isinstance(body, bytes | bytearray | memoryview) else part


def part_of(size: int | None) -> int:
    """Return how large a part must be, in bytes, for so many bytes to fit into an upload."""
    if size is None:
        return PART
    least = -(-size // _MOST_PARTS)
    return PART if least <= PART else -(-least // (1 << 20)) << 20


class Summed(io.BufferedReader):
    """An open file of whose parts the SHA-256 is known: none is computed for the signature of a request.

    Args:
        raw: The file.
        buffer_size: How much is read ahead, in bytes.
        sums: The SHA-256 of each part (`part_of`), in hex, in order.
    """

    def __init__(self, raw: io.RawIOBase, buffer_size: int, sums: Sequence[str]) -> None:
        super().__init__(raw, buffer_size)
        self.sums = sums


class Reader:
    """What is put, piece by piece.

    Args:
        file: Where it is read from.
        size: How many bytes are to come, or None where nobody knows.
        shown: What it is called in errors.
    """

    def __init__(self, file: BinaryIO, size: int | None, shown: str) -> None:
        self._file = file
        self._shown = shown
        self.size = size
        self.read = 0

    @property
    def part(self) -> int:
        """How large a part must be, in bytes, for all to fit into an upload."""
        return part_of(self.size)

    def sum_of(self, number: int) -> str | None:
        """Return the SHA-256 of a part, in hex, as it was when the whole was hashed; None where nobody knows.

        Args:
            number: Which part, from 1 on.
        """
        sums = self._file.sums if isinstance(self._file, Summed) else ()
        return sums[number - 1] if number <= len(sums) else None

    def next(self, size: int) -> bytes:
        """Return the next bytes: as many as were asked for, fewer at the end.

        Raises:
            StorageError: It cannot be read, or became shorter or longer meanwhile.
        """
        pieces, missing = [], size
        while missing > 0:
            try:
                piece = self._file.read(missing)
            except OSError as error:
                raise storage_error(error, self._shown) from error
            if not piece:
                break
            pieces.append(piece)
            missing -= len(piece)
        found = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self.read += len(found)
        ended = missing > 0
        if self.size is not None and (self.read > self.size or (ended and self.read != self.size)):
            raise StorageError(
                f"{self._shown} changed while it was read: {self.size} bytes were to come; put it again"
                " when nobody writes to it",
                path=self._shown,
            )
        return found

    def rest(self) -> bytes:
        """Return all that is left.

        Raises:
            StorageError: See `next`.
        """
        pieces = [self.next(PART)]
        while len(pieces[-1]) == PART:
            pieces.append(self.next(PART))
        return b"".join(pieces)


@contextlib.contextmanager
def opened(source: Source) -> Iterator[Reader]:
    """Open what is put; a file that was given by its path is closed again.

    Raises:
        StorageError: There is no such regular file, or it cannot be read.
    """
    if isinstance(source, bytes | memoryview):
        yield Reader(io.BytesIO(source), len(source), "what is put")
        return
    if not isinstance(source, Path):
        yield Reader(source, _rest(source), str(getattr(source, "name", "what is put")))
        return
    try:
        file = source.open("rb")
    except OSError as error:
        raise storage_error(error, source) from error
    with file:
        yield Reader(file, _rest(file), str(source))


def _rest(file: BinaryIO) -> int | None:
    """Return how many bytes an open file has from where it stands, or None where it cannot tell."""
    try:
        status = os.fstat(file.fileno())
        if stat.S_ISREG(status.st_mode):
            return max(0, status.st_size - file.tell())
    except (OSError, ValueError, AttributeError):
        pass
    try:
        here = file.tell()
        end = file.seek(0, os.SEEK_END)
        file.seek(here)
    except (OSError, ValueError, AttributeError):
        return None
    return max(0, end - here)
