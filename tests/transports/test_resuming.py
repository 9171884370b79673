"""What came of a large body is gone on with, and never mixed with anything else."""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.errors import (
    IntegrityError,
    ResourceNotFoundError,
    StorageError,
    StoreError,
    TooLargeError,
    TransportError,
)
from store.events import Event, Progressed, Resumed, Saved
from store.files.growing import Growing
from store.integrity.digest import digests_from
from store.machine import boot_id
from store.testing.answering import Fault
from store.testing.disk_faults import disk_full, failing_call
from store.testing.fakes import FakeClock, FakeStream
from store.testing.misbehaving import Chunked, OtherContent, Reset, Status
from store.testing.ranging import BrokenPart, ForParts, OtherPart, Whole
from store.testing.servers import Server
from store.transports.base import TransferOptions
from store.transports.receiving import Received, receive
from store.transports.resuming import (
    RESUMABLE_FROM,
    but_the_last_byte,
    forget,
    part_for,
    part_of,
    resumable,
    strong,
    worth_keeping,
)

DATA = random.Random(2).randbytes(RESUMABLE_FROM + 500_000)
OTHER = bytes(reversed(DATA))
TAG = f'"{hashlib.sha256(DATA).hexdigest()}"'
PINNED = digests_from(f"sha256:{hashlib.sha256(DATA).hexdigest()}")
HALF = len(DATA) // 2


@pytest.fixture
def part(tmp_path: Path) -> Iterator[Path]:
    """Where what came of the body is kept, while the test runs."""
    place = tmp_path / "cache" / "partial" / "part"
    with resumable(place):
        yield place


Lay = Callable[..., None]


@pytest.fixture
def lay(part: Path) -> Lay:
    """Lay down what an earlier run has left of the body at an address."""

    def laid(url: str, /, *stretches: tuple[int, int], data: bytes = DATA, **about: object) -> None:
        told = {
            "v": 1,
            "address": url,
            "etag": TAG,
            "total": len(DATA),
            "boot": boot_id(),
            "at": 0.0,
        }
        header = json.dumps({**told, **about}).encode()
        records = b"".join(
            edge.to_bytes(8, "little") for one in stretches or ((0, HALF),) for edge in one
        )
        part.mkdir(parents=True, exist_ok=True)
        (part / "data").write_bytes(data[: max((one[1] for one in stretches), default=HALF)])
        (part / "state").write_bytes(header.ljust(4096) + records)

    return laid


def received_right(
    url: str, directory: Path, options: TransferOptions, **arguments: Any
) -> Received:
    """Receive the body: it is right, and nothing else is left."""
    received = receive(url, directory, options=options, **{"digests": PINNED, **arguments})
    assert received.path.read_bytes() == DATA
    assert [one.name for one in directory.iterdir()] == [received.path.name]
    return received


def interrupted(url: str, directory: Path, options: TransferOptions) -> list[Event]:
    """Press Ctrl-C after the first bytes, and return what was told."""
    told: list[Event] = []

    def press(event: Event) -> None:
        told.append(event)
        if isinstance(event, Progressed):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        receive(url, directory, options=options._replace(listener=press), digests=PINNED)
    assert list(directory.iterdir()) == []
    return told


def test_what_broke_off_is_gone_on_with_in_the_next_try(
    server: Server, part: Path, directory: Path, options: TransferOptions
) -> None:
    """Within one call: the rest is asked for, and the part is gone at the end."""
    told: list[Event] = []
    url = server.serve("/a", DATA, fault=[BrokenPart(HALF, "short"), None])

    received = received_right(url, directory, options._replace(listener=told.append))

    second = server.asked("/a")[1].headers
    assert (second["range"], second["if-range"]) == (f"bytes={HALF}-", TAG)
    assert server.sent() == len(DATA)
    assert [(one.received, one.resumed) for one in received.attempts] == [
        (HALF, 0),
        (len(DATA) - HALF, HALF),
    ]
    assert [one[1:3] for one in told if isinstance(one, Saved)] == [(HALF, len(DATA))]
    assert [one[1:3] for one in told if isinstance(one, Resumed)] == [(url, HALF)]
    assert not part.exists()


