"""Hashes a file in its order while others are still writing it."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterable
from typing import Final, NamedTuple, Self

from store.integrity.digest import Digests
from store.integrity.hashing import Hashing

_PIECE: Final = 1 << 20
"""How much is read and hashed at a time, in bytes."""

_BUFFERS: Final = 8
"""How many buffers are lent: one is filled while another is hashed, and others even out who is faster."""

_HANDED: Final = 128 << 10
"""From how many bytes on a piece is worth another thread; a smaller one is hashed sooner than handed over."""

_BEHIND: Final = 2 << 20
"""How far the hash may be behind the writers before it is made to follow, in bytes."""


class _Piece(NamedTuple):
    """What was fed, and what it lies in."""

    position: int
    content: memoryview
    lent: memoryview | None


class Following:
    """Hashes what is there of a file, from its beginning, as more and more of it is.

    Whoever writes the next bytes may lend a buffer for them and feed it, once they are written: a thread
    hashes them where they are while the next buffer is filled. What comes out of order is read back by
    that thread from the system's cache, where it was written a moment ago: that costs a copy, and no second
    pass over the disk. A context manager that ends the thread.

    Args:
        descriptor: The file, open for reading; only positional reads are made.
        algorithms: What to compute.

    Raises:
        DigestError: An algorithm is unknown or not installed.
    """

    def __init__(self, descriptor: int, algorithms: Iterable[str]) -> None:
        self._hashing = Hashing(algorithms)
        self._turn = threading.Lock()
        self._descriptor = descriptor
        # Entered as such: a condition is entered in Python, where Ctrl-C may fall.
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._pieces: deque[_Piece] = deque()
        self._promised = 0
        self._free: list[memoryview] = []
        self._made = 0
        self._lent: memoryview | None = None
        self._buffer: memoryview | None = None
        self._frontier = 0
        self._ended = False
        self._failure: BaseException | None = None
        self._thread: threading.Thread | None = None

    def lend(self) -> memoryview:
        """Return a buffer of 1 MiB for the next piece, to one writer; wait while all are to be hashed.

        What was lent and not fed is lent again.
        """
        with self._lock:
            while self._lent is None:
                if self._free:
                    self._lent = self._free.pop()
                elif self._made < _BUFFERS:
                    self._made += 1
                    self._lent = memoryview(bytearray(_PIECE))
                else:
                    self._changed.wait()
            return self._lent

    def feed(self, position: int, piece: memoryview) -> None:
        """Have a piece hashed that is written at ``position``, if it is the next one.

        Args:
            position: Where it begins in the file.
            piece: It, within what was lent last; not to be touched any more.
        """
        if len(piece) < _HANDED and self._hashed_at_once(position, piece):
            return
        with self._lock:
            if self._ended or position > max(self._hashing.size, self._promised):
                return
            self._pieces.append(_Piece(position, piece, self._lent))
            self._lent = None
            self._promised = position + len(piece)
            self._changed.notify_all()
        self._begin()

    def advance(self, frontier: int) -> None:
        """Tell that all bytes before ``frontier`` are written; it never goes back."""
        if frontier - max(self._frontier, self._hashing.size, self._promised) < _BEHIND:
            return
        with self._lock:
            self._frontier = frontier
            self._changed.notify_all()
        self._begin()

    def finish(self, size: int) -> Digests:
        """Return the digests of the first ``size`` bytes, all of which are written by now.

        Raises:
            OSError: The file cannot be read, or is shorter.
        """
        self._end(size)
        if self._failure is not None:
            raise self._failure
        while self._hashing.size < size:
            self._read_back()
        return self._hashing.digests()

    def __enter__(self) -> Self:
        """Return the follower itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the thread."""
        self._end(0)

    def _hashed_at_once(self, position: int, piece: memoryview) -> bool:
        """Hash a piece if it is the next one and nobody is hashing; return whether that was so."""
        if not self._turn.acquire(blocking=False):
            return False
        try:
            if position != self._hashing.size:
                return False
            self._hashing.update(piece)
        finally:
            self._turn.release()
        return True

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="store-hash", daemon=True)
            self._thread.start()

    def _end(self, size: int) -> None:
        with self._lock:
            self._frontier, self._ended = size, True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            while self._stepped():
                pass
        except BaseException as error:  # noqa: BLE001 - raised by whoever finishes
            with self._lock:
                self._failure, self._ended = error, True
                self._free += [one.lent for one in self._pieces if one.lent is not None]
                self._changed.notify_all()

    def _stepped(self) -> bool:
        """Hash what is next, as soon as there is something; False: there will be no more."""
        with self._lock:
            while not self._pieces and self._frontier <= self._hashing.size:
                if self._ended:
                    return False
                self._changed.wait()
            piece = self._pieces.popleft() if self._pieces else None
        if piece is None:
            self._read_back()
        else:
            self._take(piece)
        return True

    def _take(self, piece: _Piece) -> None:
        """Hash a piece, of which the beginning may have been read back meanwhile."""
        with self._turn:
            self._hashing.update(piece.content[max(0, self._hashing.size - piece.position) :])
        if piece.lent is not None:
            with self._lock:
                self._free.append(piece.lent)
                self._changed.notify_all()

    def _read_back(self) -> None:
        """Hash a piece of what was told to be there."""
        with self._turn:
            left = self._frontier - self._hashing.size
            if left <= 0:
                return
            if self._buffer is None:
                self._buffer = memoryview(bytearray(min(_PIECE, left)))
            count = os.preadv(self._descriptor, [self._buffer[:left]], self._hashing.size)
            if count == 0:
                raise OSError("the file became shorter while it was hashed")
            self._hashing.update(self._buffer[:count])
