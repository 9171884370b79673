"""A body lands whole, or leaves what is worth to be gone on with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from store.errors import (
    IntegrityError,
    ResourceNotFoundError,
    TransportError,
    TransportTimeoutError,
)
from store.files.growing import Growing
from store.testing.fakes import FakeStream, FakeTransport
from store.transports.base import Conditions, Stream, TransferOptions, Transport
from store.transports.handing import handing
from store.transports.landing import landing, opened, opener_of, room_at

ADDRESS = "fake://host/a"
DATA = b"0123456789" * 100
ETAG = FakeStream(DATA).etag


class Answering(FakeTransport):
    """A transport that answers each request for a part in its own way."""

    def __init__(self, answer: Stream | BaseException) -> None:
        super().__init__({ADDRESS: DATA})
        self.answer = answer

    def open_stream(
        self, address: str, offset: int = 0, *, conditions: Conditions | None = None
    ) -> Stream:
        """Answer."""
        if not offset:
            return super().open_stream(address, conditions=conditions)
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


@pytest.fixture
def part(tmp_path: Path) -> Iterator[Growing]:
    """Half of the body, as an earlier run has left it."""
    begun = Growing.claim(tmp_path / "part")
    assert begun is not None
    begun.begin({"v": 1, "address": ADDRESS, "etag": ETAG, "total": len(DATA)})
    os.pwrite(begun.descriptor, DATA[:500], 0)
    begun.mark(0, 0, 500)
    begun.leave()
    growing = Growing.claim(tmp_path / "part")
    assert growing is not None
    yield growing
    growing.close()


def status(code: int) -> TransportError:
    """An answer that is no content."""
    return TransportError("no", url=ADDRESS, status=code)


def answer(**how: Any) -> FakeStream:
    """The second half, or something else."""
    stream = FakeStream(how.pop("data", DATA), ADDRESS, 500)
    for name, value in how.items():
        setattr(stream, name, value)
    return stream


def test_a_part_is_gone_on_with(part: Growing) -> None:
    """From its first gap."""
    transport = FakeTransport({ADDRESS: DATA})

    stream, going_on = opened(transport, ADDRESS, part)

    assert going_on is part
    assert stream.offset == 500
    assert transport.opened == [(ADDRESS, 500)]


def test_without_a_part_the_body_is_opened_under_its_condition() -> None:
    """From its beginning."""
    transport = FakeTransport({ADDRESS: DATA})

    stream, part = opened(transport, ADDRESS, None, Conditions(if_none_match=ETAG))

    assert part is None
    assert stream.not_modified


@pytest.mark.parametrize(
    "answered",
    [
        status(416),
        status(400),
        status(206),
        answer(etag='"other"'),
        answer(etag=None),
        answer(size=5),
        answer(size=None),
        answer(offset=400),
    ],
    ids=["416", "400", "206", "tag", "no tag", "size", "no size", "offset"],
)
def test_a_part_that_its_source_does_not_go_on_with_is_removed(
    part: Growing, tmp_path: Path, answered: Stream | Exception
) -> None:
    """And the body begins anew."""
    transport = Answering(answered)

    stream, going_on = opened(transport, ADDRESS, part)

    assert going_on is None
    assert stream.offset == 0
    assert transport.opened == [(ADDRESS, 0)]
    assert not (tmp_path / "part").exists()
    assert not isinstance(answered, FakeStream) or answered.closed


def test_a_whole_in_place_of_the_rest_is_taken_as_it_is(part: Growing, tmp_path: Path) -> None:
    """It need not be asked for again."""
    whole = FakeStream(b"another version", ADDRESS)
    transport = Answering(whole)

    assert opened(transport, ADDRESS, part) == (whole, None)
    assert transport.opened == []
    assert not (tmp_path / "part").exists()


def test_a_body_that_was_handed_on_is_taken_before_another_is_asked_for(part: Growing) -> None:
    """With a part that is of no use, or without any."""
    first, second = FakeStream(DATA, ADDRESS), FakeStream(DATA, ADDRESS)
    transport = Answering(status(416))
    with handing(ADDRESS, first):
        assert opened(transport, ADDRESS, part) == (first, None)
    with handing(ADDRESS, second):
        assert opened(transport, ADDRESS, None) == (second, None)

    assert transport.opened == []


@pytest.mark.parametrize(
    ("error", "last"),
    [
        (TransportTimeoutError("late", url=ADDRESS), False),
        (TransportTimeoutError("late", url=ADDRESS), True),
        (status(503), False),
        (ResourceNotFoundError("gone"), True),
        (KeyboardInterrupt(), True),
    ],
)
def test_a_part_is_kept_where_its_source_may_go_on_later(
    part: Growing,
    tmp_path: Path,
    error: BaseException,
    last: bool,  # noqa: FBT001
) -> None:
    """And nobody holds it any more."""
    with pytest.raises(type(error)):
        opened(Answering(error), ADDRESS, part, last=last)

    again = Growing.claim(tmp_path / "part")
    assert again is not None
    assert again.stretches == [(0, 500)]
    again.close()


def test_at_last_a_source_that_fails_for_parts_is_asked_for_the_whole(part: Growing) -> None:
    """It may give that."""
    stream, going_on = opened(Answering(status(503)), ADDRESS, part, last=True)

    assert (stream.offset, going_on) == (0, None)


def test_a_part_is_kept_where_the_whole_cannot_be_had_either(part: Growing, tmp_path: Path) -> None:
    """It was of no use this time."""
    transport = Answering(status(400))
    transport.bodies.clear()

    with pytest.raises(ResourceNotFoundError):
        opened(transport, ADDRESS, part)

    assert (tmp_path / "part" / "data").stat().st_size == 500


def test_further_ranges_are_of_the_same_version() -> None:
    """The byte, the tag and the size are looked at."""
    transport = FakeTransport({ADDRESS: DATA})
    first = transport.open_stream(ADDRESS)
    open_range = opener_of(transport, ADDRESS, first)
    assert open_range is not None

    assert open_range(200, 300).offset == 200
    transport.bodies[ADDRESS] = DATA[:-1]
    with pytest.raises(TransportError, match="byte 200 on with something else"):
        open_range(200, 300)

    assert transport.streams[-1].closed


@pytest.mark.parametrize(
    "change",
    [{"etag": None}, {"etag": 'W/"a"'}, {"size": None}, {"accepts_ranges": False}],
    ids=str,
)
def test_no_further_ranges_are_opened_where_nothing_says_that_they_belong_together(
    change: dict[str, Any],
) -> None:
    """A strong tag, a size, and a source that gives parts."""
    transport: Transport = FakeTransport({ADDRESS: DATA})

    assert opener_of(transport, ADDRESS, answer(**change)) is None


def test_there_is_room_for_as_many_as_there_are_seats() -> None:
    """At the origin that the body comes from."""
    room = room_at(FakeStream(DATA, "http://host.invalid/a"), TransferOptions(per_host=1))

    seat = room()
    assert seat is not None
    assert room() is None
    seat.leave()
    again = room()
    assert again is not None
    again.leave()


@pytest.mark.parametrize("durable", [False, True])
def test_a_file_lies_in_its_place_once_the_block_ends(
    tmp_path: Path, part: Growing, *, durable: bool
) -> None:
    """With a part, which is gone then, or without."""
    for name, given in (("a", None), ("b", part)):
        with landing(tmp_path / name, given, durable=durable) as place:
            assert place.have == ([] if given is None else [(0, 500)])
            os.pwrite(place.descriptor, DATA, 0)
            if place.mark is not None:
                place.mark(0, 0, len(DATA))
            assert not (tmp_path / name).exists()

        assert (tmp_path / name).read_bytes() == DATA
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a", "b"]


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        (TransportError("broken"), True),
        (KeyboardInterrupt(), True),
        (IntegrityError("wrong"), False),
        (OSError(28, "full"), False),
    ],
)
def test_a_block_that_fails_leaves_no_file(
    tmp_path: Path,
    part: Growing,
    error: BaseException,
    kept: bool,  # noqa: FBT001
) -> None:
    """But a part where that is worth it."""
    for given in (None, part):
        with pytest.raises(type(error)):
            failing(tmp_path / "target", given, error)

    assert [one.name for one in tmp_path.iterdir()] == (["part"] if kept else [])
    assert part.kept is kept


def failing(target: Path, part: Growing | None, error: BaseException) -> None:
    """Write a body, and fail at its end."""
    with landing(target, part, durable=False) as place:
        os.pwrite(place.descriptor, DATA, 0)
        raise error
