"""Keeps what came the short way, and says what came of it."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from store.cache.backends.base import NEVER, Cache, CachedResource
from store.cache.intake import Entry, Intake
from store.clock import SYSTEM_CLOCK
from store.errors import CacheError
from store.fetching.pinned import DRIVER, Pinned, result_of
from store.fetching.results import Outcome
from store.fetching.traffic import Back, Small
from store.records import Provenance
from store.transports.attempts import Attempt
from store.transports.whole import WholeStream

if TYPE_CHECKING:
    # Events load when there is something to tell, tiers where there are some.
    from store.events import Listener
    from store.sharing.base import SharedTier

log = logging.getLogger(__name__)

_MANY: Final = 512
"""How many files are settled together at most."""

_SOON: Final = 0.5
"""How long a file waits to be settled at most, in seconds."""

_RARER: Final = 8
"""How many times as many wait where they have to reach the disk, and twice as long: one sync is dear."""


class Kept(NamedTuple):
    """A body that was put in its place."""

    number: int
    pinned: Pinned
    attempt: Attempt
    path: str
    entry: Entry | None
    tier: str
    lacking: tuple[SharedTier, ...]


class Keeping:
    """Takes small bodies in and settles them, some at a time.

    Args:
        cache: The cache; its content owns the files.
        intake: Where they go.
        listener: Is told of each, or None.
        ends: Whether it is told of the end, too; else whoever places the file tells it.
        patience: How long the end of the run waits for what shared tiers are given, in seconds.
    """

    def __init__(
        self,
        cache: Cache,
        intake: Intake,
        listener: Listener | None,
        *,
        ends: bool = True,
        patience: float = 0.0,
    ) -> None:
        self._cache = cache
        self._intake = intake
        self._listener = listener
        self._ends = ends
        self._patience = patience
        self._many = _MANY * (_RARER if intake.durable else 1)
        self._turn = threading.Lock()
        self._waiting: list[Kept] = []
        self._since = SYSTEM_CLOCK.monotonic()

    def keep(self, small: Small) -> Back | None:
        """Put a body in its place, in whichever thread; what cannot be kept is handed back."""
        pinned = small.pinned
        try:
            entry = self._entry(pinned, f"{small.claim.directory}/{pinned.name}")
            with self._turn:
                path = self._intake.put(small.data, (pinned.digest,), pinned.name, entry)
                self._waiting.append(
                    Kept(
                        small.number, pinned, small.attempt, path, entry, small.tier, small.lacking
                    )
                )
        except CacheError:
            small.claim.release(vain=True)
            return Back(small.number, WholeStream(pinned.address, small.data))
        except BaseException:
            small.claim.release()
            raise
        small.claim.release()
        return None

    @property
    def full(self) -> bool:
        """Whether so much waits by now that it is to be settled at once."""
        return len(self._waiting) == self._many

    @property
    def waits(self) -> bool:
        """Whether anything is to be settled."""
        return bool(self._waiting)

    @property
    def due(self) -> bool:
        """Whether it is time to settle."""
        waited = SYSTEM_CLOCK.monotonic() - self._since
        soon = 2 * _SOON if self._intake.durable else _SOON
        return len(self._waiting) >= self._many or (bool(self._waiting) and waited > soon)

    def settle(self) -> list[Outcome | Back]:
        """Settle what was kept, and return its outcomes; or hand it back, where the disk refused."""
        with self._turn:
            waiting, self._waiting = self._waiting, []
            taken = self._intake.take()
        self._since = SYSTEM_CLOCK.monotonic()
        try:
            self._intake.steady(taken)
            # Two threads that make short system calls side by side wait for each other most of the time.
            with self._turn:
                unwritten = self._intake.settle(taken)
                self._remember(waiting, unwritten)
                return [self._outcome(one) for one in waiting]
        except CacheError as error:
            log.warning("what was kept cannot be settled: %s", error)
            return [Back(one.number, attempt=one.attempt) for one in waiting]

    def _remember(self, settled: Sequence[Kept], unwritten: set[str]) -> None:
        """Write the entries that are not there; a cache that cannot costs only the next hit."""
        cache = self._cache
        records = type(cache).record is not Cache.record
        try:
            for one in settled:
                uid = one.pinned.uid
                if one.entry is None or one.entry.path in unwritten:
                    cache.set(uid, CachedResource(uid, one.path), NEVER)
                if records:
                    cache.record(uid, _provenance(one))
        except Exception:
            log.warning("the cache did not take %d entries", len(settled), exc_info=True)

    def _entry(self, pinned: Pinned, path: str) -> Entry | None:
        """Return what the cache would remember of a body, where that can lie in its record's file."""
        try:
            entry = self._cache.entry_of(pinned.uid, CachedResource(pinned.uid, path))
        except Exception:
            log.warning("the cache failed when asked for an entry", exc_info=True)
            return None
        # A journal has a line for each.
        return None if entry is None or "\n" in entry[1] else Entry(*entry)

    def _outcome(self, kept: Kept) -> Outcome:
        if kept.lacking:
            _write_back(kept, self._patience)
        if self._listener is not None:
            _tell(self._listener, kept)
            if self._ends:
                _tell_end(self._listener, kept)
        result = result_of(kept.pinned, kept.path, kept.attempt.received, (kept.attempt,))
        return Outcome(kept.number, kept.pinned.address, result)


def _provenance(kept: Kept) -> Provenance:
    address, uid = kept.pinned.address, kept.pinned.uid
    query = json.dumps({"digests": [uid], "url": address}, sort_keys=True)
    return Provenance(DRIVER, query, address, (uid,), kept.attempt.received)


def _write_back(kept: Kept, patience: float) -> None:
    from store.sharing.tiers import write_back

    lacking = [(tier, False) for tier in kept.lacking]
    write_back(lacking, kept.pinned.digest.hex, Path(kept.path), patience=patience)


def _tell_end(listener: Listener, kept: Kept) -> None:
    from store.events import Cached

    listener(Cached(kept.pinned.name, kept.path, kept.pinned.uid))


def _tell(listener: Listener, kept: Kept) -> None:
    from store.events import Attempted, Progressed, Shared, Started, Verified

    name, uid, size = kept.pinned.name, kept.pinned.uid, kept.attempt.received
    listener(Started(name, uid, DRIVER))
    listener(Attempted(name, kept.attempt.address, 1, uid))
    listener(Progressed(name, size, size, uid))
    if kept.tier:
        listener(Shared(name, kept.tier, size, uid))
    listener(Verified(name, (uid,), size, uid))
