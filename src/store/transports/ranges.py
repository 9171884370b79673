"""Brings one large body over several connections, where that helps."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from store.errors import StoreError, TransportError
from store.transports.base import Stream
from store.transports.carrying import Pieces, Unhashed, carry
from store.transports.crowding import Seat, offering
from store.transports.deadlines import Deadline, keeping
from store.transports.excuses import Excused, excusing
from store.transports.growth import CONNECTIONS, PIECE_WAITS, Growth, next_piece
from store.transports.spans import Span, Spans

PARTED_FROM: Final = 32 << 20
"""From which rest on a body may come over several connections, in bytes: 32 MiB."""

_FIRST_PIECE: Final = 4 << 20
"""How much a further connection is asked for at first, in bytes."""

_TICK: Final = 0.05
"""How often whoever waits looks up, in seconds."""

_FAILURES: Final = 4
"""After how many failures of further connections no other is opened."""

_SILENT: Final = 3.0
"""For how long several connections may be silent together, at least, in seconds."""

_BUFFER: Final = 1 << 20
"""How much a further connection reads at a time, in bytes: less costs more of the processor."""

Opener = Callable[[int, int], Stream]
"""Opens the body from a byte to before another; checks that it is the version that is wanted."""

Room = Callable[[], Seat | None]
"""Takes a seat for a further connection, if one is free."""


class Crew:
    """The connections that bring one body.

    Where others may be wanted, the first stream is given to a thread as they are, and whoever asked only
    watches, so that no stream's silence holds it up. It gives all that follows its beginning, so that it
    goes on over what others have left: where no range can be had, the body comes all the same.

    Where it says so (`Stream.apart`), and is fast, a range in its place gives the rest.

    Args:
        spans: What is to come.
        descriptor: The file it is written to.
        opener: Opens further streams; None where the source gives no ranges.
        room: Takes seats for further connections: where none is free, the others do without. None sets no
            limit.
        excuse: Is told what our own limits cost, or None.
        deadline: Holds for the threads, too.
        monotonic: The time, in seconds.
        limit: How many connections there may be.

    Attributes:
        most: How many there were at most.
        came: Over how many the body came at most: those that were refused brought nothing.
        ranged: Whether any range was opened.
        failure: What a further connection failed with last, or None.
    """

    def __init__(
        self,
        spans: Spans,
        descriptor: int,
        opener: Opener | None,
        *,
        room: Room | None = None,
        excuse: Excused | None = None,
        deadline: Deadline,
        monotonic: Callable[[], float],
        limit: int = CONNECTIONS,
    ) -> None:
        self._spans = spans
        self._descriptor = descriptor
        self._opener = opener
        self._room = room
        self._excuse = excuse
        self._deadline = deadline.part()
        self._monotonic = monotonic
        self._limit = limit
        self._growth = Growth(spans, monotonic, limit)
        self._threads: list[threading.Thread] = []
        self._streams: set[Stream] = set()
        # Entered as such: a condition is entered in Python, where Ctrl-C may fall.
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._pieces: Pieces | None = None
        self._working = 0
        self._failures = 0
        self._waits: list[float] = []
        self._stopped = False
        self.most = self.came = 1
        self.ranged = False
        self.failure: StoreError | None = None
        self._fatal: BaseException | None = None

    def wanted(self) -> int:
        """Return how many further connections are worth their while, judged now and then."""
        if not self.may_grow or self.tired:
            return 0
        return self._growth.wanted(self._working, all_come=len(self._streams) >= self._working)

    @property
    def may_grow(self) -> bool:
        """Whether further connections can be had at all."""
        return self._opener is not None and self._limit > 1

    @property
    def tired(self) -> bool:
        """Whether so many connections have failed that no other is opened."""
        return self._failures >= _FAILURES

    def join(self, stream: Stream, span: Span, pieces: Pieces | None = None) -> None:
        """Give the first stream and its stretch to a thread; ``pieces`` is fed with what it brings."""
        self._pieces = pieces
        if stream.apart and self.may_grow:
            self._growth.looks = 1
            self._spans.cut(_FIRST_PIECE)
        self._begin(stream, span, None)

    def add(self, count: int) -> int:
        """Open further connections, each with a piece of its own; return how many.

        Where the origin has no seat left, only one that nobody could do without waits for one.
        """
        for number in range(count):
            seat = None if self._room is None else self._room()
            if seat is None and self._room is not None and self._working:
                return number
            if number == 0:
                self._spans.cut(_FIRST_PIECE)
            self._begin(None, None, seat)
        return count

    def watch(self) -> bool:
        """Wait a moment; return whether anybody still works.

        Raises:
            BaseException: What is wrong with the file, or with ourselves.
        """
        with self._lock:
            if self._working:
                self._changed.wait(_TICK)
            if self._fatal is None:
                return self._working > 0
            raise self._fatal

    def stop(self) -> None:
        """End all connections, and wait until nobody writes any more."""
        self._stopped = True
        self._deadline.cut()
        self.abort()
        for one in self._threads:
            one.join()

    def abort(self) -> None:
        """End what is open; what is missing of it is for other connections, while there may be any."""
        with self._lock:
            streams = list(self._streams)
        for stream in streams:
            stream.abort()

    def patience(self) -> float:
        """Return for how long all may be silent before others are asked, in seconds; one alone for ever."""
        waited = max(self._waits, default=float("inf")) if self.came > 1 else float("inf")
        return max(_SILENT, PIECE_WAITS * waited)

    def _begin(self, stream: Stream | None, span: Span | None, seat: Seat | None) -> None:
        with self._lock:
            self._working += 1
            self.most = max(self.most, self._working)
        thread = threading.Thread(
            target=self._run, args=(stream, span, seat), name="store-part", daemon=True
        )
        self._threads.append(thread)
        thread.start()

    def _run(self, stream: Stream | None, span: Span | None, seat: Seat | None) -> None:
        # What one alone brings is hashed where it was received; what comes beside it is read back for that.
        first, piece = stream is not None, _FIRST_PIECE
        pieces = self._pieces if first and self._pieces is not None else Unhashed(_BUFFER)
        left = False
        try:
            with keeping(self._deadline), excusing(self._excuse), offering(seat):
                while not self._stopped and (span is not None or (span := self._next(piece))):
                    begun = self._monotonic()
                    try:
                        self._bring(stream, span, pieces)
                    finally:
                        self._spans.leave(span)
                    seconds = self._monotonic() - begun
                    piece = next_piece(span.position - span.start, seconds, self._waits)
                    stream = span = None
                    if left := not first and self._left():
                        break
        except StoreError as error:
            self.failure = error
            self._failures += 1
        except BaseException as error:  # noqa: BLE001 - raised by whoever watches
            self._fatal = error
        finally:
            with self._lock:
                self._working -= not left
                self._changed.notify_all()

    def _next(self, piece: int) -> Span | None:
        """Take what is to come next: a piece of so many bytes, or all that one alone can have."""
        return self._spans.take(None if self._growth.narrow else piece)

    def _left(self) -> bool:
        """Let a connection go, where one alone is as fast and another is there; return whether it went."""
        with self._lock:
            left = self._growth.narrow and self._working > 1
            self._working -= left
        return left

    def _bring(self, stream: Stream | None, span: Span, pieces: Pieces) -> None:
        first = stream is not None
        if stream is None:
            stream = self._opened(span)
        while stream is not None:
            stream = self._carried(stream, span, pieces, first=first)

    def _carried(self, stream: Stream, span: Span, pieces: Pieces, *, first: bool) -> Stream | None:
        """Bring a stretch, and what follows it by a first stream; return what gives that in its place."""
        with self._changed:
            self._streams.add(stream)
            self.came = max(self.came, len(self._streams))
        try:
            with stream:
                while not self._stopped:
                    carry(
                        stream,
                        self._descriptor,
                        span,
                        self._spans,
                        pieces=pieces,
                        stop=lambda: self._stopped,
                    )
                    if not (first and self._spans.extend(span)):
                        break
                    other = self._apart(stream, span)
                    if other is not None:
                        return other
        finally:
            self._streams.discard(stream)
        return None

    def _apart(self, stream: Stream, span: Span) -> Stream | None:
        """Open the rest by a range, where that is to be, may be and can be; else the stream goes on."""
        fast = self._growth.is_fast(span.position - span.start)
        if not (stream.apart and fast and self.may_grow) or self.ranged:
            return None
        seat = None if self._room is None else self._room()
        if seat is None and self._room is not None:
            return None
        try:
            with offering(seat), self._growth.looking_away():
                return self._opened(span)
        except StoreError as error:
            self.failure = error
            self._failures += 1
            return None

    def _opened(self, span: Span) -> Stream:
        """Open what is missing of a stretch."""
        if self._opener is None:
            raise TransportError("the source gives no ranges")
        self.ranged = True
        asked = self._monotonic()
        stream = self._opener(span.position, span.end)
        self._waits.append(self._monotonic() - asked)
        return stream
