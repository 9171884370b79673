"""Says that this process uses a cache, and what was used when."""

from __future__ import annotations

import logging
import os
import threading
from typing import Final

from store.cache.layout import Layout
from store.cache.quarantine import clear_way, obstacle
from store.clock import Clock
from store.files.leases import Lease

log = logging.getLogger(__name__)

DAY: Final = 86_400.0
"""How old a use mark gets before it is renewed, in seconds."""


class Uses:
    """One process's lease and use marks; a cache that cannot be written to goes without.

    Args:
        layout: Where the cache lies.
        clock: The time.
    """

    def __init__(self, layout: Layout, clock: Clock) -> None:
        self._layout = layout
        self._clock = clock
        self._lock = threading.Lock()
        self._lease: Lease | None = None
        self._settled = False

    def begin(self) -> None:
        """Take the lease, unless this process has it or was refused it."""
        if self._settled:
            return
        with self._lock:
            mine, self._settled = not self._settled, True
            if not mine:
                return
            try:
                clear_way(self._layout, f"{self._layout.leases}/", self._clock)
                self._lease = Lease(self._layout.leases, clock=self._clock)
            except OSError as error:
                log.debug("no lease of %s is taken: %s", self._layout.root, error)

    def mark(self, record: str, used: float | None) -> None:
        """Take the lease, and mark a use where the last mark is more than a day old.

        Args:
            record: The path of the content's record, whose time is the mark.
            used: The last mark, in seconds since 1970 UTC; None where it is not known.
        """
        self.begin()
        now = self._clock.now()
        try:
            if used is None:
                used = os.lstat(record).st_mtime
            # A mark from the future is renewed as well: nothing would ever outgrow it.
            if not now - DAY < used <= now and obstacle(self._layout, record) is None:
                if not os.path.lexists(record):
                    from store.cache.spreading import spread_what_holds

                    spread_what_holds(self._layout, record)
                os.utime(record, (now, now), follow_symlinks=False)
        except OSError as error:
            log.debug("the use of %s is not marked: %s", record, error)

    def close(self) -> None:
        """Give the lease back."""
        with self._lock:
            lease, self._lease, self._settled = self._lease, None, False
        if lease is not None:
            lease.close()
