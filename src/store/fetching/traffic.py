"""What comes the short way, and how much of it at once."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
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


Keep = Callable[[Small], Back | None]
"""Keeps a body; what cannot be kept is handed back."""


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
        self._handing = threading.Lock()
        self._keep: Keep | None = None

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
        with self._handing:
            self._hand(arrival)

    @contextlib.contextmanager
    def unattended(self, keep: Keep) -> Iterator[None]:
        """Have each body kept as it comes, by whoever brings it, while nobody takes what comes.

        What has come and was not taken is kept first. Else it would stay claimed for as long as the caller
        looks at an outcome, and the caller, who may fetch others meanwhile, would wait for himself.

        Args:
            keep: Keeps a body, in whichever thread, but in one at a time.
        """
        with self._handing:
            self._keep = keep
            # Nothing overtakes another of its origin: who brings waits until all is put back.
            for arrival in [self._arrivals.get() for _ in range(self._arrivals.qsize())]:
                self._hand(arrival)
        process = os.getpid()
        try:
            yield
        finally:
            if os.getpid() == process:  # in a fork's child whoever had the lock has gone
                with self._handing:
                    self._keep = None

    def kept(self) -> None:
        """Note that a body that was held in memory is kept: there is room for another."""
        self._room.release()

    def _hand(self, arrival: object) -> None:
        """Put down what came, kept where nobody takes it."""
        if self._keep is not None and isinstance(arrival, Small):
            back = self._keep(arrival)
            self.kept()
            if back is not None:
                self._arrivals.put(back)
        else:
            self._arrivals.put(arrival)

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