def test_what_an_earlier_run_left_is_gone_on_with(
    server: Server, lay: Lay, part: Path, directory: Path, options: TransferOptions
) -> None:
    """Only the rest comes over the network."""
    url = server.serve("/a", DATA)
    lay(url)

    received = received_right(url, directory, options)

    assert server.sent() == len(DATA) - HALF
    assert received.attempts[0].resumed == HALF
    assert not part.exists()


def test_ctrl_c_keeps_what_came(
    server: Server, part: Path, directory: Path, options: TransferOptions
) -> None:
    """And it is told that it was kept."""
    url = server.serve("/a", DATA, fault=[BrokenPart(HALF, "stall"), None])

    told = interrupted(url, directory, options)

    assert isinstance(told[-1], Saved)
    assert told[-1].received > 0
    assert (part / "data").exists()
    received = received_right(url, directory, options)
    assert received.attempts[0].resumed == told[-1].received


@pytest.mark.parametrize(
    ("stretches", "missing"),
    [
        ([(0, 100), (200_000, 300_000), (HALF, len(DATA))], None),
        ([(HALF, len(DATA))], HALF),
        ([(0, len(DATA))], 1),
        ([(0, len(DATA) - 1)], 1),
    ],
)
def test_all_that_is_there_is_used(
    *,
    server: Server,
    lay: Lay,
    part: Path,
    directory: Path,
    options: TransferOptions,
    stretches: list[tuple[int, int]],
    missing: int | None,
) -> None:
    """Holes are filled, and of a body that is there whole its source is asked all the same."""
    url = server.serve("/a", DATA)
    lay(url, *stretches)

    received = received_right(url, directory, options)

    there = sum(end - start for start, end in stretches)
    assert received.attempts[0].received == (missing or len(DATA) - there)
    assert not part.exists()


@pytest.mark.parametrize(
    "fault",
    [
        Whole(),
        Status(416),
        Status(400),
        Status(501),
        OtherPart(etag='"other"', data=OTHER),
        OtherPart(etag=f"W/{TAG}", data=OTHER),
        OtherPart(etag=None, data=OTHER),
        OtherPart(shift=5),
        OtherPart(total=len(DATA) + 1),
    ],
    ids=["whole", "416", "400", "501", "tag", "weak", "no tag", "shifted", "total"],
)
def test_a_source_that_does_not_go_on_gives_the_whole_anew(
    *,
    server: Server,
    lay: Lay,
    part: Path,
    directory: Path,
    options: TransferOptions,
    fault: Fault,
) -> None:
    """In the same attempt, and nothing of what was there is used, which was wrong on purpose."""
    url = server.serve("/a", DATA, fault=ForParts(fault))
    lay(url, data=OTHER)

    received = received_right(url, directory, options)

    assert len(received.attempts) == 1
    assert received.attempts[0].resumed == 0
    assert not part.exists()


@pytest.mark.parametrize("status", [404, 401])
def test_a_source_that_says_no_keeps_the_part(
    *, server: Server, lay: Lay, part: Path, directory: Path, options: TransferOptions, status: int
) -> None:
    """It may say yes tomorrow."""
    url = server.serve("/a", DATA, fault=[Status(status), None])
    lay(url)

    with pytest.raises(StoreError):
        receive(url, directory, options=options, digests=PINNED)

    assert part.exists()
    assert received_right(url, directory, options).attempts[0].resumed == HALF


def test_a_source_that_fails_for_parts_alone_gives_the_whole_at_last(
    server: Server, lay: Lay, part: Path, directory: Path, options: TransferOptions
) -> None:
    """What is there is kept until the last try: it may have been out of order for a moment."""
    url = server.serve("/a", DATA, fault=ForParts(Status(503)))
    lay(url)

    received = received_right(url, directory, options)

    assert len(received.attempts) == options.retrying.attempts
    assert not part.exists()


def test_a_source_that_is_out_of_order_keeps_the_part(
    server: Server, lay: Lay, part: Path, directory: Path, options: TransferOptions
) -> None:
    """However often it was asked."""
    url = server.serve("/a", DATA, fault=Status(503))
    lay(url)

    with pytest.raises(TransportError):
        receive(url, directory, options=options, digests=PINNED)

    server.serve("/a", DATA)
    assert received_right(url, directory, options).attempts[0].resumed == HALF


