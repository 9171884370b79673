"""A large body comes over several connections, where that helps, and is right however they fail."""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from store.errors import StoreError, TransportError, TransportTimeoutError
from store.events import Event, Parted, Progressed
from store.files.growing import Growing
from store.integrity.digest import digests_from
from store.testing.answering import Fault
from store.testing.fakes import FakeClock, FakeStream
from store.testing.misbehaving import Reset, Status
from store.testing.ranging import BrokenPart, ForParts, OtherPart, Whole
from store.testing.servers import Server
from store.transports.base import Stream, TransferOptions
from store.transports.crowding import sit
from store.transports.deadlines import Deadline
from store.transports.opening import close_all
from store.transports.ranges import Crew
from store.transports.receiving import Received, receive
from store.transports.resuming import resumable
from store.transports.spans import LEAST, Spans

MIB = 1 << 20
DATA = random.Random(1).randbytes(9 * MIB + 12_345)
PINNED = digests_from(f"sha256:{hashlib.sha256(DATA).hexdigest()}")
OTHER = bytes(reversed(DATA))

FAULTS: dict[str, Fault] = {
    "503": Status(503),
    "404": Status(404),
    "429": Status(429, retry_after=86_400),
    "no answer": Reset(None),
    "reset": BrokenPart(0, "reset"),
    "reset later": BrokenPart(300_000, "reset"),
    "short": BrokenPart(300_000, "short"),
    "stall": BrokenPart(300_000, "stall"),
    "other tag": OtherPart(etag='"other"', data=OTHER),
    "weak tag": OtherPart(etag='W/"weak"', data=OTHER),
    "no tag": OtherPart(etag=None, data=OTHER),
    "shifted": OtherPart(shift=1),
    "other total": OtherPart(total=len(DATA) + 1),
    "whole": Whole(),
}


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server that gives each connection 10 MiB a second: the whole would take a second."""
    # As if the body were larger: it would take as many times longer.
    for room in ("large", "landing"):
        monkeypatch.setattr(f"store.transports.{room}.PARTED_FROM", 8 * MIB)
    with Server(rate=10 * MIB) as running:
        yield running


def threads() -> set[str]:
    """The names of the threads that are ours."""
    return {one.name for one in threading.enumerate() if one.name in {"store-part", "store-hash"}}


def descriptors(expected: int = -1) -> int:
    """How many descriptors are open; the server's threads get time to close theirs, of earlier tests too."""
    close_all()
    end = time.monotonic() + 2.0
    while (count := len(list(Path("/proc/self/fd").iterdir()))) > expected:
        if expected < 0 or time.monotonic() > end:
            break
        time.sleep(0.01)
    return count


def brought(url: str, directory: Path, options: TransferOptions, **arguments: Any) -> Received:
    """Receive the body, which is right, and leave nothing open."""
    received = receive(url, directory, options=options, **{"digests": PINNED, **arguments})
    assert received.path.read_bytes() == DATA
    assert threads() == set()
    return received


def test_a_slow_server_is_asked_over_several_connections(
    slow: Server, directory: Path, options: TransferOptions
) -> None:
    """Each byte is moved once, and it is told."""
    url = slow.serve("/a", DATA)
    told: list[Event] = []

    received = brought(url, directory, options._replace(listener=told.append))

    assert received.attempts[0].connections > 2
    assert received.attempts[0].received == len(DATA)
    assert next(one for one in told if isinstance(one, Parted)).connections > 2
    progress = [one.received for one in told if isinstance(one, Progressed)]
    assert progress == sorted(progress)
    assert progress[-1] == len(DATA)
    assert slow.sent() < len(DATA) + 4 * MIB


def test_every_further_request_is_for_a_range_of_the_same_version(
    slow: Server, directory: Path, options: TransferOptions
) -> None:
    """With If-Range, and with an end."""
    url = slow.serve("/a", DATA)

    brought(url, directory, options)

    first, *further = slow.asked("/a")
    assert "range" not in first.headers
    assert further
    for one in further:
        unit, _, ends = one.headers["range"].partition("=")
        start, _, end = ends.partition("-")
        assert unit == "bytes"
        assert int(end) - int(start) + 1 >= LEAST // 2
        assert one.headers["if-range"] == f'"{PINNED[0].hex}"'
        assert one.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("how", ["no ranges", "weak tag", "no tag", "small"])
