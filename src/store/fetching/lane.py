"""The short way for many pinned addresses, asked from one thread.

What is not plain (another digest than the pinned one, a redirect, an error, a file that is being fetched
elsewhere) is handed back, and fetched in the usual way. The short way saves time, never a check.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from store.addresses import public
from store.cache.claims import Claim, Claims
from store.cache.content import Content
from store.errors import StoreError
from store.fetching.pinned import Pinned
from store.fetching.traffic import Back, Ended, Small, Traffic
from store.integrity.digest import new_hasher
from store.transports.attempts import Attempt
from store.transports.base import TransferOptions
from store.transports.bulk import Answer, Asked, Bulk, BulkTransport, Came
from store.transports.deadlines import Deadline, keeping
from store.transports.opening import transport_for

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
        chosen: list[tuple[Bulk, list[Wanted]]] = []
        share = max(1, self._connections // max(1, min(_ORIGINS, len(most))))
        for group in most:
            bulk = None
            if len(group) >= LEAST and len(chosen) < _ORIGINS:
                bulk = self._bulk(group[0][1].address, min(share, len(group)))
            if bulk is None:
                left += [number for number, _ in group]
            else:
                chosen.append((bulk, group))
        for bulk, group in chosen:
            asking = _Asking(group, self._content, self._traffic)
            thread = threading.Thread(
                target=self._run, args=(bulk, asking), name="store-lane", daemon=True
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
        return transport.bulk(address, connections=connections, largest=largest)

    def _run(self, bulk: Bulk, asking: _Asking) -> None:
        try:
            with keeping(self._deadline):
                bulk.run(asking.wanted(), asking.tell)
        finally:
            asking.end()
            self._traffic.bring(Ended())


class _Asking:
    """What one thread asks for, and what it makes of the answers."""

    def __init__(
        self,
        group: Sequence[Wanted],
        content: Content,
        traffic: Traffic,
    ) -> None:
        self._left = dict(group)
        self._making = Claims(content.layout)
        self._traffic = traffic
        self._claims: dict[int, Claim] = {}

    def wanted(self) -> Iterator[Asked]:
        """Go through what can be claimed; what is being fetched elsewhere is fetched in the usual way."""
        for number, pinned in list(self._left.items()):
            if not self._traffic.goes_on:
                return
            claim = self._claimed(pinned)
            if claim is None:
                del self._left[number]
                self._traffic.bring(Back(number))
            else:
                self._claims[number] = claim
                yield Asked(number, pinned.address)

    def tell(self, asked: Asked, answer: Answer) -> bool:
        """Take an answer; return whether to go on."""
        pinned = self._left.pop(asked.number)
        claim = self._claims.pop(asked.number)
        arrival = self._arrival(asked.number, pinned, claim, answer)
        if isinstance(arrival, Back):
            claim.release(vain=True)
        self._traffic.bring(arrival)
        return self._traffic.goes_on

    def end(self) -> None:
        """Hand back what was not asked for, or not answered."""
        for claim in self._claims.values():
            claim.release(vain=True)
        self._claims.clear()
        for number in self._left:
            self._traffic.bring(Back(number))
        self._left.clear()

    def _claimed(self, pinned: Pinned) -> Claim | None:
        try:
            return self._making.claim(pinned.uid, pinned.digest, pinned.name)
        except OSError:
            return None  # whoever fetches in the usual way says what is wrong

    def _arrival(self, number: int, pinned: Pinned, claim: Claim, answer: Answer) -> Small | Back:
        if isinstance(answer, Came):
            size, hasher = len(answer.data), new_hasher(pinned.digest.algorithm)
            hasher.update(answer.data)
            found = hasher.hexdigest()
            if found == pinned.digest.hex:
                attempt = Attempt(pinned.address, None, size, answer.seconds)
                return Small(number, pinned, claim, answer.data, attempt)
            reason = (
                f"{pinned.address} is not what was pinned: expected {pinned.digest}, found {found}"
            )
            return Back(number, attempt=Attempt(pinned.address, reason, size, answer.seconds))
        if isinstance(answer, StoreError):
            attempt = Attempt(public(pinned.address), str(answer), 0, 0.0)
            answer.attempts = (attempt,)
            return Back(number, attempt=attempt, error=answer)
        return Back(number, stream=answer)