def test_another_version_comes_whole(
    server: Server, lay: Lay, part: Path, directory: Path, options: TransferOptions
) -> None:
    """With a new tag, and nothing pinned: nothing of the old one is in it."""
    url = server.serve("/a", OTHER)
    lay(url)

    received = receive(url, directory, options=options)

    assert received.path.read_bytes() == OTHER
    assert received.attempts[0].resumed == 0
    assert not part.exists()


def test_a_body_that_does_not_match_after_all_is_fetched_anew_once(
    server: Server, lay: Lay, part: Path, directory: Path, options: TransferOptions
) -> None:
    """What was there was wrong, though its state said otherwise."""
    url = server.serve("/a", DATA)
    lay(url, data=OTHER)

    received = received_right(url, directory, options)

    assert [one.resumed for one in received.attempts] == [HALF, 0]
    assert server.sent() == len(DATA) + len(DATA) - HALF
    assert not part.exists()


def test_a_body_that_does_not_match_from_its_beginning_either_is_refused(
    server: Server, lay: Lay, part: Path, directory: Path, options: TransferOptions
) -> None:
    """And nothing is kept of it."""
    url = server.serve("/a", OTHER, etag=TAG)
    lay(url)

    with pytest.raises(IntegrityError) as caught:
        receive(url, directory, options=options, digests=PINNED)

    assert [one.resumed for one in caught.value.attempts] == [HALF, 0]
    assert not part.exists()
    assert list(directory.iterdir()) == []


@pytest.mark.parametrize(
    "given",
    [
        {"etag": None},
        {"etag": 'W/"a"'},
        {"etag": "a"},
        {"etag": '"'},
        {"fault": Chunked(size=1 << 19)},
    ],
    ids=["none", "weak", "bare", "quote", "no length"],
)
def test_nothing_is_kept_where_nothing_could_be_gone_on_with(
    server: Server, part: Path, directory: Path, options: TransferOptions, given: dict[str, Any]
) -> None:
    """Without a strong validator, or without a size."""
    url = server.serve("/a", DATA, **given)
    if "fault" not in given:
        server.serve("/a", DATA, fault=BrokenPart(HALF, "reset"), **given)
    else:
        server.serve("/a", DATA, fault=Chunked(size=1 << 19, stop_after=1))

    with pytest.raises(TransportError):
        receive(url, directory, options=options, digests=PINNED)

    assert not part.exists()
    assert list(directory.iterdir()) == []


def test_nothing_is_kept_of_a_small_body(
    server: Server, part: Path, directory: Path, options: TransferOptions
) -> None:
    """It is asked for anew sooner than its part is looked at."""
    data = DATA[: RESUMABLE_FROM - 1]
    url = server.serve("/a", data, fault=BrokenPart(1000, "reset"))

    with pytest.raises(TransportError):
        receive(url, directory, options=options)

    assert not part.exists()


def test_a_part_of_another_address_is_not_mixed_in(
    *,
    server: Server,
    other: Server,
    lay: Lay,
    part: Path,
    directory: Path,
    options: TransferOptions,
) -> None:
    """Even where it calls its version by the same name."""
    url = server.serve("/a", DATA)
    elsewhere = other.serve("/a", OTHER, etag=TAG)
    lay(elsewhere, data=OTHER)

    received = received_right(url, directory, options)

    assert received.attempts[0].resumed == 0
    assert not part.exists()


def test_a_part_outlives_another_address_that_gives_nothing(
    *,
    server: Server,
    other: Server,
    lay: Lay,
    part: Path,
    directory: Path,
    options: TransferOptions,
) -> None:
    """A mirror that is out of order does not cost what came from the first."""
    url = server.serve("/a", DATA)
    bad = other.serve("/a", DATA, fault=Status(404))
    lay(url)

    received = received_right([bad, url], directory, options)  # type: ignore[arg-type]

    assert received.attempts[1].resumed == HALF


