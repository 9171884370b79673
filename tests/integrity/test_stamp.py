"""A stamp says whether a file is still the one that was checked."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.cache.examining import grain_of
from store.clock import SYSTEM_CLOCK
from store.integrity.stamp import COARSE_GRAIN_NS, FINE_GRAIN_NS, LOCAL_GRAIN_NS, Stamp

NUMBERS = st.integers(-(2**63), 2**64)
STAMPS = st.builds(Stamp, st.text(), NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=7) | st.dictionaries(st.text(), inner, max_size=3),
)


def _replace(path: Path) -> None:
    path.with_name("new").write_bytes(b"data")
    path.with_name("new").replace(path)


CHANGES: dict[str, Callable[[Path], object]] = {
    "written": lambda path: path.write_bytes(b"DATA"),
    "appended": lambda path: path.write_bytes(b"data+"),
    "mode": lambda path: path.chmod(0o600),
    "touched": lambda path: os.utime(path, ns=(1, 1)),
    "linked": lambda path: path.with_name("other").hardlink_to(path),
    "replaced": _replace,
}


def _settled(path: Path) -> Stamp:
    """Take a file's stamp once the clock of its file system has moved on."""
    probe = path.with_name("probe")
    old = path.stat().st_ctime_ns
    while True:
        probe.write_bytes(b"")
        if probe.stat().st_ctime_ns > old:
            return Stamp.of(path.stat())


@given(STAMPS)
def test_a_stamp_goes_through_json(stamp: Stamp) -> None:
    """As a plain list."""
    assert Stamp.from_json(json.loads(json.dumps(list(stamp)))) == stamp


@given(ANYTHING)
def test_what_is_no_stamp_is_none(value: Any) -> None:
    """Whatever a damaged file holds."""
    stamp = Stamp.from_json(value)

    assert stamp is None or list(stamp) == value


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        "boot",
        [1, 1, 2, 3, 4, 5],
        ["boot", 1, 2, 3, 4],
        ["boot", 1, 2, 3, 4, 5, 6],
        ["boot", 1, 2, 3, 4, 5.0],
        ["boot", 1, 2, 3, 4, True],
        ["boot", 1, 2, 3, 4, "5"],
        ["boot", 1, 2, 3, 4, None],
    ],
)
def test_a_damaged_stamp_is_none(value: Any) -> None:
    """Too short, too long, or not of numbers."""
    assert Stamp.from_json(value) is None


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_every_change_gives_another_stamp(tmp_path: Path, change: str) -> None:
    """Also one that puts the modification time back."""
    path = tmp_path / "file"
    path.write_bytes(b"data")
    before = _settled(path)

    CHANGES[change](path)
    os.utime(path, ns=(before.mtime_ns, before.mtime_ns))

    assert not Stamp.of(path.stat()).same_file(before)


def test_reading_leaves_the_stamp(tmp_path: Path) -> None:
    """The time of the last reading takes no part."""
    path = tmp_path / "file"
    path.write_bytes(b"data")
    before = _settled(path)

    path.read_bytes()

    assert Stamp.of(path.stat()) == before


def test_links_alone_are_told_from_writes(tmp_path: Path) -> None:
    """A hard link moves the change time and nothing else."""
    path = tmp_path / "file"
    path.write_bytes(b"data")
    before = _settled(path)
    path.with_name("other").hardlink_to(path)
    linked = Stamp.of(path.stat())
    path.write_bytes(b"DATA+")
    written = Stamp.of(path.stat())

    assert linked != before
    assert linked.only_links_moved(before)
    assert not written.only_links_moved(before)


def test_another_boot_is_another_stamp_of_the_same_file() -> None:
    """What was not known to be durable is hashed once after a boot."""
    stamp = Stamp("one", 1, 2, 3, 4, 5)
    other = stamp._replace(boot="other")

    assert stamp != other
    assert stamp.same_file(other)


@pytest.mark.parametrize("grain", [LOCAL_GRAIN_NS, COARSE_GRAIN_NS])
@pytest.mark.parametrize("times", [(5, 1_000_000_000_001), (1_000_000_000_001, 5)])
def test_a_stamp_is_racy_until_the_grain_has_passed(grain: int, times: tuple[int, int]) -> None:
    """The newer of both times counts; a time in the future is always racy."""
    changed = max(times)
    stamp = Stamp("boot", 1, 2, 3, *times)

    racy = [stamp.racy(changed + after, grain) for after in (-1, 0, grain - 1, grain, 2 * grain)]

    assert racy == [True, True, True, False, False]


def test_where_times_are_fine_nothing_is_racy() -> None:
    """The look itself makes the next change show."""
    now = 1_000_000_000_001

    assert not any(Stamp("", 1, 2, 3, now, now).racy(now + d, FINE_GRAIN_NS) for d in (-9, 0, 9))


@pytest.mark.parametrize("grain", [FINE_GRAIN_NS, LOCAL_GRAIN_NS, COARSE_GRAIN_NS])
def test_whole_seconds_are_as_coarse_as_it_gets(grain: int) -> None:
    """Small inodes of ext4 have no room for more."""
    now = 1_000_000_000_000
    stamp = Stamp("", 1, 2, 3, now, now)

    assert stamp.racy(now + 1_999_999_999, grain)
    assert not stamp.racy(now + 2_000_000_000, grain)


def test_a_stamp_that_is_not_racy_is_lost_by_the_very_next_change(tmp_path: Path) -> None:
    """However soon it comes, and though it puts size and modification time back."""
    path = tmp_path / "file"
    path.write_bytes(b"a")
    trusted = 0
    grain = grain_of(tmp_path.stat().st_dev)
    for number in range(1000 if grain <= LOCAL_GRAIN_NS else 0):
        with path.open("r+b") as file:
            file.write(b"%d" % (number % 2))
        before = Stamp.of(path.stat())
        while number % 50 == 0 and before.racy(SYSTEM_CLOCK.file_time_ns(), grain):
            SYSTEM_CLOCK.sleep(0.001)
        if before.racy(SYSTEM_CLOCK.file_time_ns(), grain):
            continue
        trusted += 1
        with path.open("r+b") as file:
            file.write(b"x")
        os.utime(path, ns=(before.mtime_ns, before.mtime_ns))
        assert Stamp.of(path.stat()) != before

    assert trusted >= 20 or grain > LOCAL_GRAIN_NS
