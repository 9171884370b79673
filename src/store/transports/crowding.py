"""Holds the number of connections to one origin within a limit.

Whoever opens a connection takes a seat at its origin, and leaves it when the body was read or given up. The
seats are counted over all threads of the process.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Final

from store.addresses import Origin, origin_of, public
from store.clock import Clock
from store.errors import TransportTimeoutError
from store.transports.deadlines import current
from store.transports.excuses import excuse

_LOOK: Final = 1.0
"""How often whoever waits looks at the deadline, in seconds."""


class Seat:
    """A place among those who hold a connection to an origin."""

    __slots__ = ("_number", "origin")

    def __init__(self, origin: Origin, number: int) -> None:
        self.origin = origin
        self._number: int | None = number

    def leave(self) -> None:
        """Give the place to the next; a second time does nothing."""
        number, self._number = self._number, None
        if number is not None:
            _hall.leave(self.origin, number)

    def __del__(self) -> None:
        """Leave with the connection of a body that nobody closed."""
        self.leave()


class _Hall:
    """The seats that are taken: for each origin, which thread took which."""

    def __init__(self) -> None:
        self.numbers = itertools.count()
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget all: a fork's child has no connection of its parent, and another thread's lock."""
        # A lock that may be taken twice, since a collected Seat leaves wherever the thread just is.
        # Entered as such: a condition is entered in Python, where Ctrl-C may fall.
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.taken: dict[Origin, dict[int, object]] = {}

    def leave(self, origin: Origin, number: int) -> None:
        """Free a seat, and wake whoever waits for one."""
        with self.lock:
            held = self.taken.get(origin, {})
            held.pop(number, None)
            if not held:
                self.taken.pop(origin, None)
            self.changed.notify_all()

    def sit(self, origin: Origin) -> Seat:
        """Take a seat for this thread; whether there is one is for the caller to know, who holds the lock."""
        number = next(self.numbers)
        self.taken.setdefault(origin, {})[number] = _this_thread()
        return Seat(origin, number)

    def full(self, origin: Origin, limit: int) -> bool:
        """Whether as many seats are taken as there may be."""
        return len(self.taken.get(origin, ())) >= limit

    def sits(self, origin: Origin) -> bool:
        """Whether this thread has a seat there already."""
        me = _this_thread()
        return any(one is me for one in self.taken.get(origin, {}).values())


_threads = threading.local()


def _this_thread() -> object:
    """Return what stands for this thread alone; its number would be given to a later one, too."""
    found: object = _threads.__dict__.setdefault("token", object())
    return found


_hall: Final = _Hall()
os.register_at_fork(after_in_child=_hall.begin_anew)

_offered: ContextVar[list[Seat] | None] = ContextVar("store_offered_seats", default=None)


def enter(address: str, limit: int, clock: Clock) -> Seat:
    """Take a seat at an address's origin, and wait for one where all are taken.

    A thread that holds one there already gets another at once, past the limit: were it to wait, two that
    hold some each would wait for one another. To keep within the limit it asks `try_enter`.

    Args:
        address: What is about to be asked.
        limit: How many seats there are.
        clock: The time.

    Raises:
        TransportTimeoutError: The deadline that holds here passed.
        ValueError: The address cannot be parsed.
    """
    origin = origin_of(address)
    seats = _offered.get() or []
    for seat in seats:
        if seat.origin == origin:
            seats.remove(seat)
            return seat
    begun = clock.monotonic()
    with _hall.lock:
        while _hall.full(origin, limit) and not _hall.sits(origin):
            left = current(clock).left()
            if left <= 0:
                shown = public(address)
                raise TransportTimeoutError(
                    f"{shown}: the deadline passed while {limit} other connections to {origin} were busy;"
                    " allow more with per_host",
                    url=shown,
                )
            _hall.changed.wait(min(left, _LOOK))
        seat = _hall.sit(origin)
    excuse(clock.monotonic() - begun)
    return seat


def try_enter(address: str, limit: int) -> Seat | None:
    """Take a seat at an address's origin if one is free; None if not. To be handed on by `offering`.

    Args:
        address: What is about to be asked, or where its body comes from in the end.
        limit: How many seats there are.

    Raises:
        ValueError: The address cannot be parsed.
    """
    origin = origin_of(address)
    with _hall.lock:
        return None if _hall.full(origin, limit) else _hall.sit(origin)


def sit(address: str) -> Seat:
    """Take a seat at an address's origin without waiting, past the limit if need be.

    Args:
        address: Where a connection is open already.

    Raises:
        ValueError: The address cannot be parsed.
    """
    origin = origin_of(address)
    with _hall.lock:
        return _hall.sit(origin)


@contextlib.contextmanager
def offering(seat: Seat | None) -> Iterator[None]:
    """Let the first connection to the seat's origin that this thread opens in the block have the seat.

    It then belongs to the body that was opened, and is left with it. Nobody having taken it, it is left at
    the end of the block. None offers nothing.
    """
    seats = [] if seat is None else [seat]
    token = _offered.set(seats)
    try:
        yield
    finally:
        _offered.reset(token)
        for one in seats:
            one.leave()