@pytest.mark.parametrize("stranger", ["small", "weak"])
def test_a_part_goes_with_success_even_where_it_was_of_no_use(
    *,
    server: Server,
    other: Server,
    lay: Lay,
    part: Path,
    directory: Path,
    options: TransferOptions,
    stranger: str,
) -> None:
    """Another address has given a body that needs none itself."""
    lay(server.serve("/a", DATA))
    data = DATA[:1000] if stranger == "small" else DATA
    url = other.serve("/a", data, etag='W/"a"')

    assert receive(url, directory, options=options).path.read_bytes() == data

    assert not part.exists()


def test_the_query_and_secrets_are_not_written_down(
    server: Server, part: Path, directory: Path, options: TransferOptions
) -> None:
    """A part says where it came from, without what stands behind the question mark."""
    server.serve("/a", DATA, fault=[BrokenPart(HALF, "short"), Status(404)])
    url = f"{server.url.replace('//', '//me:secret@')}/a?token=secret"

    with pytest.raises(ResourceNotFoundError):
        receive(url, directory, options=options, digests=PINNED)

    assert b"secret" not in (part / "state").read_bytes()


def _instead(path: Path, make: Callable[[Path], object]) -> None:
    path.unlink()
    make(path)


def _a_file_instead(part: Path) -> None:
    for one in part.iterdir():
        one.unlink()
    part.rmdir()
    part.touch()


