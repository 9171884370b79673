"""An origin that failed where another gave the resource is asked last."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from store.errors import (
    CredentialsError,
    IntegrityError,
    RefusedError,
    ResourceNotFoundError,
    StoreError,
    TransportError,
    TruncatedError,
)
from store.testing.fakes import FakeClock
from store.transports.base import TransferOptions
from store.transports.standing import behind, faults_in, settle

BAD = "https://bad.example/a"
GOOD = "https://good.example/a"
FAILED = TransportError("no")


@pytest.fixture
def clock() -> FakeClock:
    """A clock that the test moves."""
    return FakeClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of the cache's directory, which is not there yet."""
    return tmp_path / "cache" / "mirrors" / "v1.json"


@pytest.fixture
def known(clock: FakeClock, path: Path) -> TransferOptions:
    """Options that remember."""
    return TransferOptions(clock=clock, standing=str(path))


def test_a_bad_origin_is_behind_for_a_time(known: TransferOptions, clock: FakeClock) -> None:
    """All of its addresses are asked last, other origins as before."""
    settle([(BAD, FAILED)], GOOD, known)

    assert behind("https://bad.example/other?x", known)
    assert not behind(GOOD, known)
    assert not behind("https://bad.example:8443/a", known)
    assert not behind("https://user:port@bad.example:x/", known)
    clock.advance(601)
    assert not behind(BAD, known)


def test_each_failure_doubles_the_time_up_to_a_day(
    known: TransferOptions, clock: FakeClock
) -> None:
    """What happens while it is behind does not count: those were asked at the same moment."""
    times = []
    for _ in range(10):
        settle([(BAD, FAILED)], GOOD, known)
        settle([(BAD, FAILED)], GOOD, known)
        until = faults_in(str(known.standing), clock.now())["https://bad.example"].until
        times.append(until - clock.now())
        clock.advance(times[-1])

    assert times[:4] == [600, 1200, 2400, 4800]
    assert times[-1] == 86_400


def test_an_origin_that_works_is_forgiven(known: TransferOptions, clock: FakeClock) -> None:
    """The next failure is its first."""
    settle([(BAD, FAILED)], GOOD, known)
    settle([], BAD, known)
    assert not behind(BAD, known)

    settle([(BAD, FAILED)], GOOD, known)
    assert faults_in(str(known.standing), clock.now())["https://bad.example"].failures == 1


def test_peace_for_long_is_forgiven_too(known: TransferOptions, clock: FakeClock) -> None:
    """A day after its time is over nobody speaks of it."""
    settle([(BAD, FAILED)], GOOD, known)
    clock.advance(600 + 86_400)

    assert faults_in(str(known.standing), clock.now()) == {}


@pytest.mark.parametrize(
    ("error", "blamed"),
    [
        (TransportError("refused"), True),
        (TransportError("503", status=503), True),
        (TransportError("429", status=429), True),
        (TransportError("a page", status=200), True),
        (TransportError("400", status=400), False),
        (TruncatedError("short"), True),
        (IntegrityError("wrong"), True),
        (ResourceNotFoundError("404", status=404), False),
        (CredentialsError("403", status=403), False),
        (RefusedError("blocked"), False),
    ],
)
def test_what_concerns_one_file_is_no_fault_of_the_origin(
    *, known: TransferOptions, error: StoreError, blamed: bool
) -> None:
    """A mirror that lacks a file is as good as before for the next."""
    settle([(BAD, error)], GOOD, known)

    assert behind(BAD, known) == blamed


def test_neither_the_one_that_worked_nor_a_local_file_is_behind(known: TransferOptions) -> None:
    """Two addresses of one origin say nothing of it, and a disk is no origin."""
    settle([("https://good.example/b", FAILED), ("file:///srv/a", FAILED)], GOOD, known)

    assert not behind(GOOD, known)
    assert not behind("file:///srv/b", known)
    assert not Path(str(known.standing)).exists()


