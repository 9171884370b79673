"""One connection on which plain requests and answers go to and fro."""

from __future__ import annotations

import enum
import ssl
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

from store.clock import SYSTEM_CLOCK
from store.transports.base import Bounds
from store.transports.bulk import Answer, Asked, Came
from store.transports.crowding import Seat
from store.transports.http.handed import HandedStream
from store.transports.http.headers import retry_after
from store.transports.http.mapping import refused
from store.transports.http.wire import LONGEST_HEAD, Head, read_head, status_of, wait_in

_ROOM: Final = 64 << 10
"""How large a line's buffer is at first, in bytes."""

_QUICK: Final = 0.02
"""Within how many seconds a server answers that is worth being asked for more than one thing at once."""

HURRY: Final = 0.1
"""For how many seconds a line may be silent while requests are under way behind the first."""

_FAILURE: Final = 400
"""The first status that is a no, final or not."""

_CHALLENGES: Final = frozenset({401, 407})
"""The statuses after which whoever asks in the usual way may have more to show."""

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
    """A connection with one request under way, or a few, which are answered in their order.

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
        asked: What it is busy with, in the order of the requests.
        due: When the server has been silent for too long, or too slow, monotonic.
        quick: Whether the answer before came so soon that several requests may be under way at once.
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
        self.asked: deque[Asked] = deque()
        self.due = float("inf")
        self.quick = False
        self._last = False
        self._proven = not fresh
        self._largest = largest
        self._bounds = bounds
        self._patience = min(bounds.read_timeout, bounds.stall_timeout)
        self._buffer = bytearray(_ROOM)
        self._begin = self._have = 0
        self._head: Head | None = None
        self._body = 0
        self._began = self._latest = 0.0
        self._answer: Answer = None

    def send(self, asked: Sequence[Asked], requests: bytes) -> bool:
        """Send requests; False where the connection does not take them at once."""
        now = SYSTEM_CLOCK.monotonic()
        if not self.asked:
            self._began = now
        self.asked.extend(asked)
        self.due = now + self._patience_now()
        try:
            return bool(self.socket.send(requests) == len(requests))
        except OSError:
            return False

    def end(self) -> None:
        """Close the connection, and leave its seat."""
        self.connection.close()
        self.seat.leave()

    def answer(self) -> tuple[Asked, Answer]:
        """Return what the first request was for, and what came; the next one is the first from now on."""
        answer, self._answer, self._head = self._answer, None, None
        return self.asked.popleft(), answer

    def only_first(self) -> list[Asked]:
        """Wait for the first answer alone, and end with it; return what else was asked for."""
        first, *others = self.asked
        self.asked = deque([first])
        self._last = True
        self.due = SYSTEM_CLOCK.monotonic() + self._patience
        return others

    def read(self) -> Outcome:
        """Read what is there."""
        while True:
            self._make_room()
            try:
                count = self.socket.recv_into(memoryview(self._buffer)[self._have :])
            except _WAIT:
                return Outcome.MORE
            except OSError:
                count = 0
            if count == 0:
                idle = not self.asked or (self._have == self._begin and self._proven)
                return Outcome.LOST if idle else Outcome.ODD
            self._have += count
            outcome = self.look()
            if outcome is not Outcome.MORE or not self._pending():
                return outcome

    def look(self) -> Outcome:
        """Look at what was read and belongs to no answer yet."""
        if self._have == self._begin:
            return Outcome.MORE
        if not self.asked:
            return Outcome.ODD  # nobody asked for anything
        if self._head is None:
            outcome = self._look_at_the_head()
            if outcome is not None:
                return outcome
        return self._look_at_the_body()

    def _pending(self) -> bool:
        """Whether TLS holds bytes back that no selector knows of."""
        pending = getattr(self.socket, "pending", None)
        return bool(pending and pending())

    def _look_at_the_head(self) -> Outcome | None:
        """Read the head once it is there; None where the body is to be looked at."""
        end = self._buffer.find(b"\r\n\r\n", self._begin, self._have)
        if end < 0:
            return Outcome.ODD if self._have - self._begin >= LONGEST_HEAD else Outcome.MORE
        head = bytes(self._buffer[self._begin : end])
        self._head = read_head(head)
        self._body = end + 4
        if self._head is None:
            return self._odd(head)
        if self._head.length > self._largest:
            return self._handed(self._head)
        # A byte now and then is never silence, and might go on for days.
        slowest = self._head.length / max(self._bounds.minimum_rate, 1e-9)
        self._latest = SYSTEM_CLOCK.monotonic() + self._bounds.grace + slowest
        return None

    def _look_at_the_body(self) -> Outcome:
        if self._head is None:
            return Outcome.MORE
        now = SYSTEM_CLOCK.monotonic()
        self.due = min(now + self._patience_now(), self._latest)
        end = self._body + self._head.length
        if self._have < end:
            return Outcome.MORE
        if self._have > end and len(self.asked) == 1 and not self._last:
            return Outcome.ODD  # it goes on after its announced end
        data = memoryview(bytes(memoryview(self._buffer)[self._body : end]))
        seconds = now - self._began
        self._answer = Came(data, seconds, self._head.fields)
        self._began, self._begin, self.due = now, end, now + self._patience_now()
        self.quick, self._proven = seconds < _QUICK, True
        return Outcome.LAST if self._head.closes or self._last else Outcome.DONE

    def _patience_now(self) -> float:
        """Return how long the server may be silent: what stalls is not to hold up what can come."""
        return self._patience if len(self.asked) <= 1 else min(self._patience, HURRY)

    def _odd(self, head: bytes) -> Outcome:
        status = status_of(head)
        if status is not None and status >= _FAILURE and status not in _CHALLENGES:
            told = retry_after(wait_in(head), SYSTEM_CLOCK.now())
            self._answer = refused(status, self.asked[0].address, retry_after=told)
        return Outcome.ODD

    def _handed(self, head: Head) -> Outcome:
        begun = bytes(memoryview(self._buffer)[self._body : self._have])[: head.length]
        self.socket.settimeout(self._patience)
        self.seat.leave()
        self._answer = HandedStream(
            self.connection, self.asked[0].address, head, begun, self._patience
        )
        return Outcome.HANDED

    def _make_room(self) -> None:
        """Let what belongs to no answer yet begin the buffer, and what is to come fit in behind it."""
        if self._begin:
            self._body -= self._begin
            self._have -= self._begin
            self._buffer[: self._have] = self._buffer[self._begin : self._begin + self._have]
            self._begin = 0
        # One byte more, so that what goes on after its announced end is seen.
        needed = 0 if self._head is None else self._body + self._head.length + 1
        if len(self._buffer) < max(needed, self._have + 1):
            self._buffer.extend(bytes(max(needed, self._have + 1) - len(self._buffer)))
