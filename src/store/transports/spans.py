"""Who brings which bytes of one body, so that all of them come once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from store.files.growing import Stretches, gaps

LEAST: Final = 2 << 20
"""The shortest stretch that is worth a request of its own, in bytes: 2 MiB."""

Mark = Callable[[int, int, int], None]
"""Is told, after each write, the slot of a stretch, its beginning, and where its bytes end."""


class Span:
    """A stretch of a body that one stream brings.

    Attributes:
        start: Its first byte.
        position: The next byte to come.
        end: Behind its last byte; goes down where another takes the second half over.
        slot: Its number, for whoever writes down what is there.
    """

    __slots__ = ("end", "position", "slot", "start")

    def __init__(self, start: int, end: int, slot: int) -> None:
        self.start = self.position = start
        self.end = end
        self.slot = slot

    @property
    def rest(self) -> int:
        """How many bytes are still to come."""
        return self.end - self.position


class Spans:
    """The stretches of one body; safe for many threads.

    Args:
        total: The body's size in bytes.
        have: What is there already.
        mark: Is told what was written, or None.

    Attributes:
        total: As given.
        received: All bytes that are there.
    """

    def __init__(self, total: int, have: Stretches, mark: Mark | None = None) -> None:
        self.total = total
        self.received = sum(end - start for start, end in have)
        self._mark = mark
        self._lock = threading.Lock()
        self._busy: list[Span] = []
        self._slots = len(have)
        if mark is not None:
            for slot, stretch in enumerate(have):
                mark(slot, *stretch)
        self._free = [self._span(start, end) for start, end in gaps(have, total)]

    def take(self, piece: int | None = None) -> Span | None:
        """Take the first piece that nobody brings, else the second half of the longest stretch.

        Args:
            piece: How much one stream is to bring at a time, in bytes; None takes all it can have. Pieces
                in the order of the file let whoever hashes it keep up.

        Returns:
            The stretch, which is the caller's until `leave`; None where nothing is worth a request.
        """
        with self._lock:
            if self._free:
                span = self._free.pop(0)
                self._shorten(span, piece)
            else:
                longest = max(self._busy, key=lambda one: one.rest, default=None)
                if longest is None or longest.rest < 2 * LEAST:
                    return None
                middle = longest.position + longest.rest // 2
                span = self._span(middle, longest.end)
                longest.end = middle
            self._busy.append(span)
            return span

    def cut(self, piece: int) -> None:
        """Leave each stream the next piece; what follows it is for whoever comes first."""
        with self._lock:
            for span in self._busy:
                self._shorten(span, piece)

    def extend(self, span: Span) -> bool:
        """Let a stretch grow over what follows it, if nobody brings that; its stream goes on."""
        with self._lock:
            for other in self._free:
                if other.position == other.start == span.end:
                    self._free.remove(other)
                    span.end = other.end
                    return True
        return False

    def advance(self, span: Span, count: int) -> None:
        """Note that the next ``count`` bytes of a stretch are written.

        What lies behind its end, since another took that over meanwhile, counts once.
        """
        with self._lock:
            count = min(count, span.end - span.position)
            span.position += count
            self.received += count
        if self._mark is not None:
            self._mark(span.slot, span.start, span.position)

    def leave(self, span: Span) -> None:
        """Give a stretch back: what is missing of it is for others."""
        with self._lock:
            self._busy.remove(span)
            if span.rest > 0:
                self._free.insert(0, self._span(span.position, span.end))
                self._free.sort(key=lambda one: one.start)

    def frontier(self) -> int:
        """Return the first byte that is missing, or the total."""
        with self._lock:
            missing = [one.position for one in (*self._busy, *self._free) if one.rest > 0]
            return min(missing, default=self.total)

    def _shorten(self, span: Span, piece: int | None) -> None:
        """Leave a stretch no more than a piece, where the rest is worth a request."""
        if piece is not None and span.rest > piece + LEAST:
            self._free.append(self._span(span.position + piece, span.end))
            self._free.sort(key=lambda one: one.start)
            span.end = span.position + piece

    @property
    def idle(self) -> bool:
        """Whether there is a stretch that nobody brings."""
        return bool(self._free)

    def _span(self, start: int, end: int) -> Span:
        self._slots += 1
        return Span(start, end, self._slots - 1)
