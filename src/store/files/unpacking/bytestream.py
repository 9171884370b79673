"""A stream of pieces, read by counts of bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from store.files.unpacking.limits import Guard

_LARGEST_TAKEN: Final = 1 << 20
"""The most bytes that are held in memory to be taken at once."""


class ByteStream:
    """Reads forward only, and never holds more than a piece, or what is taken at once.

    Args:
        pieces: The content.
        guard: Makes the errors.
        ending: What is wrong where it ends too early.
    """

    def __init__(self, pieces: Iterator[bytes], guard: Guard, ending: str) -> None:
        self._pieces = pieces
        self._guard = guard
        self._ending = ending
        self._view = memoryview(b"")

    def take(self, count: int) -> memoryview:
        """Return so many bytes, at most 1 MiB.

        Raises:
            ArchiveError: There are not so many, or it is too many to be taken at once.
        """
        if count > _LARGEST_TAKEN:
            raise self._guard.damaged(f"{count} bytes are said to be of one header")
        view = self._view
        if len(view) < count:
            if not self.holds(count):
                raise self._guard.damaged(self._ending)
            view = self._view
        self._view = view[count:]
        return view[:count]

    def holds(self, count: int) -> bool:
        """Whether so many bytes are left; they are kept in memory, so it is for few."""
        if len(self._view) < count:
            parts, have = [bytes(self._view)], len(self._view)
            while have < count:
                piece = next(self._pieces, b"")
                if not piece:
                    break
                parts.append(piece)
                have += len(piece)
            self._view = memoryview(b"".join(parts))
        return len(self._view) >= count

    def at_end(self) -> bool:
        """Whether nothing is left."""
        return not self.holds(1)

    def head(self, count: int) -> bytes:
        """Return up to so many bytes without moving on."""
        self.holds(count)
        return bytes(self._view[:count])

    def data(self, count: int) -> Iterator[memoryview]:
        """Go through so many bytes, piece by piece.

        Raises:
            ArchiveError: There are not so many.
        """
        while count:
            if not self._view and self.at_end():
                raise self._guard.damaged(self._ending)
            piece = self._view[:count]
            self._view = self._view[count:]
            count -= len(piece)
            yield piece

    def skip(self, count: int) -> None:
        """Pass over so many bytes.

        Raises:
            ArchiveError: There are not so many.
        """
        for _ in self.data(count):
            pass

    def rest(self) -> Iterator[memoryview]:
        """Go through all that is left."""
        while not self.at_end():
            piece, self._view = self._view, memoryview(b"")
            yield piece
