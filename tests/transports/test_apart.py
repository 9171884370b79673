"""A store's large body is begun by one request, and goes on by a range where it comes fast."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from store.errors import TransportError
from store.integrity.following import Following
from store.testing.fakes import FakeClock, FakeStream
from store.transports.base import Stream
from store.transports.crowding import Seat, sit
from store.transports.deadlines import Deadline
from store.transports.growth import APART_FROM
from store.transports.ranges import Crew
from store.transports.spans import Spans

FIRST = 4 << 20
DATA = hashlib.sha256(b"data").digest() * ((12 << 20) // 32)


class Origin:
    """Opens ranges, and remembers which; each byte of the first stream takes its time."""

    def __init__(self, clock: FakeClock, *, rate: float = 10 * APART_FROM) -> None:
        self.asked: list[tuple[int, int]] = []
        self.failure: Exception | None = None
        self.first = _Timed(DATA, clock, rate)
        self.first.apart = True

    def __call__(self, start: int, end: int) -> Stream:
        """Open a range."""
        self.asked.append((start, end))
        if self.failure is not None:
            raise self.failure
        stream = FakeStream(DATA, offset=start)
        stream.apart = True
        return stream


class _Timed(FakeStream):
    """A body whose bytes take a while."""

    def __init__(self, content: bytes, clock: FakeClock, rate: float) -> None:
        super().__init__(content)
        self.read = 0
        self._clock, self._rate = clock, rate

    def readinto(self, buffer: memoryview) -> int:
        """Let the time pass that the bytes take."""
        count = super().readinto(buffer)
        self.read += count
        self._clock.advance(count / self._rate)
        return count


def brought(
    path: Path, origin: Origin, clock: FakeClock, *, seats: int | None = None, limit: int = 16
) -> tuple[Crew, str]:
    """Let a crew bring the body; return it, and the SHA-256 that was computed on the way."""
    left = [None] * (0 if seats is None else seats)

    def room() -> Seat | None:
        """Give as many seats as there are."""
        return sit("http://host/") if left and left.pop() is None else None

    spans = Spans(len(DATA), [])
    with path.open("w+b") as file, Following(file.fileno(), ["sha256"]) as following:
        crew = Crew(
            spans,
            file.fileno(),
            origin,
            room=None if seats is None else room,
            deadline=Deadline(clock, None),
            monotonic=clock.monotonic,
            limit=limit,
        )
        span = spans.take()
        assert span is not None
        crew.join(origin.first, span, following)
        while crew.watch():
            pass
        crew.stop()
        digests = following.finish(spans.received)
    assert path.read_bytes() == DATA
    return crew, dict(digests)["sha256"]


@pytest.mark.parametrize("seats", [None, 1])
def test_what_follows_a_fast_beginning_is_asked_for_apart(
    tmp_path: Path, seats: int | None
) -> None:
    """By one range, which is read to its end; the first request is ended."""
    clock = FakeClock()
    origin = Origin(clock)

    crew, sha256 = brought(tmp_path / "file", origin, clock, seats=seats)

    assert origin.asked == [(FIRST, len(DATA))]
    assert origin.first.read == FIRST
    assert origin.first.closed
    assert sha256 == hashlib.sha256(DATA).hexdigest()
    assert (crew.came, crew.ranged) == (1, True)


@pytest.mark.parametrize(
    ("rate", "seats", "limit"),
    [(APART_FROM / 2, None, 16), (10 * APART_FROM, 0, 16), (10 * APART_FROM, 1, 1)],
)
def test_a_body_goes_on_as_it_is_where_that_is_better(
    tmp_path: Path, rate: float, seats: int | None, limit: int
) -> None:
    """It is slow, so that others may join it; or no seat is free; or there may be but one connection."""
    clock = FakeClock()
    origin = Origin(clock, rate=rate)

    crew, sha256 = brought(tmp_path / "file", origin, clock, seats=seats, limit=limit)

    assert origin.asked == []
    assert origin.first.read == len(DATA)
    assert sha256 == hashlib.sha256(DATA).hexdigest()
    assert (crew.came, crew.ranged) == (1, False)


def test_a_range_that_is_refused_costs_nothing_but_the_question(tmp_path: Path) -> None:
    """The first stream is there still, and gives the rest."""
    clock = FakeClock()
    origin = Origin(clock)
    origin.failure = TransportError("no ranges today")

    crew, sha256 = brought(tmp_path / "file", origin, clock)

    assert origin.asked == [(FIRST, len(DATA))]
    assert origin.first.read == len(DATA)
    assert crew.failure is origin.failure
    assert sha256 == hashlib.sha256(DATA).hexdigest()
