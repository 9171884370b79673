"""What a stream gives goes to its place in a file."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.errors import TransportError, TruncatedError
from store.testing.disk_faults import disk_full
from store.testing.fakes import FakeStream
from store.testing.faults import FailingStream
from store.transports.carrying import Unhashed, carry
from store.transports.spans import LEAST, Span, Spans

DATA = os.urandom(3 * LEAST + 12_345)


@pytest.fixture
def descriptor(tmp_path: Path) -> Iterator[int]:
    """An empty file, open for reading and writing."""
    opened = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    yield opened
    os.close(opened)


def first(spans: Spans) -> Span:
    """The first stretch."""
    span = spans.take()
    assert span is not None
    return span


def never() -> bool:
    """Go on."""
    return False


@settings(max_examples=10, deadline=None)
@given(size=st.integers(1, len(DATA)), room=st.integers(1, 300_000))
def test_a_stretch_comes_into_its_place(
    tmp_path_factory: pytest.TempPathFactory, size: int, room: int
) -> None:
    """Byte by byte where it belongs, whatever the buffer's size."""
    data, offset = DATA[:size], size // 3
    room = max(room, size // 50)
    path = tmp_path_factory.mktemp("carrying") / "file"
    spans = Spans(size, [(0, offset)] if offset else [])
    with path.open("w+b") as file:
        carry(
            FakeStream(data, offset=offset),
            file.fileno(),
            first(spans),
            spans,
            pieces=Unhashed(room),
            stop=never,
        )

    assert path.read_bytes() == bytes(offset) + data[offset:]
    assert spans.received == size


def test_it_stops_after_a_piece_where_that_is_wanted(descriptor: int) -> None:
    """And knows how far it has come."""
    spans = Spans(len(DATA), [])
    span = first(spans)

    carry(
        FakeStream(DATA),
        descriptor,
        span,
        spans,
        pieces=Unhashed(1000),
        stop=lambda: spans.received >= 3000,
    )

    assert (span.position, spans.received) == (3000, 3000)
    assert os.pread(descriptor, len(DATA), 0) == DATA[:3000]


def test_it_ends_where_another_took_the_rest_over(descriptor: int) -> None:
    """A stretch may become shorter while it comes."""
    spans = Spans(len(DATA), [])
    span = first(spans)
    others: list[Span | None] = []

    def share() -> bool:
        others.append(spans.take())
        return False

    carry(
        FakeStream(DATA),
        descriptor,
        span,
        spans,
        pieces=Unhashed(500_000),
        stop=share,
    )

    assert others[0] is not None
    assert span.rest == 0
    assert span.end == others[0].start
    assert os.fstat(descriptor).st_size >= span.end


def test_a_stream_that_ends_too_early_is_told(descriptor: int) -> None:
    """With what is there, and what should be."""
    spans = Spans(len(DATA), [])

    with pytest.raises(TruncatedError, match="ended at byte 1000") as caught:
        carry(
            FakeStream(DATA[:1000]),
            descriptor,
            first(spans),
            spans,
            pieces=Unhashed(700),
            stop=never,
        )

    assert (caught.value.expected, caught.value.found) == (len(DATA), 1000)
    assert spans.received == 1000


def test_what_came_before_an_error_is_there(descriptor: int) -> None:
    """And no more is promised."""
    spans = Spans(len(DATA), [])
    stream = FailingStream(FakeStream(DATA), 1500, lambda: TransportError("broken"))

    with pytest.raises(TransportError, match="broken"):
        carry(
            stream,
            descriptor,
            first(spans),
            spans,
            pieces=Unhashed(1000),
            stop=never,
        )

    assert spans.received == 1500
    assert os.pread(descriptor, 2000, 0) == DATA[:1500]


def test_a_full_disk_is_the_systems_error(descriptor: int, tmp_path: Path) -> None:
    """What was not written is not counted."""
    spans = Spans(len(DATA), [])

    with disk_full(tmp_path, after=1500), pytest.raises(OSError, match="No space") as caught:
        carry(
            FakeStream(DATA),
            descriptor,
            first(spans),
            spans,
            pieces=Unhashed(1000),
            stop=never,
        )

    assert caught.value.errno == errno.ENOSPC
    assert spans.received == 1000
