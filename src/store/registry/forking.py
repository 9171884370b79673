"""Keeps a fork away from what other threads are in the middle of.

SQLite and SQLAlchemy hold locks while they work, and a child that was forked meanwhile would wait for them
for ever. So whoever works on a database stands in the gate, and a fork waits until nobody does.
"""

from __future__ import annotations

import os
import threading
from types import TracebackType
from typing import Final

_PATIENCE: Final = 5.0
"""How long a fork waits for the threads that are at work, in seconds; then it goes on."""


class Gate:
    """Counts who is at work, and lets nobody begin while the process forks."""

    def __init__(self) -> None:
        self._begin()
        os.register_at_fork(
            before=self._close, after_in_parent=self._open, after_in_child=self._begin
        )

    def _begin(self) -> None:
        # Entered as such: a condition is entered in Python, where Ctrl-C may fall.
        self._lock = threading.Lock()
        self._free = threading.Condition(self._lock)
        self._working = 0
        self._closing = False
        self._depth = threading.local()

    def __enter__(self) -> None:
        """Begin to work; whoever is at work already may begin more."""
        depth = getattr(self._depth, "value", 0)
        self._depth.value = depth + 1
        if not depth:
            with self._lock:
                while self._closing:
                    self._free.wait()
                self._working += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the work."""
        self._depth.value -= 1
        if not self._depth.value:
            with self._lock:
                self._working -= 1
                if self._closing:
                    self._free.notify_all()

    def _close(self) -> None:
        """Wait until no other thread is at work, and let none begin."""
        mine = min(1, getattr(self._depth, "value", 0))
        self._free.acquire()
        # Said first, since whoever waits for the lock's owner gives the lock back meanwhile.
        self._closing = True
        self._free.wait_for(lambda: self._working <= mine, timeout=_PATIENCE)

    def _open(self) -> None:
        self._closing = False
        self._free.notify_all()
        self._free.release()


GATE: Final = Gate()
"""The gate of this process."""
