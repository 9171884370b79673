"""Counts a run for ``store stats``, at no cost where all are hits."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from store.cache.runs import add_hits

if TYPE_CHECKING:
    from store.cache.layout import Layout
    from store.clock import Clock
    from store.events import Event
    from store.fetching.counting import Counter


class Counting:
    """A listener that counts; what only downloads and failures need is loaded when there is one."""

    def __init__(self) -> None:
        self._hits = 0
        self._saved = 0
        self._counter: Counter | None = None

    def __call__(self, event: Event) -> None:
        """Count an event."""
        if self._counter is None and type(event).__name__ == "Hit":
            self._hits += 1
            self._saved += event.size  # type: ignore[union-attr]
            return
        if self._counter is None:
            from store.fetching.counting import Counter

            self._counter = Counter()
        self._counter(event)

    def keep(self, layout: Layout, clock: Clock) -> None:
        """Add the run to the counts of a cache; where that cannot be done, it is not counted.

        Args:
            layout: Where the cache lies.
            clock: The time.
        """
        with contextlib.suppress(OSError):
            if self._counter is None:
                if self._hits and add_hits(layout, self._hits, self._saved, clock.now()):
                    from store.cache.counts import fold

                    fold(layout, clock)
                return
        from store.cache.counts import Tally, count

        hits = Tally(hits=self._hits, saved=self._saved)
        count(layout, hits if self._counter is None else hits.plus(self._counter.tally), clock)