def test_other_processes_know(known: TransferOptions, path: Path, clock: FakeClock) -> None:
    """What another wrote meanwhile is read, as soon as the file has changed."""
    assert not behind(BAD, known)

    told = {"https://bad.example": {"failures": 1, "until": clock.now() + 60}}
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(told))

    assert behind(BAD, known)


def test_the_file_holds_origins_and_times_alone(known: TransferOptions, path: Path) -> None:
    """No path, user or query of an address gets there."""
    settle([("https://user:s3cret@bad.example/private?token=s3cret", FAILED)], GOOD, known)

    assert json.loads(path.read_text()) == {
        "https://bad.example": {"failures": 1, "until": known.clock.now() + 600}
    }


def test_it_is_written_only_when_something_changes(known: TransferOptions, path: Path) -> None:
    """A good day costs no write."""
    settle([], GOOD, known)
    assert not path.exists()

    settle([(BAD, FAILED)], GOOD, known)
    before = path.stat().st_mtime_ns, path.stat().st_ino
    settle([(BAD, FAILED)], GOOD, known)
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before


DAMAGE = [
    b"",
    b"{",
    b"[]",
    b"[" * 100_000,
    b"\xff",
    b'{"https://bad.example": 1}',
    b'{"https://bad.example": {"failures": 1}}',
    b'{"https://bad.example": {"failures": true, "until": 1700000060}}',
    b'{"https://bad.example": {"failures": 0, "until": 1700000060}}',
    b'{"https://bad.example": {"failures": 1, "until": "soon"}}',
    b'{"https://bad.example": {"failures": 1, "until": NaN}}',
    b'{"https://bad.example": {"failures": 1, "until": 1e300}}',
    b'{"https://bad.example": {"failures": 1, "until": 1800000000}}',
]


@pytest.mark.parametrize("data", DAMAGE)
def test_damage_is_not_heeded_and_heals(known: TransferOptions, path: Path, data: bytes) -> None:
    """What cannot be, such as a time that no failure comes to, is passed over and overwritten."""
    path.parent.mkdir(parents=True)
    path.write_bytes(data)

    assert not behind(BAD, known)
    settle([(BAD, FAILED)], GOOD, known)
    assert behind(BAD, known)
    assert json.loads(path.read_bytes())["https://bad.example"]["failures"] == 1


@pytest.mark.parametrize("kind", ["fifo", "directory", "link"])
def test_what_is_no_file_is_not_opened(known: TransferOptions, path: Path, kind: str) -> None:
    """Nobody waits at a pipe, and no link is followed; what this process learns, it knows."""
    path.parent.mkdir(parents=True)
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    else:
        path.symlink_to(path.parent / "elsewhere")
        (path.parent / "elsewhere").write_text('{"https://bad.example": {"failures": 1}}')

    assert not behind(BAD, known)
    settle([(BAD, FAILED)], GOOD, known)
    assert behind(BAD, known)


def test_a_cache_that_takes_nothing_is_no_hindrance(tmp_path: Path, clock: FakeClock) -> None:
    """Where it cannot be written down, this process knows it all the same."""
    (tmp_path / "blocked").touch()
    options = TransferOptions(clock=clock, standing=str(tmp_path / "blocked" / "v1.json"))

    settle([(BAD, FAILED)], GOOD, options)

    assert behind(BAD, options)


def test_without_a_file_nothing_is_remembered(known: TransferOptions) -> None:
    """A driver that is used by itself leaves no trace."""
    nowhere = known._replace(standing=None)

    settle([(BAD, FAILED)], GOOD, nowhere)

    assert not behind(BAD, nowhere)


def test_many_origins_are_not_kept(known: TransferOptions, path: Path) -> None:
    """The file stays small."""
    settle([(f"https://h{number}.example/", FAILED) for number in range(700)], GOOD, known)

    assert len(json.loads(path.read_text())) == 500