def test_one_connection_is_enough_where_no_more_can_be_had(
    slow: Server, directory: Path, options: TransferOptions, how: str
) -> None:
    """Without ranges, without a strong validator, or for a body that is not large."""
    data = DATA[: 3 * MIB]
    given: dict[str, dict[str, Any]] = {
        "no ranges": {"ranges": False},
        "weak tag": {"etag": 'W/"a"'},
        "no tag": {"etag": None},
        "small": {},
    }
    arguments = given[how]
    large = data if how == "small" else DATA
    url = slow.serve("/a", large, **arguments)

    received = receive(url, directory, options=options)

    assert received.path.read_bytes() == large
    assert received.attempts[0].connections == 1
    assert slow.count() == 1


@pytest.mark.parametrize(
    ("fault", "times"),
    [
        *((fault, 1) for fault in FAULTS),
        *(
            (fault, 100)
            for fault in ("429", "no answer", "short", "stall", "no tag", "shifted", "whole")
        ),
    ],
)
def test_a_range_that_fails_does_not_spoil_the_body(
    slow: Server, directory: Path, options: TransferOptions, fault: str, times: int
) -> None:
    """Once, or each time: then the body comes over one connection, from which it could have been had."""
    url = slow.serve("/a", DATA, fault=ForParts([FAULTS[fault]] * times))

    received = brought(url, directory, options)

    assert received.attempts[-1].reason is None
    if times == 1:
        assert len(received.attempts) == 1
    elif fault in {"429", "no answer", "no tag", "shifted", "whole"}:  # no part ever came
        assert received.attempts[-1].connections == 1


def test_ranges_of_another_content_are_not_asked_for_twice(
    slow: Server, directory: Path, options: TransferOptions
) -> None:
    """They say that they are of this one; then the whole is asked for at once, which is right."""
    twisted = OtherPart(etag=f'"{PINNED[0].hex}"', data=OTHER)
    url = slow.serve("/a", DATA, fault=ForParts([twisted] * 100))

    received = brought(url, directory, options)

    assert [one.connections > 1 for one in received.attempts] == [True, False]


