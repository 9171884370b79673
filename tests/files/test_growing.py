"""A file grows over several runs, and promises too little rather than too much."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.errors import StorageError
from store.files.growing import Growing, Stretches, gaps, merged

ABOUT = {"etag": '"one"', "total": 1000}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where the file grows; not made yet."""
    return tmp_path / "partial" / "part"


@pytest.fixture
def claim(place: Path) -> Iterator[Callable[[], Growing]]:
    """Become the writer of the file, which is free; what is open is closed at the end."""
    claimed: list[Growing] = []

    def claiming() -> Growing:
        growing = Growing.claim(place)
        assert growing is not None
        claimed.append(growing)
        return growing

    yield claiming
    for growing in claimed:
        growing.close()


Claim = Callable[[], Growing]


def grown(claim: Claim, data: bytes, *stretches: tuple[int, int]) -> None:
    """Leave a file with these bytes and records behind."""
    growing = claim()
    growing.begin(ABOUT)
    os.pwrite(growing.descriptor, data, 0)
    for slot, stretch in enumerate(stretches):
        growing.mark(slot, *stretch)
    growing.leave()


def test_the_next_run_knows_what_was_written(claim: Claim) -> None:
    """What the bytes belong to, and which of them are there."""
    grown(claim, b"x" * 900, (0, 100), (500, 900))

    again = claim()

    assert again.about == ABOUT
    assert again.stretches == [(0, 100), (500, 900)]
    assert os.pread(again.descriptor, 900, 0) == b"x" * 900


def test_a_new_file_knows_nothing(claim: Claim) -> None:
    """It is empty, and belongs to nothing."""
    growing = claim()

    assert (growing.about, growing.stretches, growing.kept) == (None, [], False)


def test_nothing_is_promised_beyond_the_end_of_the_bytes(claim: Claim) -> None:
    """A record that reached the disk before its bytes did is cut."""
    grown(claim, b"x" * 50, (0, 100), (200, 300))

    assert claim().stretches == [(0, 50)]


def test_a_slot_holds_the_last_word(claim: Claim) -> None:
    """A writer notes how far it is in its own slot, again and again."""
    grown(claim, b"x" * 1000)
    growing = claim()
    for end in (10, 20, 30):
        growing.mark(2, 5, end)
    growing.leave()

    assert claim().stretches == [(5, 30)]


def test_it_has_one_writer(claim: Claim, place: Path) -> None:
    """Whoever comes second gets nothing, until the first is done."""
    growing = claim()

    assert Growing.claim(place) is None

    growing.leave()
    assert growing.kept
    assert claim() is not growing


