"""Asks for many small contents in a few threads."""

from __future__ import annotations

import contextvars
import logging
import threading
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from typing import Final

from store.clock import Clock
from store.errors import ResourceNotFoundError
from store.transports.base import Stream
from store.transports.bulk import Answer, Asked, Bulk, Came, Tell
from store.transports.deadlines import current

log = logging.getLogger(__name__)

_TICK: Final = 0.25
"""How often it is looked whether the deadline has passed, in seconds."""


class Crowd(Bulk):
    """Opens one content after the other, several at once, each in a thread.

    Args:
        open_stream: Opens the content at an address.
        threads: How many there are at most.
        largest: The largest content that is small, in bytes.
        clock: The time.
    """

    def __init__(
        self, open_stream: Callable[[str], Stream], *, threads: int, largest: int, clock: Clock
    ) -> None:
        self._open_stream = open_stream
        self._most = threads
        self._largest = largest
        self._clock = clock

    def run(self, wanted: Iterator[Asked], tell: Tell) -> None:
        """Ask for all that is wanted; see `Bulk.run`."""
        todo: SimpleQueue[Asked | None] = SimpleQueue()
        done: SimpleQueue[tuple[Asked, Answer]] = SimpleQueue()
        deadline = current(self._clock)
        running = pending = 0
        going_on = True
        try:
            while True:
                while going_on and pending < 2 * self._most:
                    asked = next(wanted, None)
                    if asked is None:
                        break
                    todo.put(asked)
                    pending += 1
                    if running < self._most:
                        running += 1
                        self._start(todo, done)
                if not pending or not going_on or deadline.left() <= 0:
                    return
                try:
                    asked, answer = done.get(timeout=_TICK)
                except Empty:
                    continue
                pending -= 1
                going_on = tell(asked, answer)
        finally:
            for _ in range(running):
                todo.put(None)

    def _start(
        self, todo: SimpleQueue[Asked | None], done: SimpleQueue[tuple[Asked, Answer]]
    ) -> None:
        def work() -> None:
            """Answer what is asked until there is a None."""
            while (asked := todo.get()) is not None:
                done.put((asked, self._answer(asked.address)))

        # Whoever asks in a thread goes by the deadline of the one who waits.
        target = contextvars.copy_context().run
        threading.Thread(target=target, args=(work,), name="store-crowd", daemon=True).start()

    def _answer(self, address: str) -> Answer:
        began = self._clock.monotonic()
        try:
            with self._open_stream(address) as stream:
                data = self._read(stream)
        except ResourceNotFoundError as error:
            return error
        except Exception as error:  # noqa: BLE001 - whoever asks in the usual way is told why
            log.debug("%s is asked for in the usual way: %s", address, error)
            return None
        return None if data is None else Came(data, self._clock.monotonic() - began)

    def _read(self, stream: Stream) -> memoryview | None:
        """Return all that a stream gives; None where that is not small."""
        if stream.size is None or stream.size > self._largest:
            return None
        buffer = memoryview(bytearray(stream.size))
        there = 0
        while there < stream.size:
            count = stream.readinto(buffer[there:])
            if count == 0:
                return None
            there += count
        return buffer
