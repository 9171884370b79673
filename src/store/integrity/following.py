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


class Following:
    """A thread that hashes what is there of a file, from its beginning, as more and more of it is.

    The bytes are read back from the system's cache, where they were written a moment ago: that costs a
    copy on another core, and no second pass over the disk. A context manager that ends the thread.

    Args:
        descriptor: The file, open for reading; only positional reads are made.
        algorithms: What to compute.

    Raises:
        DigestError: An algorithm is unknown or not installed.
    """

    def __init__(self, descriptor: int, algorithms: Iterable[str]) -> None:
        self._hashing = Hashing(algorithms)
        self._descriptor = descriptor
        self._changed = threading.Condition()
        self._frontier = 0
        self._ended = False
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="store-hash", daemon=True)
        self._thread.start()

    def advance(self, frontier: int) -> None:
        """Tell that all bytes before ``frontier`` are written; it never goes back."""
        if frontier - self._frontier < _PIECE:
            return
        with self._changed:
            self._frontier = frontier
            self._changed.notify()

    def finish(self, size: int) -> Digests:
        """Return the digests of the first ``size`` bytes, all of which are written by now.

        Raises:
            OSError: The file cannot be read, or is shorter.
        """
        self._end(size)
        if self._failure is not None:
            raise self._failure
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
        while (left := min(end, self._frontier) - self._hashing.size) > 0:
            count = os.preadv(self._descriptor, [buffer[:left]], self._hashing.size)
            if count == 0:
                raise OSError("the file became shorter while it was hashed")
            self._hashing.update(buffer[:count])