def test_a_writer_in_another_process_counts_too(place: Path) -> None:
    """Until it dies, however rudely."""
    source = (
        "import sys, time\nfrom store.files.growing import Growing\n"
        "held = Growing.claim(sys.argv[1])\nprint('held', flush=True)\ntime.sleep(60)\n"
    )
    command = [sys.executable, "-c", source, str(place)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"

        assert Growing.claim(place) is None

        process.kill()
    growing = Growing.claim(place)
    assert growing is not None
    growing.close()


def test_beginning_forgets_what_was_there(claim: Claim) -> None:
    """Bytes, records and what they belonged to."""
    grown(claim, b"x" * 100, (0, 100))
    growing = claim()

    growing.begin({"etag": '"two"'})
    growing.leave()

    again = claim()
    assert (again.about, again.stretches) == ({"etag": '"two"'}, [])
    assert os.fstat(again.descriptor).st_size == 0


def test_clearing_leaves_nothing_to_go_on_with(claim: Claim) -> None:
    """Not even what the bytes belonged to."""
    grown(claim, b"x" * 100, (0, 100))
    growing = claim()

    growing.clear()
    assert (growing.about, growing.stretches) == (None, [])
    growing.leave()

    assert claim().about is None


def test_what_is_too_long_to_be_said_is_not_gone_on_with(claim: Claim) -> None:
    """The bytes may be used all the same, by whoever writes them now."""
    growing = claim()

    growing.begin({"etag": "x" * 5000})
    growing.leave()

    assert growing.about is None
    assert claim().about is None


@pytest.mark.parametrize("durable", [False, True])
def test_a_finished_file_goes_to_its_place(
    claim: Claim, place: Path, tmp_path: Path, *, durable: bool
) -> None:
    """It replaces what lay there, and its directory is gone."""
    target = tmp_path / "target"
    target.write_bytes(b"old")
    growing = claim()
    growing.begin(ABOUT)
    os.pwrite(growing.descriptor, b"new", 0)

    growing.publish(target, durable=durable)

    assert target.read_bytes() == b"new"
    assert not place.exists()
    assert not growing.kept


def test_what_is_published_durably_reaches_the_disk_before_its_name(
    claim: Claim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Content, rename, directory: in this order."""
    growing = claim()
    growing.begin(ABOUT)
    steps: list[str] = []
    sync, replace = os.fsync, os.replace

    def synced(descriptor: int) -> None:
        steps.append(f"sync {Path(f'/proc/self/fd/{descriptor}').readlink().name}")
        sync(descriptor)

    def replaced(*paths: Any) -> None:
        steps.append("rename")
        replace(*paths)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", replaced)

    growing.publish(tmp_path / "target", durable=True)

    assert steps == ["sync data", "rename", f"sync {tmp_path.name}"]


def test_a_file_that_cannot_be_renamed_lies_where_it_was(claim: Claim, tmp_path: Path) -> None:
    """The next run finds it."""
    grown(claim, b"x" * 10, (0, 10))
    growing = claim()

    with pytest.raises(OSError, match="No such file"):
        growing.publish(tmp_path / "missing" / "target")

    growing.leave()
    assert claim().stretches == [(0, 10)]


def test_a_discarded_file_leaves_nothing(claim: Claim, place: Path) -> None:
    """Its directory goes, too; a second end does nothing."""
    growing = claim()

    growing.discard()
    growing.close()

    assert not place.exists()
    assert growing.descriptor == -1


def test_a_file_that_its_last_writer_finished_meanwhile_is_not_claimed(
    claim: Claim, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who opened it before it was published must not write to what lies in place now."""
    first = claim()
    real = fcntl.flock

    def late(descriptor: int, operation: int) -> None:
        monkeypatch.setattr(fcntl, "flock", real)
        first.publish(tmp_path / "target")
        real(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", late)

    assert Growing.claim(place) is None
    assert (tmp_path / "target").stat().st_nlink == 1


def test_a_file_that_another_began_anew_meanwhile_is_not_claimed(
    claim: Claim, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There lies another file under the name by now."""
    first = claim()
    real = fcntl.flock

    def late(descriptor: int, operation: int) -> None:
        monkeypatch.setattr(fcntl, "flock", real)
        first.publish(tmp_path / "target")
        claim()
        real(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", late)

    assert Growing.claim(place) is None


def test_without_locks_nothing_is_claimed(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody would know of another writer."""

    def refused(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refused)

    assert Growing.claim(place) is None


@pytest.mark.parametrize("name", ["data", "state"])
def test_what_is_no_file_of_ours_is_left_alone(place: Path, tmp_path: Path, name: str) -> None:
    """A FIFO or a file with another name, too, is nobody's part; none of it is opened or changed."""
    outside = tmp_path / "outside"
    outside.write_bytes(b"precious")
    for make in (os.mkfifo, lambda path: os.link(outside, path)):
        place.mkdir(parents=True)
        make(place / name)

        assert Growing.claim(place) is None

        assert outside.read_bytes() == b"precious"
        for one in place.iterdir():
            one.unlink()
        place.rmdir()


@pytest.mark.parametrize("name", ["data", "state"])
def test_a_link_or_directory_in_the_way_is_an_error_and_not_followed(
    place: Path, tmp_path: Path, name: str
) -> None:
    """Nothing is made or changed at its end."""
    outside = tmp_path / "outside"
    place.mkdir(parents=True)
    (place / name).symlink_to(outside)

    with pytest.raises(StorageError):
        Growing.claim(place)
    (place / name).unlink()
    (place / name).mkdir()
    with pytest.raises(StorageError):
        Growing.claim(place)

    assert not outside.exists()


def test_a_link_in_place_of_the_directory_is_not_followed(place: Path, tmp_path: Path) -> None:
    """What lies at its end is another's, even where it is called like a part of ours."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "data").write_bytes(b"precious")
    place.parent.mkdir()
    place.symlink_to(outside)

    with pytest.raises(StorageError):
        Growing.claim(place)

    assert [(one.name, one.read_bytes()) for one in outside.iterdir()] == [("data", b"precious")]


def test_a_file_in_place_of_the_directory_is_an_error(place: Path) -> None:
    """It names the path."""
    place.parent.mkdir()
    place.write_bytes(b"")

    with pytest.raises(StorageError, match="part"):
        Growing.claim(place)


def test_no_descriptor_is_left_open_by_a_vain_claim(claim: Claim, place: Path) -> None:
    """However it ended."""
    claim()
    before = len(list(Path("/proc/self/fd").iterdir()))

    for _ in range(3):
        assert Growing.claim(place) is None

    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"no json",
        b"[]",
        b"null",
        b"[" * 4096,
        b"\xff" * 4096,
        b'{"etag": 1',
        b"9" * 4096,
    ],
)
def test_a_damaged_header_promises_nothing(claim: Claim, place: Path, header: bytes) -> None:
    """Nor does anything else that is not ours."""
    grown(claim, b"x" * 100, (0, 100))
    with (place / "state").open("r+b") as file:
        file.write(header.ljust(4096))

    growing = claim()

    assert (growing.about, growing.stretches) == (None, [])


@given(state=st.binary(max_size=200), data=st.binary(max_size=100))
def test_any_damage_gives_stretches_within_the_bytes(
    tmp_path_factory: pytest.TempPathFactory, state: bytes, data: bytes
) -> None:
    """Whatever stands in the records: in order, apart, and within what is there."""
    place = tmp_path_factory.mktemp("growing")
    (place / "data").write_bytes(data)
    (place / "state").write_bytes(json.dumps(ABOUT).encode().ljust(4096) + state)

    growing = Growing.claim(place)
    assert growing is not None
    growing.close()

    assert_in_order(growing.stretches, len(data))


@given(state=st.binary(max_size=5000))
def test_any_state_at_all_is_read_without_an_error(
    tmp_path_factory: pytest.TempPathFactory, state: bytes
) -> None:
    """It is damaged, or it is ours."""
    place = tmp_path_factory.mktemp("growing")
    (place / "state").write_bytes(state)

    growing = Growing.claim(place)
    assert growing is not None
    growing.close()

    assert growing.stretches == []


pairs = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8)


@given(stretches=pairs, size=st.integers(0, 60))
def test_merged_stretches_cover_what_was_covered(
    stretches: list[tuple[int, int]], size: int
) -> None:
    """Each byte of any of them that is within the size, and no other; in order and apart."""
    found = merged(stretches, size)

    assert_in_order(found, size)
    assert covered(found) == covered((start, min(end, size)) for start, end in stretches)
    assert merged(found, size) == found


@given(stretches=pairs, total=st.integers(1, 60))
def test_gaps_and_stretches_make_up_the_whole(stretches: list[tuple[int, int]], total: int) -> None:
    """Each byte is there or missing, and none is both."""
    there = merged(stretches, total)

    missing = gaps(there, total)

    assert_in_order(missing, total)
    assert covered(there) | covered(missing) == set(range(total))
    assert not covered(there) & covered(missing)


def test_records_are_as_they_were_documented(claim: Claim, place: Path) -> None:
    """Sixteen bytes a slot behind a header of 4096, little-endian: other versions may read them."""
    grown(claim, b"x" * 300, (1, 2), (256, 257))

    raw = (place / "state").read_bytes()

    assert json.loads(raw[:4096]) == ABOUT
    assert raw[4096:] == struct.pack("<4Q", 1, 2, 256, 257)


def covered(stretches: Any) -> set[int]:
    """The bytes of stretches."""
    return {byte for start, end in stretches for byte in range(start, end)}


def assert_in_order(stretches: Stretches, size: int) -> None:
    """None is empty, none touches another, all are within the size."""
    edges = [edge for stretch in stretches for edge in stretch]
    assert edges == sorted(set(edges))
    assert all(0 <= edge <= size for edge in edges)
