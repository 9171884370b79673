"""A large body is hashed while it comes, and watched."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from store.clock import SYSTEM_CLOCK
from store.errors import (
    IntegrityError,
    TransportError,
    TransportTimeoutError,
    TruncatedError,
)
from store.events import Event, Progressed
from store.integrity.digest import Digests, digests_from
from store.testing.fakes import FakeStream
from store.testing.faults import FailingStream
from store.testing.servers import Server
from store.transports.base import Bounds, Stream, TransferOptions
from store.transports.deadlines import Deadline
from store.transports.filling import Wanted
from store.transports.large import fill_large
from store.transports.pace import Pace
from store.transports.ranges import Crew, Opener
from store.transports.spans import Spans

DATA = os.urandom(3_000_000)
PINNED = digests_from(f"sha256:{hashlib.sha256(DATA).hexdigest()}")
MIB = 1 << 20


@pytest.fixture
def descriptor(tmp_path: Path) -> Iterator[int]:
    """An empty file, open for reading and writing."""
    opened = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    yield opened
    os.close(opened)


def filled(
    descriptor: int,
    stream: Stream,
    spans: Spans,
    *,
    digests: Digests = PINNED,
    opener: Opener | None = None,
    **given: Any,
) -> Digests:
    """Fill the file, with a crew and a pace of its own."""
    options = TransferOptions(bounds=Bounds(**given.pop("bounds", {})), **given)
    deadline = Deadline(SYSTEM_CLOCK, None)
    crew = Crew(
        spans,
        descriptor,
        opener,
        room=lambda: None,
        excuse=lambda _: None,
        deadline=deadline,
        monotonic=SYSTEM_CLOCK.monotonic,
    )
    wanted = Wanted(digests=digests, size=None, algorithms=("sha256", "sha512"), max_size=1 << 40)
    pace = Pace(options, deadline, "fake://host/name", "name")
    try:
        return fill_large(
            descriptor,
            stream,
            spans,
            crew,
            wanted=wanted,
            pace=pace,
            ripen=lambda: None,
            parted=lambda _: None,
        )
    finally:
        assert not {"store-hash", "store-part"} & {one.name for one in threading.enumerate()}


def test_a_body_comes_with_its_digests(descriptor: int) -> None:
    """Those that are pinned and those that are asked for."""
    told: list[Event] = []

    found = filled(descriptor, FakeStream(DATA), Spans(len(DATA), []), listener=told.append)

    assert os.pread(descriptor, len(DATA) + 1, 0) == DATA
    assert dict(found)["sha256"] == hashlib.sha256(DATA).hexdigest()
    assert dict(found)["sha512"] == hashlib.sha512(DATA).hexdigest()
    assert all(isinstance(one, Progressed) and one.total == len(DATA) for one in told)


def test_what_is_there_is_hashed_too(descriptor: int) -> None:
    """From the first byte to the last, holes filled."""
    for start, end in ((0, 100_000), (1_000_000, 2_000_000)):
        os.pwrite(descriptor, DATA[start:end], start)
    spans = Spans(len(DATA), [(0, 100_000), (1_000_000, 2_000_000)])

    filled(
        descriptor,
        FakeStream(DATA, offset=100_000),
        spans,
        opener=lambda start, _: FakeStream(DATA, offset=start),
    )

    assert os.pread(descriptor, len(DATA), 0) == DATA


def test_another_content_is_refused(descriptor: int) -> None:
    """At its end, with both digests."""
    other = bytes(reversed(DATA))

    with pytest.raises(IntegrityError) as caught:
        filled(descriptor, FakeStream(other), Spans(len(DATA), []))

    assert caught.value.found == f"sha256:{hashlib.sha256(other).hexdigest()}"
    assert caught.value.size == len(DATA)


@pytest.mark.parametrize(
    ("stream", "error"),
    [
        (FakeStream(DATA[:-1]), TruncatedError),
        (FailingStream(FakeStream(DATA), 1_000_000, lambda: TransportError("x")), TransportError),
    ],
    ids=["short", "broken"],
)
def test_a_stream_that_fails_is_told(
    descriptor: int, stream: Stream, error: type[Exception]
) -> None:
    """Nobody else could bring the rest."""
    with pytest.raises(error):
        filled(descriptor, stream, Spans(len(DATA), []))


def test_holes_cannot_be_filled_from_a_source_that_gives_no_parts(descriptor: int) -> None:
    """It says so, rather than that the body is there."""
    os.pwrite(descriptor, DATA[:1_000_000], 1_000_000)
    spans = Spans(len(DATA), [(1_000_000, 2_000_000)])

    with pytest.raises(TransportError, match="no ranges"):
        filled(descriptor, FakeStream(DATA), spans)


def test_a_body_that_comes_too_slowly_is_given_up(descriptor: int) -> None:
    """Whoever watches looks at the rate."""
    bounds = {"grace": 0.0, "minimum_rate": 1e15}

    with pytest.raises(TransportTimeoutError, match="fewer than"):
        filled(descriptor, FakeStream(DATA), Spans(len(DATA), []), bounds=bounds)


def test_nothing_is_asked_for_where_all_is_there(descriptor: int) -> None:
    """It is hashed all the same."""
    os.pwrite(descriptor, DATA, 0)
    stream = FakeStream(b"not this")

    filled(descriptor, stream, Spans(len(DATA), [(0, len(DATA))]))

    assert os.pread(descriptor, len(DATA), 0) == DATA


GROWN = """
import resource, sys
import store
from store.transports.base import TransferOptions
from store.transports.receiving import receive

receive(sys.argv[1], sys.argv[3], options=TransferOptions())
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
received = receive(sys.argv[2], sys.argv[3], options=TransferOptions())
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(before, after, received.attempts[0].connections, received.digests[0].hex)
"""


def test_memory_does_not_grow_with_the_body(tmp_path: Path) -> None:
    """However large it is, and over however many connections it comes."""
    data = os.urandom(1 * MIB) * 64
    with Server(rate=24 * MIB) as server:
        urls = [server.serve("/small", data[: 2 * MIB]), server.serve("/large", data)]
        command = [sys.executable, "-c", GROWN, *urls, str(tmp_path)]
        process = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)

    before, after, connections, digest = process.stdout.split()
    assert digest == hashlib.sha256(data).hexdigest()
    assert int(connections) > 2
    assert int(after) - int(before) < 16 * 1024, "KiB"
