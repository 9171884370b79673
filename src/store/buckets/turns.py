"""Bounds how many large files go up at once: each holds several parts."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from typing import Final

from store.clock import SYSTEM_CLOCK
from store.errors import TransportTimeoutError
from store.transports.deadlines import current
from store.transports.objects.sources import PART

AT_ONCE: Final = 2
"""How many large files go up at once in this process; each in several parts of 8 MiB at once."""


class _Turns:
    """Who may send a large file now; a fork's child begins anew."""

    def __init__(self) -> None:
        self.free = threading.Semaphore(AT_ONCE)
        os.register_at_fork(after_in_child=self.begin_anew)

    def begin_anew(self) -> None:
        """Forget those who stayed with the parent."""
        self.free = threading.Semaphore(AT_ONCE)


_turns: Final = _Turns()


@contextlib.contextmanager
def turn(size: int, shown: str) -> Iterator[None]:
    """Wait for a turn where a content goes up in parts, and hold it in the block.

    Args:
        size: The content's bytes.
        shown: What it is called in the error.

    Raises:
        TransportTimeoutError: The deadline passed while others had their turns.
    """
    if size <= PART:
        yield
        return
    free = _turns.free
    left = current(SYSTEM_CLOCK).left()
    if not free.acquire(timeout=max(0.0, min(left, threading.TIMEOUT_MAX))):
        raise TransportTimeoutError(
            f"{shown}: the deadline passed while other files went up", url=shown
        )
    try:
        yield
    finally:
        free.release()
