"""Asks one origin for many small bodies, from one thread.

Connections, their TLS and their pool are urllib3's; what goes over them is spelled and read here, since a
request through requests costs a millisecond, and one through urllib3 a quarter of it. Whatever is not plain
is given back, to be asked for in the usual way.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections import deque
from collections.abc import Collection, Iterator
from typing import Any, Final

from store.clock import SYSTEM_CLOCK
from store.transports.base import TransferOptions
from store.transports.bulk import Asked, Bulk, Tell
from store.transports.crowding import try_enter
from store.transports.deadlines import Deadline, current, keeping
from store.transports.http.lines import HURRY, Line, Outcome
from store.transports.http.wire import Spelling

_TICK: Final = 0.25
"""How often it is looked for connections that fell silent, in seconds."""

_BRIEF: Final = 0.002
"""How long the server is waited for in all before it is asked over more connections, in seconds."""

_IDLE: Final = 0.1
"""The share of the time that has to be spent so."""


class HttpBulk(Bulk):
    """The connections to one origin.

    Args:
        pool: urllib3's pool of that origin's connections.
        requests: Spells the requests.
        address: Any address of that origin.
        options: The bounds.
        connections: How many connections there are at most.
        largest: The largest body that is read here, in bytes.
        ahead: How many requests are under way on one of them at most.
    """

    def __init__(
        self,
        pool: Any,  # noqa: ANN401 - urllib3's
        requests: Spelling,
        address: str,
        options: TransferOptions,
        *,
        connections: int,
        largest: int,
        ahead: int = 1,
    ) -> None:
        self._pool = pool
        self.requests = requests
        self._address = address
        self._options = options
        self.connections = connections
        self.ahead = ahead
        self._largest = largest

    def run(self, wanted: Iterator[Asked], tell: Tell) -> None:
        """Ask for all that is wanted; see `Bulk.run`."""
        running = _Running(self, wanted, tell)
        try:
            running.run()
        finally:
            running.end()

    def connect(self, deadline: Deadline) -> Line | None:
        """Return a connection of the pool, connected; None where the origin has no seat left for it."""
        seat = try_enter(self._address, self._options.per_host)
        if seat is None:
            return None
        bounds = self._options.bounds
        connection = self._pool._get_conn()  # noqa: SLF001 - there is no other way to have one
        fresh = connection.is_closed
        connection.timeout = bounds.connect_timeout
        with keeping(deadline):
            self._pool._validate_conn(connection)  # noqa: SLF001 - connects TLS, and warns of none
            if connection.is_closed:
                connection.connect()
        connection.sock.setblocking(False)
        return Line(connection, seat, bounds, fresh=fresh, largest=self._largest)

    def give_back(self, line: Line) -> None:
        """Put an idle connection back into the pool."""
        line.connection.sock.settimeout(self._options.bounds.read_timeout)
        self._pool._put_conn(line.connection)  # noqa: SLF001
        line.seat.leave()


class _Running:
    """One run: the lines, what they are busy with, and who is told."""

    def __init__(self, bulk: HttpBulk, wanted: Iterator[Asked], tell: Tell) -> None:
        self._bulk = bulk
        self._wanted = wanted
        self._tell = tell
        self._ahead = bulk.ahead
        self._again: deque[Asked] = deque()
        self._exhausted = False
        self._going_on = True
        self._selector = selectors.DefaultSelector()
        self._lines: set[Line] = set()
        self._deadline = current(SYSTEM_CLOCK)
        self._waker, self._bell = socket.socketpair()
        self._waker.setblocking(False)
        self._connected: deque[Line | None] = deque()
        self._connecting = 0
        self._began = self._waited = 0.0
        self._ending = threading.Lock()
        self._ended = False
        self._selector.register(self._waker, selectors.EVENT_READ)

    def run(self) -> None:
        """Go on until all that was wanted is told of."""
        self._connect_one_more()
        while self._going_on and (self._lines or (self._connecting and self._is_there_work())):
            ready = self._ready()
            now = SYSTEM_CLOCK.monotonic()
            for key, _ in ready:
                if key.data is None:
                    self._welcome()
                else:
                    self._attend(key.data)
            self._look_for_the_silent(now)
        while self._going_on and (asked := self._next()) is not None:
            self._going_on = self._tell(asked, None)

    def _ready(self) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for what can be read; where that takes a while more connections are opened.

        As long as what comes keeps this thread busy, another connection would bring nothing sooner.
        """
        patience = _TICK if self._ahead == 1 else HURRY
        lacking = self._bulk.connections - len(self._lines) - self._connecting
        if not self._lines or lacking <= 0 or not self._is_there_work():
            return self._selector.select(patience)
        begun = SYSTEM_CLOCK.monotonic()
        ready = self._selector.select(_BRIEF)
        now = SYSTEM_CLOCK.monotonic()
        self._waited += now - begun
        if self._waited > max(_BRIEF, _IDLE * (now - self._began)):
            for _ in range(lacking):
                self._connect_one_more()
        return ready or self._selector.select(patience)

    def end(self) -> None:
        """Close what is open; what was under way is told of as not had."""
        with self._ending:
            self._ended = True
        for arrived in self._connected:
            if arrived is not None:
                arrived.end()
        for line in list(self._lines):
            self._drop(line)
        self._selector.close()
        self._waker.close()
        self._bell.close()

    def _connect_one_more(self) -> None:
        self._connecting += 1
        threading.Thread(target=self._connect, name="store-connect", daemon=True).start()

    def _connect(self) -> None:
        arrived = None
        with contextlib.suppress(Exception):  # whoever asks in the usual way is told why
            arrived = self._bulk.connect(self._deadline)
        with self._ending:
            if not self._ended:
                self._connected.append(arrived)
                self._bell.send(b"!")
            elif arrived is not None:
                arrived.end()

    def _welcome(self) -> None:
        """Put connections to work that came about."""
        if not self._lines:
            self._began, self._waited = SYSTEM_CLOCK.monotonic(), 0.0
        with contextlib.suppress(BlockingIOError):
            self._waker.recv(64)
        while self._connected:
            line = self._connected.popleft()
            self._connecting -= 1
            if line is None:
                continue
            self._lines.add(line)
            self._selector.register(line.socket, selectors.EVENT_READ, line)
            self._put_to_work(line)

    def _attend(self, line: Line) -> None:
        """Read what is there on a line, and give it the next work when it has done its own."""
        outcome = line.read()
        while outcome is not Outcome.MORE:
            if outcome is Outcome.LOST or not line.asked:
                self._ask_again(line, first=1)
                self._drop(line)
                self._replace()
                return
            asked, answer = line.answer()
            if outcome is Outcome.DONE:
                # The next requests are on their way while this answer is looked after.
                going = self._put_to_work(line)
            else:
                going = False
                self._ask_again(line)
                self._forget(line, close=outcome is not Outcome.HANDED)
                self._replace()
            self._going_on = self._tell(asked, answer) and self._going_on
            outcome = line.look() if going and self._going_on else Outcome.MORE

    def _put_to_work(self, line: Line) -> bool:
        """Keep a line busy, many requests in one message; an idle one goes back to the pool."""
        most = self._ahead if line.quick else 1
        if len(line.asked) > most // 2:
            return True
        fresh: list[Asked] = []
        requests: list[bytes] = []
        while len(line.asked) + len(fresh) < most and (asked := self._next()) is not None:
            request = self._bulk.requests.spelled(asked.address)
            if request is None:
                self._going_on = self._tell(asked, None) and self._going_on
            else:
                fresh.append(asked)
                requests.append(request)
        if fresh and not line.send(fresh, b"".join(requests)):
            self._ask_again(line, first=len(line.asked))
            self._drop(line)
        elif not line.asked:
            self._forget(line, close=False)
            self._bulk.give_back(line)
        return bool(line.asked)

    def _ask_again(self, line: Line, first: int = 0) -> None:
        """Let other lines ask for what this one was busy with.

        Args:
            line: Which has none of it any more.
            first: How many of its requests were not behind others; where there are more of them, all lines
                ask for less at once from now on.
        """
        self._hold_back(line.asked, first)
        line.asked.clear()

    def _hold_back(self, asked: Collection[Asked], first: int = 0) -> None:
        """Queue requests anew; see `_ask_again`."""
        if len(asked) > first:
            self._ahead = max(1, self._ahead // 2)
        self._again.extend(asked)

    def _replace(self) -> None:
        """Open a connection in place of one that was closed, where there is work for it."""
        room = self._bulk.connections - len(self._lines) - self._connecting
        if room > 0 and self._is_there_work() and self._going_on:
            self._connect_one_more()

    def _is_there_work(self) -> bool:
        """Whether there may be something that nobody has been put to."""
        return bool(self._again) or not self._exhausted

    def _next(self) -> Asked | None:
        if self._again:
            return self._again.popleft()
        asked = None if self._exhausted else next(self._wanted, None)
        self._exhausted = asked is None
        return asked

    def _look_for_the_silent(self, now: float) -> None:
        """Give up lines on which there was nothing to read when it was looked, at ``now``, for too long."""
        over = self._deadline.left() <= 0
        for line in [one for one in self._lines if over or now > one.due]:
            if over or len(line.asked) <= 1:
                self._drop(line)
            else:  # what is behind a slow one is not to wait for it
                self._hold_back(line.only_first())
                self._replace()
        self._going_on = self._going_on and not over

    def _drop(self, line: Line) -> None:
        """Close a line; what it was busy with is to be asked for in the usual way."""
        left = list(line.asked)
        line.asked.clear()
        self._forget(line, close=True)
        for asked in left:
            self._going_on = self._tell(asked, None) and self._going_on

    def _forget(self, line: Line, *, close: bool) -> None:
        self._lines.discard(line)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(line.socket)
        if close:
            line.end()
