"""How many connections a body is worth is judged by what comes."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

import pytest

from store.integrity.following import Following
from store.testing.fakes import FakeClock, FakeStream
from store.transports.base import Stream
from store.transports.deadlines import Deadline
from store.transports.growth import CONNECTIONS, Growth, more_connections, next_piece
from store.transports.ranges import Crew
from store.transports.spans import LEAST, Span, Spans

MIB = 1 << 20
LARGE = 4 << 30
WATCHED = 0.1001


class Body:
    """A body that comes as fast as it is told, and the growth that looks at it."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.spans = Spans(LARGE, [])
        span = self.spans.take()
        assert span is not None
        self.span: Span = span
        self.growth = Growth(self.spans, self.clock.monotonic, CONNECTIONS)

    def comes(self, rate: int, seconds: float) -> None:
        """Let it come with so many bytes a second."""
        self.clock.advance(seconds)
        self.spans.advance(self.span, int(rate * seconds))

    def wanted(self, working: int = 1, *, all_come: bool = True) -> int:
        """Return how many further connections are wanted now."""
        return self.growth.wanted(working, all_come=all_come)

    def tried(self, rate: int) -> int:
        """Let one connection be found slow twice; return how many are to join it."""
        self.comes(rate, 0.051)
        assert self.wanted() == 0
        self.comes(rate, 0.051)
        return self.wanted()


@pytest.fixture
def body() -> Body:
    """A body of which nothing has come."""
    return Body()


def test_what_waits_for_the_network_is_shared_by_all_that_are_worth_it(body: Body) -> None:
    """Without a trial, which would take time."""
    assert body.tried(20 * MIB) == CONNECTIONS - 1
    assert not body.growth.narrow


def test_a_second_is_tried_where_one_may_wait_for_a_processor(body: Body) -> None:
    """All others follow where two are faster."""
    assert body.tried(60 * MIB) == 1
    body.comes(60 * MIB, 0.01)
    assert body.wanted(2) == 0  # both come: they are watched from now on

    body.comes(90 * MIB, WATCHED)

    assert body.wanted(2) == CONNECTIONS - 2
    assert not body.growth.narrow


def test_one_goes_on_alone_where_two_are_no_faster(body: Body) -> None:
    """After some seconds it is tried again."""
    body.tried(60 * MIB)
    assert body.wanted(2) == 0

    body.comes(65 * MIB, WATCHED)

    assert body.wanted(2) == 0
    assert body.growth.narrow
    body.comes(60 * MIB, 4.9)
    assert body.wanted() == 0
    body.comes(60 * MIB, 0.11)
    assert body.wanted() == 0
    assert body.growth.narrow
    body.comes(60 * MIB, 0.051)
    assert body.wanted() == 1
    assert not body.growth.narrow


def test_what_has_become_fast_meanwhile_needs_no_other(body: Body) -> None:
    """Two that are faster, and fast enough, are not joined by more."""
    body.tried(60 * MIB)
    body.wanted(2)

    body.comes(150 * MIB, WATCHED)

    assert body.wanted(2) == 0
    assert not body.growth.narrow


def test_a_second_is_watched_once_it_comes(body: Body) -> None:
    """Its beginning is not held against it, unless it takes long."""
    body.tried(60 * MIB)
    body.comes(60 * MIB, 0.2)
    assert body.wanted(2, all_come=False) == 0
    body.comes(60 * MIB, 0.05)
    assert body.wanted(2) == 0
    body.comes(110 * MIB, 0.05)
    assert body.wanted(2) == 0
    assert not body.growth.narrow

    body.comes(110 * MIB, 0.06)
    body.wanted(2)

    assert not body.growth.narrow


def test_a_second_that_does_not_come_is_not_waited_for(body: Body) -> None:
    """One goes on alone, and nobody looks at the other for seconds."""
    body.tried(60 * MIB)
    body.comes(60 * MIB, 0.31)
    assert body.wanted(2, all_come=False) == 0

    body.comes(60 * MIB, WATCHED)
    body.wanted(2, all_come=False)

    assert body.growth.narrow


