"""Hashes a file in its order while others are still writing it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from typing import Final, Self

from store.integrity.digest import Digests
from store.integrity.hashing import Hashing

_PIECE: Final = 1 << 20
"""How much is read and hashed at a time, in bytes."""

_BEHIND: Final = 2 << 20
"""How far the hash may be behind the writers before it is made to follow, in bytes."""


class Following:
    """Hashes what is there of a file, from its beginning, as more and more of it is.

    Whoever writes the next bytes may feed them, which are then hashed where they are; what comes out of
    order is read back by a thread from the system's cache, where it was written a moment ago: that costs a
    copy on another core, and no second pass over the disk. A context manager that ends the thread.

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
        self._changed = threading.Condition()
        self._frontier = 0
        self._ended = False
        self._failure: BaseException | None = None
        self._thread: threading.Thread | None = None

    def feed(self, position: int, piece: memoryview) -> None:
        """Hash a piece that is written at ``position``, if it is the next one and nobody is hashing."""
        if self._turn.acquire(blocking=False):
            try:
                if position == self._hashing.size:
                    self._hashing.update(piece)
            finally:
                self._turn.release()

    def advance(self, frontier: int) -> None:
        """Tell that all bytes before ``frontier`` are written; it never goes back."""
        if frontier - max(self._frontier, self._hashing.size) < _BEHIND:
            return
        with self._changed:
            self._frontier = frontier
            self._changed.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="store-hash", daemon=True)
            self._thread.start()

    def finish(self, size: int) -> Digests:
        """Return the digests of the first ``size`` bytes, all of which are written by now.

        Raises:
            OSError: The file cannot be read, or is shorter.
        """
        self._end(size)
        if self._failure is not None:
            raise self._failure
        if self._hashing.size < size:
            self._take(memoryview(bytearray(min(_PIECE, size))), size)
        return self._hashing.digests()

    def __enter__(self) -> Self:
        """Return the follower itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the thread."""
        self._end(0)

    def _end(self, size: int) -> None:
        with self._changed:
            self._frontier, self._ended = size, True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        buffer = memoryview(bytearray(_PIECE))
        try:
            while (end := self._awaited()) is not None:
                self._take(buffer, end)
        except BaseException as error:  # noqa: BLE001 - raised by whoever finishes
            self._failure = error

    def _awaited(self) -> int | None:
        """Wait until there is more; None once there will be no more."""
        with self._changed:
            while self._frontier <= self._hashing.size:
                if self._ended:
                    return None
                self._changed.wait()
            return self._frontier

    def _take(self, buffer: memoryview, end: int) -> None:
        """Read back and hash what is there, a piece each turn."""
        while True:
            with self._turn:
                left = min(end, self._frontier) - self._hashing.size
                if left <= 0:
                    return
                count = os.preadv(self._descriptor, [buffer[:left]], self._hashing.size)
                if count == 0:
                    raise OSError("the file became shorter while it was hashed")
                self._hashing.update(buffer[:count])
