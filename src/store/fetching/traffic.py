"""What comes the short way, and whether it goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple

from store.cache.claims import Claim
from store.errors import StoreError
from store.fetching.pinned import Pinned
from store.transports.attempts import Attempt
from store.transports.base import Stream

if TYPE_CHECKING:
    # Most have no tiers: nothing of them is loaded then.
    from store.sharing.base import SharedTier


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
    answer: Stream | StoreError | None = None
    """What its address has answered already: a body, or an error that may pass; or None."""
    attempt: Attempt | None = None
    """What the short way has tried, of which nobody else will tell, or None."""
    error: StoreError | None = None
    """What makes it vain to try again, or None."""

    def close(self) -> None:
        """Close the body that came, where nobody is to read it."""
        if isinstance(self.answer, Stream):
            self.answer.close()


class Ended(NamedTuple):
    """An origin has nothing more to give."""


Keep = Callable[[Small], Back | None]
"""Keeps a body, in whichever thread; what cannot be kept is handed back."""


class Traffic:
    """What the threads of the short way bring, and whether they are to go on.

    Whoever brings a body keeps it: to hand each to another thread costs more than it saves, as two threads
    that make ten short system calls a file wait for the interpreter most of the time.

    Args:
        arrivals: Takes what else comes: `Back` and `Ended`.
        keep: Keeps a body.
        fail_fast: Whether one failure ends it.
    """

    def __init__(self, arrivals: SimpleQueue[Any], keep: Keep, *, fail_fast: bool) -> None:
        self._arrivals = arrivals
        self._keep = keep
        self._fail_fast = fail_fast
        self._called_off = threading.Event()

    @property
    def goes_on(self) -> bool:
        """Whether anything is still wanted."""
        return not self._called_off.is_set()

    def bring(self, arrival: Small | Back | Ended) -> None:
        """Bring what came: a body is kept, and all else is put down for whoever takes it."""
        if isinstance(arrival, Small):
            back = self._keep(arrival)
            if back is not None:
                self._arrivals.put(back)
            return
        if isinstance(arrival, Back) and arrival.error is not None and self._fail_fast:
            self.call_off()
        self._arrivals.put(arrival)

    def call_off(self) -> None:
        """Ask for nothing more."""
        self._called_off.set()

    def give_back(self) -> None:
        """Close what came and was not taken."""
        while not self._arrivals.empty():
            arrival = self._arrivals.get()
            if isinstance(arrival, Back):
                arrival.close()
