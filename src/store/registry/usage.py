"""Remembers when items were used, and writes it down in batches."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterable
from typing import Final

import attrs

from store.clock import Clock
from store.errors import StoreError
from store.registry.database import Database
from store.registry.uses import Use, add_uses

log = logging.getLogger(__name__)

_MOST_FOUND: Final = 1000
"""Of a search that finds more than this no item is counted as found."""

_MOST_WAITING: Final = 50_000
"""How many items' uses wait at most; more are not remembered."""


class Usage:
    """The uses of one process that are still to be written down.

    Neither a read nor a search writes: what is noted here reaches the registry with the next write, or when
    the registry is closed. What cannot be written is lost, and logged.

    Args:
        clock: The time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._begin()

    def _begin(self) -> None:
        # Also in a fork's child: what the parent noted the parent writes.
        self._process = os.getpid()
        self._waiting: dict[int, Use] = {}
        self._lock = threading.Lock()

    def read(self, item_id: int) -> None:
        """Note that an item was read."""
        self._mine()
        with self._lock:
            use = self._of(item_id)
            if use is not None:
                use.reads += 1
                use.last_read = self._now()

    def found(self, ids: Iterable[int]) -> None:
        """Note that items were found by a search."""
        found = list(ids)
        if len(found) > _MOST_FOUND:
            return
        self._mine()
        with self._lock:
            for item_id in found:
                use = self._of(item_id)
                if use is not None:
                    use.searches += 1
                    use.last_search = self._now()

    def of(self, item_id: int) -> Use:
        """Return what waits of an item's use."""
        with self._lock:
            return attrs.evolve(self._waiting.get(item_id, Use()))

    def flush(self, database: Database) -> None:
        """Write down what waits, best effort."""
        self._mine()
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        if not waiting:
            return
        try:
            database.write(lambda connection: add_uses(database, connection, waiting), relaxed=True)
        except StoreError as error:
            log.debug("the uses of %d items are not written down: %s", len(waiting), error)

    def _mine(self) -> None:
        if self._process != os.getpid():
            self._begin()

    def _of(self, item_id: int) -> Use | None:
        if item_id not in self._waiting and len(self._waiting) >= _MOST_WAITING:
            return None
        return self._waiting.setdefault(item_id, Use())

    def _now(self) -> int:
        return self._clock.now_ns() // 1000
