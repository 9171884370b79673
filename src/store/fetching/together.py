"""Runs the short way and the threads of the usual one side by side."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final

from store.errors import StoreError
from store.fetching.asking import Wanted
from store.fetching.keeping import Keeping
from store.fetching.lane import LEAST, Lane
from store.fetching.pinned import Pinned
from store.fetching.results import Outcome
from store.fetching.traffic import Back, Ended, Small, Traffic
from store.fetching.usual import Manner, Usual
from store.fetching.workers import Workers
from store.transports.whole import WholeStream

if TYPE_CHECKING:
    from store.fetching.fetcher import Fetcher

log = logging.getLogger(__name__)

_TICK: Final = 0.25
"""How long it is waited for the next arrival before it is looked up, in seconds."""

_FULL: Final = object()
"""Is put down where so much was kept that it is to be settled."""


class Together:
    """One run over many resources.

    Args:
        fetcher: Who fetches.
        usual: Fetches one in the usual way.
        manner: How.
    """

    def __init__(self, fetcher: Fetcher, usual: Usual, manner: Manner) -> None:
        self._fetcher = fetcher
        self._usual = usual
        if fetcher.options.tiers:
            # Loads what they need here, and not in a thread.
            import store.backends.shared  # noqa: F401
            from store.sharing.tiers import asked_tiers

            asked_tiers(fetcher.options)
        self._manner = manner
        self._arrivals: SimpleQueue[Any] = SimpleQueue()
        self._workers = Workers(manner.jobs, self._arrivals, fail_fast=manner.fail_fast)
        self._traffic = Traffic(self._arrivals, self._kept, fail_fast=manner.fail_fast)
        self._keeping: Keeping | None = None
        self._running = 0
        self._called_off = False
        self._wanted: dict[int, Wanted] = {}

    def bring(
        self, todo: list[tuple[int, Wanted]], short: list[tuple[int, Pinned]]
    ) -> Iterator[Outcome]:
        """Fetch all.

        Args:
            todo: All that is wanted.
            short: What of it the short way may bring.
        """
        self._wanted = dict(todo)
        with contextlib.ExitStack() as stack:
            stack.callback(self._workers.close)
            usual = set(self._wanted)
            if len(short) >= LEAST and self._usual.may_go_short:
                usual -= self._start_lane(stack, short)
            # Before the others are waited for: whoever leaves early, on Ctrl-C too, cuts off what runs.
            stack.callback(self._usual.deadline.cut)
            for number in sorted(usual):
                self._submit(Back(number))
            while self._running or self._workers.pending or self._waits():
                yield from self._arrived()

    def _start_lane(self, stack: contextlib.ExitStack, short: list[tuple[int, Pinned]]) -> set[int]:
        """Start the short way; return what it takes on."""
        options, content = self._fetcher.options, self._fetcher.cache.content
        try:
            intake = stack.enter_context(content.intake())
        except StoreError:
            return set()  # whoever fetches in the usual way says what is wrong with the cache
        deadline, jobs = self._usual.deadline, self._manner.jobs
        lane = Lane(content, options, deadline, self._traffic, connections=jobs)
        stack.callback(lane.stop)
        ends = self._manner.dest is None
        self._keeping = Keeping(
            self._fetcher.cache,
            intake,
            options.listener,
            ends=ends,
            patience=options.write_back_timeout,
        )
        self._running, left = lane.start(short)
        return {number for number, _ in short}.difference(left)

    def _waits(self) -> bool:
        return self._keeping is not None and self._keeping.waits

    def _arrived(self) -> list[Outcome]:
        """Take the next arrival, and settle what is to be settled."""
        outcomes: list[Outcome] = []
        busy = self._running or self._workers.pending
        try:
            arrival = self._arrivals.get(timeout=_TICK if busy else 0)
        except Empty:
            self._look_up()
        else:
            outcomes += self._taken(arrival)
        keeping = self._keeping
        if keeping is None or not (keeping.due or (keeping.waits and not self._running)):
            return outcomes
        for settled in keeping.settle():
            if isinstance(settled, Back):
                self._submit(settled)
            elif self._manner.dest is None:
                outcomes.append(settled)
            else:
                wanted = self._wanted[settled.number]
                self._workers.submit(self._usual.placed, settled, wanted)
        return outcomes

    def _look_up(self) -> None:
        """Let whoever listens look at the clock: of small bodies nothing is told until they are there."""
        look_up = getattr(self._fetcher.options.listener, "look_up", None)
        if look_up is not None and self._running:
            look_up()

    def _taken(self, arrival: object) -> list[Outcome]:
        if isinstance(arrival, Back):
            if arrival.error is not None:
                return [self._seen(self._usual.failed(arrival, self._wanted[arrival.number]))]
            self._submit(arrival)
        elif isinstance(arrival, Ended):
            self._running -= 1
        elif arrival is not _FULL:
            self._workers.arrived()
            if isinstance(arrival, Outcome):
                return [self._seen(arrival)]
        return []

    def _kept(self, small: Small) -> Back | None:
        """Keep a body that came the short way, in whichever thread."""
        keeping = self._keeping
        if keeping is None:
            return Back(small.number)
        try:
            back = keeping.keep(small)
        except Exception:
            log.warning("%s is fetched anew", small.pinned.name, exc_info=True)
            return Back(small.number, WholeStream(small.pinned.address, small.data))
        if keeping.full:
            self._arrivals.put(_FULL)
        return back

    def _submit(self, back: Back) -> None:
        """Fetch in the usual way what the short way does not bring."""
        if self._called_off:
            back.close()
            return
        earlier = () if back.attempt is None else (back.attempt,)
        wanted = self._wanted[back.number]
        self._workers.submit(self._usual.fetch, back.number, wanted, back.answer, earlier)

    def _seen(self, outcome: Outcome) -> Outcome:
        """Call the rest off after a failure, where that is wanted."""
        if outcome.error is not None and self._manner.fail_fast:
            self._called_off = True
            self._workers.call_off()
            self._traffic.call_off()
        return outcome
