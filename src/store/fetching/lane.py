"""The short way for many pinned addresses, asked from one thread.

What is not plain (another digest than the pinned one, a redirect, an error, a file that is being fetched
elsewhere) is handed back, and fetched in the usual way. The short way saves time, never a check.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from store.cache.content import Content
from store.fetching.claiming import Asking
from store.fetching.pinned import Pinned
from store.fetching.traffic import Ended, Traffic
from store.transports.base import TransferOptions
from store.transports.bulk import AHEAD, Bulk, BulkTransport
from store.transports.deadlines import Deadline, keeping
from store.transports.opening import transport_for

if TYPE_CHECKING:
    # Most have no tiers: nothing of them is loaded then.
    from store.fetching.rounds import Round

LARGEST: Final = 1 << 20
"""The largest body that is held in memory, in bytes: 1 MiB."""

LEAST: Final = 4
"""How many files of one origin make the short way worth its beginning."""

_ORIGINS: Final = 8
"""How many origins are asked at once in the short way."""

Wanted = tuple[int, Pinned]
"""What is wanted, with its place in the input."""


class Lane:
    """Asks origins for many small bodies, a thread each.

    Args:
        content: The cache's files; nothing is asked for that is there or is being fetched.
        options: How bytes are to be moved.
        deadline: When all must have ended.
        traffic: Takes what comes, and an `Ended` for each origin.
        connections: How many connections there are at most, over all origins.
    """

    def __init__(
        self,
        content: Content,
        options: TransferOptions,
        deadline: Deadline,
        traffic: Traffic,
        *,
        connections: int,
    ) -> None:
        self._content = content
        self._options = options
        self._deadline = deadline
        self._connections = connections
        self._threads: list[threading.Thread] = []
        self._traffic = traffic

    def start(self, wanted: Sequence[Wanted]) -> tuple[int, list[int]]:
        """Begin to ask.

        Args:
            wanted: What is wanted.

        Returns:
            How many origins are asked, each of which brings an `Ended` at its end, and the places in the
            input of those that are to be fetched in the usual way.
        """
        by_origin: defaultdict[str, list[Wanted]] = defaultdict(list)
        for one in wanted:
            by_origin[one[1].origin].append(one)
        most = sorted(by_origin.values(), key=len, reverse=True)
        left: list[int] = []
        chosen: list[tuple[Bulk, tuple[Round, ...], list[Wanted]]] = []
        share = max(1, self._connections // max(1, min(_ORIGINS, len(most))))
        for group in most:
            bulk = rounds = None
            if len(group) >= LEAST and len(chosen) < _ORIGINS:
                bulk = self._bulk(group[0][1].address, min(share, len(group)))
                rounds = self._rounds(min(share, len(group)))
            if bulk is None or rounds is None:
                left += [number for number, _ in group]
            else:
                chosen.append((bulk, rounds, group))
        for bulk, rounds, group in chosen:
            asking = Asking(group, self._content, self._traffic)
            thread = threading.Thread(
                target=self._run, args=(bulk, rounds, asking), name="store-lane", daemon=True
            )
            self._threads.append(thread)
            thread.start()
        return len(chosen), left

    def stop(self) -> None:
        """Ask for nothing more, and give back what was claimed."""
        self._traffic.call_off()
        self._deadline.expire()  # nobody waits for what is under way
        for thread in self._threads:
            thread.join()
        self._traffic.give_back()

    def _bulk(self, address: str, connections: int) -> Bulk | None:
        transport = transport_for(address, self._options)
        if not isinstance(transport, BulkTransport):
            return None
        largest = min(LARGEST, self._options.bounds.max_size)
        return transport.bulk(address, connections=connections, largest=largest, ahead=AHEAD)

    def _rounds(self, connections: int) -> tuple[Round, ...] | None:
        """Return what asks the shared tiers first; None where one of them cannot be asked so."""
        if not self._options.tiers:
            return ()
        from store.fetching.rounds import rounds_for

        largest = min(LARGEST, self._options.bounds.max_size)
        return rounds_for(self._options, connections=connections, largest=largest)

    def _run(self, bulk: Bulk, rounds: tuple[Round, ...], asking: Asking) -> None:
        try:
            with keeping(self._deadline):
                for one in rounds:
                    one.run(asking)
                bulk.run(asking.wanted(), asking.tell)
        finally:
            asking.end()
            self._traffic.bring(Ended())