DAMAGE: dict[str, Callable[[Path], object]] = {
    "no state": lambda part: (part / "state").unlink(),
    "no data": lambda part: (part / "data").unlink(),
    "empty data": lambda part: (part / "data").write_bytes(b""),
    "scrambled state": lambda part: (part / "state").write_bytes(os.urandom(5000)),
    "cut state": lambda part: os.truncate(part / "state", 2000),
    "long data": lambda part: os.truncate(part / "data", 3 * len(DATA)),
    "state is a directory": lambda part: _instead(part / "state", Path.mkdir),
    "data is a directory": lambda part: _instead(part / "data", Path.mkdir),
    "state is a FIFO": lambda part: _instead(part / "state", os.mkfifo),
    "data is a FIFO": lambda part: _instead(part / "data", os.mkfifo),
    "a file in its place": _a_file_instead,
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_does_no_harm(
    *, server: Server, lay: Lay, part: Path, directory: Path, options: TransferOptions, damage: str
) -> None:
    """The body comes all the same."""
    url = server.serve("/a", DATA)
    lay(url)
    DAMAGE[damage](part)

    received_right(url, directory, options)


@pytest.mark.parametrize("name", ["data", "state", ""])
@pytest.mark.parametrize("kind", ["link", "hard link"])
def test_no_link_leads_out_of_the_part(
    *,
    server: Server,
    lay: Lay,
    part: Path,
    tmp_path: Path,
    directory: Path,
    options: TransferOptions,
    name: str,
    kind: str,
) -> None:
    """What lies at its end stays as it is."""
    outside = tmp_path / "outside"
    url = server.serve("/a", DATA)
    lay(url)
    if not name:
        part.rename(outside)
        part.symlink_to(outside)
    else:
        (part / name).rename(outside)
        (part / name).symlink_to(outside) if kind == "link" else os.link(outside, part / name)
    before = outside.read_bytes() if name else (outside / "data").read_bytes()

    received_right(url, directory, options)

    assert (outside.read_bytes() if name else (outside / "data").read_bytes()) == before


@pytest.mark.parametrize(
    "about",
    [
        {"v": 2},
        {"v": None},
        {"address": None},
        {"etag": None},
        {"etag": 'W/"a"'},
        {"etag": ['"a"']},
        {"etag": '"a"\r\nX-Evil: 1'},
        {"etag": '"a\r\nX-Evil: "'},
        {"etag": '"\u4e2d"'},
        {"total": None},
        {"total": True},
        {"total": -1},
        {"total": 0},
        {"total": HALF - 1},
        {"total": 1e300},
        {"total": str(len(DATA))},
    ],
    ids=str,
)
def test_a_state_that_cannot_be_true_is_thrown_away(
    *,
    server: Server,
    lay: Lay,
    part: Path,
    directory: Path,
    options: TransferOptions,
    about: dict[str, Any],
) -> None:
    """The body is asked for as if nothing were there, and no header is made of it."""
    url = server.serve("/a", DATA)
    lay(url, data=OTHER, **about)

    received = received_right(url, directory, options)

    assert "range" not in server.requests[0].headers
    assert len(received.attempts) == 1
    assert not part.exists()


def test_a_total_that_was_never_true_is_seen(
    server: Server, lay: Lay, part: Path, directory: Path, options: TransferOptions
) -> None:
    """The source says another: it is begun anew."""
    url = server.serve("/a", DATA)
    lay(url, data=OTHER, total=10**15)

    assert len(received_right(url, directory, options).attempts) == 1


@settings(max_examples=25, deadline=None)
@given(state=st.binary(max_size=200), at=st.integers(0, 4200), cut=st.integers(0, HALF))
def test_random_damage_never_gives_a_wrong_file(
    tmp_path_factory: pytest.TempPathFactory, state: bytes, at: int, cut: int
) -> None:
    """Whatever stands in the state, however much of the data is there."""
    place = tmp_path_factory.mktemp("damaged")
    part, directory = place / "part", place / "received"
    directory.mkdir()
    with Server() as server, resumable(part):
        url = server.serve("/a", DATA)
        about = {"v": 1, "address": url, "etag": TAG, "total": len(DATA), "boot": boot_id()}
        part.mkdir()
        (part / "data").write_bytes(DATA[:cut])
        whole = bytearray(
            json.dumps(about).encode().ljust(4096) + (HALF << 64).to_bytes(16, "little")
        )
        whole[at : at + len(state)] = state
        (part / "state").write_bytes(whole)

        received = receive(url, directory, options=TransferOptions(), digests=PINNED)

        assert received.path.read_bytes() == DATA


@pytest.mark.parametrize(("digests", "resumed"), [(PINNED, HALF), ((), 0)])
def test_what_another_boot_has_written_is_used_only_where_a_digest_decides(
    *,
    server: Server,
    lay: Lay,
    directory: Path,
    options: TransferOptions,
    digests: Any,
    resumed: int,
) -> None:
    """A power cut may have taken bytes whose record has reached the disk."""
    url = server.serve("/a", DATA)
    lay(url, boot="another")

    received = received_right(url, directory, options, digests=digests)

    assert received.attempts[0].resumed == resumed


def test_without_a_pin_the_same_boot_goes_on(
    server: Server, lay: Lay, directory: Path, options: TransferOptions
) -> None:
    """The tag says that it is one version."""
    url = server.serve("/a", DATA)
    lay(url)

    received = received_right(url, directory, options, digests=())

    assert received.attempts[0].resumed == HALF


def test_a_full_disk_leaves_no_trace(
    server: Server, part: Path, directory: Path, options: TransferOptions
) -> None:
    """It is told as such, not tried again, and the room that was taken is given back."""
    url = server.serve("/a", DATA)

    with disk_full(part.parent.parent, after=HALF), pytest.raises(StorageError) as caught:
        receive(url, directory, options=options, digests=PINNED)

    assert len(caught.value.attempts) == 1
    assert not part.exists()
    assert list(directory.iterdir()) == []


def test_a_disk_that_fails_where_a_part_is_begun_is_done_without(
    server: Server, part: Path, directory: Path, options: TransferOptions
) -> None:
    """The body comes into a file without one."""
    url = server.serve("/a", DATA)

    with failing_call("ftruncate", 5, below=part.parent):
        received_right(url, directory, options)

    assert not part.exists()


def test_a_body_that_is_too_large_is_not_kept(
    server: Server, lay: Lay, part: Path, directory: Path, options: TransferOptions
) -> None:
    """Nor what was there of it."""
    url = server.serve("/a", DATA)
    lay(url)
    small = options._replace(bounds=options.bounds._replace(max_size=HALF))

    with pytest.raises(TooLargeError):
        receive(url, directory, options=small)

    assert not part.exists()


def test_a_part_that_another_is_writing_is_left_to_it(
    server: Server, lay: Lay, part: Path, directory: Path, options: TransferOptions
) -> None:
    """Two at once: one writes the part, the other goes without."""
    url = server.serve("/a", DATA)
    lay(url)
    held = Growing.claim(part)
    assert held is not None

    received = received_right(url, directory, options)

    assert received.attempts[0].resumed == 0
    assert held.stretches == [(0, HALF)]
    held.leave()
    assert (part / "data").stat().st_size == HALF


@pytest.mark.parametrize("kind", [Resumed, Progressed])
def test_a_listener_that_raises_gives_the_part_back(
    *,
    server: Server,
    lay: Lay,
    part: Path,
    directory: Path,
    options: TransferOptions,
    kind: type[Event],
) -> None:
    """Whatever it raises, and whenever: the next call goes on, as nobody holds the part any more."""
    url = server.serve("/a", DATA)
    lay(url)

    def raising(event: Event) -> None:
        if type(event) is kind:
            raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        receive(url, directory, options=options._replace(listener=raising), digests=PINNED)

    there = Growing.claim(part)
    assert there is not None
    assert there.stretches[0][1] >= HALF
    there.leave()
    assert received_right(url, directory, options).attempts[0].resumed >= HALF


def test_nothing_is_kept_outside_of_the_block(
    server: Server, tmp_path: Path, directory: Path, options: TransferOptions
) -> None:
    """Who receives into a directory of their own gets the file or nothing."""
    url = server.serve("/a", DATA, fault=BrokenPart(HALF, "reset"))

    with pytest.raises(TransportError):
        receive(url, directory, options=options, digests=PINNED)

    assert sorted(one.name for one in tmp_path.rglob("*")) == ["received"]


@pytest.mark.parametrize(
    ("etag", "expected"),
    [
        ('"a"', True),
        ('"a b"', False),
        ('"\xe9"', True),
        ('""', False),
        ('"', False),
        ("", False),
        ("a", False),
        ('W/"a"', False),
        ('"a"b"', False),
        ('"a\n"', False),
        (None, False),
        (5, False),
    ],
)
def test_which_tags_are_strong(etag: object, expected: bool) -> None:  # noqa: FBT001
    """As RFC 9110 spells them; an empty one says nothing."""
    assert strong(etag) is expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (TransportError("broken"), True),
        (ResourceNotFoundError("gone"), True),
        (KeyboardInterrupt(), True),
        (SystemExit(1), True),
        (RuntimeError("a listener's"), True),
        (IntegrityError("wrong"), False),
        (TooLargeError("large"), False),
        (StorageError("full"), False),
        (OSError(28, "full"), False),
    ],
)
def test_what_is_worth_keeping(error: BaseException, expected: bool) -> None:  # noqa: FBT001
    """Not what is wrong, nor where the disk refused."""
    assert worth_keeping(error) is expected