def test_what_silent_connections_hold_is_brought_by_another(
    slow: Server, directory: Path, options: TransferOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Long before the server would be given up."""
    monkeypatch.setattr("store.transports.ranges._SILENT", 0.3)
    url = slow.serve("/a", DATA, fault=ForParts([BrokenPart(300_000, "stall")] * 2))
    patient = options._replace(bounds=options.bounds._replace(read_timeout=30.0))
    begun = time.monotonic()

    received = brought(url, directory, patient)

    assert len(received.attempts) == 1
    assert time.monotonic() - begun < 20


def test_a_body_that_changes_meanwhile_is_never_a_mixture(
    slow: Server, directory: Path, options: TransferOptions
) -> None:
    """It is of one version or of the other, and named by the tag of that."""
    url = slow.serve("/a", DATA)

    def change(event: Event) -> None:
        if isinstance(event, Progressed) and event.received > MIB:
            slow.serve("/a", OTHER)

    received = receive(url, directory, options=options._replace(listener=change))

    found = received.path.read_bytes()
    assert found in {DATA, OTHER}
    assert received.etag == f'"{hashlib.sha256(found).hexdigest()}"'


def test_nothing_stays_open(slow: Server, directory: Path, options: TransferOptions) -> None:
    """Neither after a body that came nor after one that did not."""
    url = slow.serve("/a", DATA)
    before = descriptors()

    brought(url, directory, options)
    assert descriptors(before) <= before
    assert isinstance(interrupted(url, directory / "part", directory, options), KeyboardInterrupt)

    assert descriptors(before) <= before
    assert threads() == set()


@pytest.mark.parametrize("after", [0, MIB])
def test_a_server_that_falls_silent_ends_within_the_deadline(
    slow: Server, directory: Path, options: TransferOptions, after: int
) -> None:
    """Whichever of its connections do."""
    stalled = BrokenPart(after, "stall")
    url = slow.serve("/a", DATA, fault=ForParts(stalled, whole=BrokenPart(3 * MIB, "stall")))
    bounds = options.bounds._replace(read_timeout=30.0, deadline=1.0)
    begun = time.monotonic()

    with pytest.raises(TransportTimeoutError):
        receive(url, directory, options=options._replace(bounds=bounds))

    assert time.monotonic() - begun < 20.0
    assert list(directory.iterdir()) == []
    assert threads() == set()


def interrupted(
    url: str, part: Path, directory: Path, options: TransferOptions, *, at: float = 0.5
) -> BaseException:
    """Begin to receive, and press Ctrl-C when so much is there; return what was raised."""

    def press(event: Event) -> None:
        if isinstance(event, Progressed) and event.received > at * len(DATA):
            raise KeyboardInterrupt

    with resumable(part):
        try:
            receive(url, directory, options=options._replace(listener=press))
        except KeyboardInterrupt as error:
            return error
    raise AssertionError("it came whole")


def promised(part: Path) -> int:
    """Return how many bytes a part promises, all of which are right."""
    growing = Growing.claim(part)
    assert growing is not None
    assert growing.about is not None
    kept = (part / "data").read_bytes()
    for start, end in growing.stretches:
        assert kept[start:end] == DATA[start:end]
    growing.close()
    return sum(end - start for start, end in growing.stretches)


def test_what_several_connections_left_is_gone_on_with(
    slow: Server, directory: Path, tmp_path: Path, options: TransferOptions
) -> None:
    """Holes are filled, and what is there is not asked for again."""
    url, part = slow.serve("/a", DATA), tmp_path / "part"
    error = interrupted(url, part, directory, options)
    assert isinstance(error, KeyboardInterrupt)
    there = promised(part)
    assert there > 0.4 * len(DATA)
    before = slow.sent()

    with resumable(part):
        received = brought(url, directory, options)

    assert received.attempts[0].resumed == there
    assert received.attempts[0].received == len(DATA) - there
    assert slow.sent() - before < len(DATA) - there + 4 * MIB
    assert not part.exists()


def test_a_part_with_holes_of_another_version_is_begun_anew(
    slow: Server, directory: Path, tmp_path: Path, options: TransferOptions
) -> None:
    """Nothing of what was there comes into the new one."""
    url, part = slow.serve("/a", OTHER), tmp_path / "part"
    interrupted(url, part, directory, options)
    slow.serve("/a", DATA)

    with resumable(part):
        received = brought(url, directory, options)

    assert received.attempts[0].resumed == 0


class Silent(FakeStream):
    """A body that never comes, until it is ended from outside."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self._ended = threading.Event()

    def readinto(self, buffer: memoryview) -> int:
        """Wait for the end."""
        self._ended.wait(60)
        return 0

    def abort(self) -> None:
        """End it."""
        self._ended.set()


class Opening:
    """Opens ranges of a body in memory, each of them the next that was laid down, then good ones."""

    def __init__(self, data: bytes, *given: Stream | Exception) -> None:
        self.data = data
        self.given = list(given)
        self.asked: list[tuple[int, int]] = []

    def __call__(self, start: int, end: int) -> Stream:
        """Open a range."""
        self.asked.append((start, end))
        stream = self.given.pop(0) if self.given else FakeStream(self.data, offset=start)
        if isinstance(stream, Exception):
            raise stream
        return stream


def manned(
    spans: Spans, descriptor: int, opener: Opening | None, clock: FakeClock, **how: Any
) -> Crew:
    """Return a crew at a body, for which there is always room."""
    return Crew(
        spans,
        descriptor,
        opener,
        **{"room": lambda: sit("http://host/"), "excuse": lambda _: None, **how},
        deadline=Deadline(clock, None),
        monotonic=clock.monotonic,
    )


def crew_of(
    path: Path, data: bytes, opener: Opening | None, clock: FakeClock | None = None, **how: Any
) -> tuple[Crew, Spans, Any]:
    """Return a crew, the spans of the body, and the open file."""
    spans = Spans(len(data), [])
    file = path.open("w+b")
    return manned(spans, file.fileno(), opener, clock or FakeClock(), **how), spans, file


def finished(crew: Crew) -> None:
    """Wait until nobody works any more."""
    while crew.watch():
        pass


def test_a_crew_brings_a_body(tmp_path: Path) -> None:
    """Its threads take what is free, then from each other, and end."""
    opener = Opening(DATA)
    crew, spans, file = crew_of(tmp_path / "file", DATA, opener)
    with file:
        crew.add(4)
        finished(crew)
        crew.stop()

        assert spans.received == len(DATA)
        assert (tmp_path / "file").read_bytes() == DATA
    assert 1 <= crew.most <= 4
    assert crew.failure is None


def test_a_failed_connection_leaves_its_stretch_to_the_others(tmp_path: Path) -> None:
    """The first error is kept, for the case that nobody can."""
    error = TransportError("broken")
    opener = Opening(DATA, FakeStream(DATA), error)
    crew, spans, file = crew_of(tmp_path / "file", DATA, opener)
    with file:
        crew.add(2)
        finished(crew)
        crew.stop()

        assert crew.failure is error
        assert spans.received == len(DATA)


def test_a_silent_connection_is_ended(tmp_path: Path) -> None:
    """Nobody waits for its timeout."""
    opener = Opening(DATA, Silent(b""), Silent(b""))
    crew, spans, file = crew_of(tmp_path / "file", DATA, opener)
    begun = time.monotonic()
    with file:
        crew.add(2)
        assert crew.watch()
        while len(opener.asked) < 2:
            time.sleep(0.001)
        crew.stop()

        assert time.monotonic() - begun < 20
        assert not crew.watch()
        assert spans.received == 0


def test_what_is_wrong_with_the_file_is_told_at_once(tmp_path: Path) -> None:
    """A disk is not mended by another connection."""
    crew, _, file = crew_of(tmp_path / "file", DATA, Opening(DATA))
    file.close()
    read_only = (tmp_path / "file").open("rb")
    with read_only:
        crew._descriptor = read_only.fileno()
        crew.add(1)

        with pytest.raises(OSError, match="Bad file descriptor"):
            finished(crew)
        crew.stop()


def test_a_crew_without_an_opener_says_so(tmp_path: Path) -> None:
    """The holes of a part cannot be had from a source that gives no ranges."""
    crew, _, file = crew_of(tmp_path / "file", DATA, None)
    with file:
        assert crew.wanted() == 0

        crew.add(1)
        finished(crew)

        assert isinstance(crew.failure, StoreError)


def test_a_connection_is_wanted_where_the_first_is_slow_twice(tmp_path: Path) -> None:
    """It may stutter once."""
    clock = FakeClock()
    crew, spans, file = crew_of(tmp_path / "file", DATA, Opening(DATA), clock)
    with file:
        span = spans.take()
        assert span is not None
        assert crew.wanted() == 0  # it is not looked yet

        clock.advance(0.06)
        assert crew.wanted() == 0
        clock.advance(0.06)
        spans.advance(span, 100_000)

        assert crew.wanted() == 3
        assert crew.wanted() == 0


def test_no_connection_is_wanted_where_bytes_come_fast(tmp_path: Path) -> None:
    """However often it is looked."""
    clock = FakeClock()
    crew, spans, file = crew_of(tmp_path / "file", bytes(64 * MIB), Opening(b""), clock)
    with file:
        span = spans.take()
        assert span is not None
        for _ in range(8):
            clock.advance(0.06)
            spans.advance(span, 7 * MIB)

            assert crew.wanted() == 0


def test_no_connection_is_wanted_where_enough_have_failed(tmp_path: Path) -> None:
    """Whoever refuses four would refuse the fifth."""
    clock = FakeClock()
    opener = Opening(DATA, *[TransportError("broken") for _ in range(4)])
    crew, spans, file = crew_of(tmp_path / "file", DATA, opener, clock)
    with file:
        assert spans.take() is not None

        crew.add(4)
        finished(crew)

        assert crew.tired
        for _ in range(3):
            clock.advance(1.01)
            assert crew.wanted() == 0
        crew.stop()


def test_further_connections_are_added_only_where_the_last_ones_helped(tmp_path: Path) -> None:
    """A line that is full gets no faster."""
    clock = FakeClock()
    data = bytes(64 * MIB)
    opener = Opening(data, *[Silent(b"") for _ in range(40)])
    crew, spans, file = crew_of(tmp_path / "file", data, opener, clock)
    with file:
        span = spans.take()
        assert span is not None
        for _ in range(2):
            clock.advance(0.1)
            spans.advance(span, 100_000)
            wanted = crew.wanted()
        assert wanted == 15
        crew.add(3)
        clock.advance(1.01)
        spans.advance(span, 1_000_000)

        assert crew.wanted() == 0

        clock.advance(1.01)
        spans.advance(span, 2_000_000)
        assert crew.wanted() > 0
        crew.stop()


@pytest.mark.parametrize(("opener", "limit"), [(None, 16), (Opening(DATA), 1)])
def test_one_connection_does_not_grow(opener: Opening | None, limit: int) -> None:
    """Where the limit is one, or there is no opener."""
    crew = manned(Spans(len(DATA), []), -1, opener, FakeClock(), limit=limit)

    assert not crew.may_grow


def test_where_there_is_no_room_the_others_do_without(tmp_path: Path) -> None:
    """But for one that nobody could do without."""
    seats = [sit("http://host/"), None, None]
    opener = Opening(DATA, Silent(b""))
    crew, spans, file = crew_of(tmp_path / "file", DATA, opener, room=lambda: seats.pop(0))
    with file:
        assert crew.add(3) == 1
        crew.stop()
    crew, spans, file = crew_of(tmp_path / "other", DATA, Opening(DATA), room=lambda: None)
    with file:
        assert crew.add(3) == 1
        finished(crew)

        assert spans.received == len(DATA)
