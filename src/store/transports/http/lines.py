"""One connection on which plain requests and answers go to and fro."""

from __future__ import annotations

import enum
import ssl
from typing import Any, Final

from store.clock import SYSTEM_CLOCK
from store.transports.base import Bounds
from store.transports.bulk import Answer, Asked, Came
from store.transports.crowding import Seat
from store.transports.http.handed import HandedStream
from store.transports.http.mapping import refused
from store.transports.http.wire import LONGEST_HEAD, Head, read_head, status_of

_ROOM: Final = 64 << 10
"""How large a line's buffer is at first, in bytes."""

_GONE: Final = frozenset({404, 410})
"""The statuses that are a final no, whoever asks again."""

_WAIT: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Outcome(enum.Enum):
    """What became of an answer."""

    MORE = "there is more to come"
    DONE = "it came whole, and the connection is free"
    LAST = "it came whole, and the connection ends"
    HANDED = "it is large, and its stream is handed on"
    ODD = "it needs thought"
    LOST = "the connection was closed while it was idle: the request may be made again"


class Line:
    """A connection with at most one request under way.

    Args:
        connection: urllib3's, connected, its socket not blocking.
        seat: Its seat at the origin.
        bounds: How long the server may be silent, and how slow a body may come.
        fresh: Whether it was made just now.
        largest: The largest body that is read here, in bytes.

    Attributes:
        connection: As given.
        seat: As given; left by whoever closes the connection or gives it away.
        socket: The connection's.
        asked: What it is busy with, or None.
        due: When the server has been silent for too long, or too slow, monotonic.
    """

    def __init__(
        self,
        connection: Any,  # noqa: ANN401 - urllib3's
        seat: Seat,
        bounds: Bounds,
        *,
        fresh: bool,
        largest: int,
    ) -> None:
        self.connection = connection
        self.seat = seat
        self.socket = connection.sock
        self.asked: Asked | None = None
        self.due = float("inf")
        self._fresh = fresh
        self._largest = largest
        self._bounds = bounds
        self._patience = min(bounds.read_timeout, bounds.stall_timeout)
        self._buffer = bytearray(_ROOM)
        self._have = 0
        self._head: Head | None = None
        self._body = 0
        self._began = self._latest = 0.0
        self._answer: Answer = None

    def send(self, asked: Asked, request: bytes) -> bool:
        """Send a request; False where the connection does not take it at once."""
        self.asked, self._answer, self._head, self._have = asked, None, None, 0
        self._began = SYSTEM_CLOCK.monotonic()
        self.due = self._began + self._patience
        try:
            return bool(self.socket.send(request) == len(request))
        except OSError:
            return False

    def end(self) -> None:
        """Close the connection, and leave its seat."""
        self.connection.close()
        self.seat.leave()

    def answer(self) -> Answer:
        """Return what came."""
        return self._answer

    def read(self) -> Outcome:
        """Read what is there."""
        while True:
            try:
                count = self.socket.recv_into(memoryview(self._buffer)[self._have :])
            except _WAIT:
                return Outcome.MORE
            except OSError:
                count = 0
            if count == 0:
                idle = self.asked is None or (self._have == 0 and not self._fresh)
                return Outcome.LOST if idle else Outcome.ODD
            self._have += count
            outcome = self._look()
            if outcome is not Outcome.MORE or not self._pending():
                return outcome

    def _pending(self) -> bool:
        """Whether TLS holds bytes back that no selector knows of."""
        pending = getattr(self.socket, "pending", None)
        return bool(pending and pending())

    def _look(self) -> Outcome:
        if self.asked is None:
            return Outcome.ODD  # nobody asked for anything
        if self._head is None:
            outcome = self._look_at_the_head()
            if outcome is not None:
                return outcome
        return self._look_at_the_body()

    def _look_at_the_head(self) -> Outcome | None:
        """Read the head once it is there; None where the body is to be looked at."""
        end = self._buffer.find(b"\r\n\r\n", 0, self._have)
        if end < 0:
            return Outcome.ODD if self._have >= LONGEST_HEAD else Outcome.MORE
        head = bytes(self._buffer[:end])
        self._head = read_head(head)
        self._body = end + 4
        if self._head is None:
            return self._odd(head)
        if self._head.length > self._largest:
            return self._handed(self._head)
        self._make_room(self._body + self._head.length)
        # A byte now and then is never silence, and might go on for days.
        slowest = self._head.length / max(self._bounds.minimum_rate, 1e-9)
        self._latest = SYSTEM_CLOCK.monotonic() + self._bounds.grace + slowest
        return None

    def _look_at_the_body(self) -> Outcome:
        if self._head is None:
            return Outcome.MORE
        self.due = min(SYSTEM_CLOCK.monotonic() + self._patience, self._latest)
        end = self._body + self._head.length
        if self._have < end:
            return Outcome.MORE
        if self._have > end:
            return Outcome.ODD  # it goes on after its announced end
        data = memoryview(bytes(memoryview(self._buffer)[self._body : end]))
        seconds = SYSTEM_CLOCK.monotonic() - self._began
        self._answer = Came(data, seconds, self._head.fields)
        self._fresh = False
        return Outcome.LAST if self._head.closes else Outcome.DONE

    def _odd(self, head: bytes) -> Outcome:
        status = status_of(head)
        if status in _GONE and self.asked is not None:
            self._answer = refused(status, self.asked.address, retry_after=None)
        return Outcome.ODD

    def _handed(self, head: Head) -> Outcome:
        if self.asked is None:
            return Outcome.ODD
        begun = bytes(memoryview(self._buffer)[self._body : self._have])[: head.length]
        self.socket.settimeout(self._patience)
        self.seat.leave()
        self._answer = HandedStream(
            self.connection, self.asked.address, head, begun, self._patience
        )
        return Outcome.HANDED

    def _make_room(self, size: int) -> None:
        # One byte more, so that what goes on after its announced end is seen.
        if len(self._buffer) <= size:
            self._buffer.extend(bytes(size + 1 - len(self._buffer)))