def test_the_last_byte_of_a_complete_part_is_left() -> None:
    """Else there would be nothing to ask for."""
    assert but_the_last_byte([(0, 10)], 10) == [(0, 9)]
    assert but_the_last_byte([(0, 9)], 10) == [(0, 9)]


def test_nothing_is_made_where_there_is_nothing_to_keep(part: Path) -> None:
    """Looking for a part makes no directory."""
    assert part_of("http://host/a", pinned=True) is None
    forget()

    assert not part.exists()


def test_outside_of_a_block_nothing_is_kept_or_found() -> None:
    """Nobody said where."""
    assert part_of("http://host/a", pinned=True) is None
    assert part_for("http://host/a", FakeStream(DATA), FakeClock()) is None
    forget()


def test_a_part_says_what_it_is_of(part: Path) -> None:
    """Address, tag, size, boot and time."""
    clock = FakeClock()

    growing = part_for("http://me:secret@host/a?b=c", FakeStream(DATA), clock)
    assert growing is not None
    growing.leave()

    assert growing.about == {
        "v": 1,
        "address": "http://host/a",
        "etag": TAG,
        "total": len(DATA),
        "boot": boot_id(),
        "at": clock.now(),
    }


def test_content_from_another_server_is_never_taken_for_the_rest(
    server: Server, lay: Lay, part: Path, directory: Path, options: TransferOptions
) -> None:
    """A 200 with anything at all is the whole, and is held against the digest."""
    url = server.serve("/a", DATA, fault=[OtherContent(OTHER), Reset(0), None])
    lay(url)

    received = received_right(url, directory, options)

    assert [one.resumed for one in received.attempts] == [0, 0, 0]