def test_what_waits_for_something_else_is_not_judged(body: Body) -> None:
    """Not before a while has gone by since."""
    with body.growth.looking_away():
        body.comes(0, 0.2)
        assert body.wanted() == 0
    body.comes(200 * MIB, 0.04)
    assert body.wanted() == 0
    body.comes(200 * MIB, 0.02)
    assert body.wanted() == 0
    body.comes(200 * MIB, 0.06)

    assert body.wanted() == 0


class Gated(FakeStream):
    """A body that comes by as many pieces as were let through."""

    def __init__(self, content: bytes, *, offset: int = 0) -> None:
        super().__init__(content, offset=offset)
        self.gate = threading.Semaphore(0)
        self.open = threading.Event()

    def readinto(self, buffer: memoryview) -> int:
        """Wait for the gate, then give a mebibyte."""
        if not self.open.is_set():
            self.gate.acquire()
        return super().readinto(buffer[:MIB])

    def let_all(self) -> None:
        """Let come whatever there is."""
        self.open.set()
        self.gate.release()


def test_a_second_that_makes_nothing_faster_leaves(tmp_path: Path) -> None:
    """It brings the piece that it has; all the rest comes in one range, and is hashed as it comes."""
    data = hashlib.sha256(b"data").digest() * ((64 << 20) // 32)
    clock, spans, asked = FakeClock(), Spans(len(data), []), list[tuple[int, int]]()
    first, second = Gated(data), Gated(data, offset=8 * MIB)

    def opener(start: int, end: int) -> Stream:
        asked.append((start, end))
        return second if len(asked) == 1 else FakeStream(data, offset=start)

    def come(stream: Gated, count: int) -> None:
        before = spans.received
        for _ in range(count):
            stream.gate.release()
        while spans.received < before + count * MIB:
            assert crew.watch()

    with (
        (tmp_path / "file").open("w+b") as file,
        Following(file.fileno(), ["sha256"]) as following,
    ):
        crew = Crew(
            spans, file.fileno(), opener, deadline=Deadline(clock, None), monotonic=clock.monotonic
        )
        span = spans.take()
        assert span is not None
        crew.join(first, span, following)
        for _ in range(2):
            come(first, 2)
            clock.advance(0.051)
            wanted = crew.wanted()
        assert crew.add(wanted) == 1
        come(second, 1)
        assert crew.wanted() == 0
        clock.advance(WATCHED)
        assert crew.wanted() == 0
        second.let_all()
        first.let_all()
        while crew.watch():
            pass
        crew.stop()
        digests = following.finish(len(data))

    assert asked == [(8 * MIB, 12 * MIB), (12 * MIB, len(data))]
    assert dict(digests)["sha256"] == hashlib.sha256(data).hexdigest()
    assert crew.came == crew.most == 2


@pytest.mark.parametrize(
    ("size", "seconds", "waits", "expected"),
    [
        (4 * MIB, 0.2, (), 4 * MIB),
        (4 * MIB, 0.1, (0.1, 0.05), 16 * MIB),
        (4 * MIB, 10.0, (), LEAST),
        (4 * MIB, 0.0, (1.0,), 64 * MIB),
    ],
)
def test_a_piece_is_worth_its_wait(
    size: int, seconds: float, waits: tuple[float, ...], expected: int
) -> None:
    """It takes a while, and several times as long as until it begins."""
    assert next_piece(size, seconds, waits) == expected


@pytest.mark.parametrize(
    ("rate", "rest", "now", "expected"),
    [
        (200 * MIB, 1 << 30, 1, 0),  # fast enough
        (20 * MIB, 5 * MIB, 1, 0),  # done soon
        (MIB, LEAST - 1, 1, 0),  # too little to share
        (20 * MIB, 1 << 30, 1, CONNECTIONS - 1),
        (20 * MIB, 1 << 30, CONNECTIONS, 0),
        (20 * MIB, 20 * MIB, 1, 3),
        (MIB, 3 * LEAST, 1, 2),
        (0, 1 << 30, 1, CONNECTIONS - 1),
    ],
)
def test_how_many_connections_are_worth_it(rate: float, rest: int, now: int, expected: int) -> None:
    """As many as are busy for a while, and have enough to bring."""
    assert more_connections(rate, rest, now) == expected
