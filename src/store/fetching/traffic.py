"""What comes the short way, and how much of it at once."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from store.cache.claims import Claim
from store.errors import StoreError
from store.fetching.pinned import Pinned
from store.transports.attempts import Attempt
from store.transports.base import Stream

if TYPE_CHECKING:
    # Most have no tiers: nothing of them is loaded then.
    from store.sharing.base import SharedTier

_HELD: Final = 32
"""How many bodies are held in memory at most; whoever asks waits until one is kept."""

_TICK: Final = 0.1
"""How often who waits for room looks up, in seconds."""


class Small(NamedTuple):
    """A small body that came, verified."""

    number: int
    pinned: Pinned
    claim: Claim
    data: memoryview
    attempt: Attempt
    tier: str = ""
    """The shared tier that gave it, or an empty text."""
    lacking: tuple[SharedTier, ...] = ()
    """The shared tiers that were asked and lack it."""


class Back(NamedTuple):
    """What is to be fetched in the usual way."""

    number: int
    stream: Stream | None = None
    """The body, open already, or None."""
    attempt: Attempt | None = None
    """What the short way has tried in vain, or None."""
    error: StoreError | None = None
    """What makes it vain to try again, or None."""


class Ended(NamedTuple):
    """An origin has nothing more to give."""


class Traffic:
    """What the threads of the short way bring, and whether they are to go on.

    Args:
        arrivals: Takes what comes: `Small`, `Back` and `Ended`.
        fail_fast: Whether one failure ends it.
    """

    def __init__(self, arrivals: SimpleQueue[Any], *, fail_fast: bool) -> None:
        self._arrivals = arrivals
        self._fail_fast = fail_fast
        self._room = threading.Semaphore(_HELD)
        self._called_off = threading.Event()

    @property
    def goes_on(self) -> bool:
        """Whether anything is still wanted."""
        return not self._called_off.is_set()

    def bring(self, arrival: Small | Back | Ended) -> None:
        """Bring what came; waits while too much of it is held in memory."""
        if isinstance(arrival, Small):
            while not self._room.acquire(timeout=_TICK) and self.goes_on:
                pass
        elif isinstance(arrival, Back) and arrival.error is not None and self._fail_fast:
            self.call_off()
        self._arrivals.put(arrival)

    def kept(self) -> None:
        """Note that a body that was held in memory is kept: there is room for another."""
        self._room.release()

    def call_off(self) -> None:
        """Ask for nothing more."""
        self._called_off.set()

    def give_back(self) -> None:
        """Give back what came and was not taken."""
        while not self._arrivals.empty():
            arrival = self._arrivals.get()
            if isinstance(arrival, Small):
                arrival.claim.release(vain=True)
            elif isinstance(arrival, Back) and arrival.stream is not None:
                arrival.stream.close()
