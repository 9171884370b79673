"""An archive brings no more than it may."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.errors import UnsafeArchiveError
from store.files.unpacking.limits import RATIO_FLOOR, Guard, Limits
from store.testing.archives import KINDS, packed
from store.testing.disk_faults import disk_full

Unpack = Callable[..., Any]


@pytest.mark.parametrize("kind", KINDS)
def test_bytes_are_counted_over_all_members(unpacking: Unpack, kind: str) -> None:
    """The last that fits is fine, the first that does not ends it."""
    data = packed({"a": bytes(600), "b": bytes(400)}, kind)

    assert len(unpacking(data, max_bytes=1000).files) == 2
    with pytest.raises(UnsafeArchiveError) as caught:
        unpacking(data, max_bytes=999)
    assert caught.value.limit == "unpack_max_size"
    assert "unpack_max_size" in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_members_are_counted_with_the_directories_they_imply(unpacking: Unpack, kind: str) -> None:
    """Each takes an inode."""
    data = packed({"a/b/c": b"1", "a/b/d": b"2", "e/": b""}, kind)

    assert len(unpacking(data, max_members=5).files) == 3
    with pytest.raises(UnsafeArchiveError) as caught:
        unpacking(data, max_members=4)
    assert caught.value.limit == "unpack_max_members"


def test_a_directory_that_is_named_again_counts_again(unpacking: Unpack, by_hand: Any) -> None:
    """It takes time, if nothing else."""
    data = by_hand.tar(*(by_hand.member(b"a/", kind=b"5") for _ in range(11)))

    with pytest.raises(UnsafeArchiveError, match="more than 10 members"):
        unpacking(data, max_members=10)


def test_the_ratio_is_looked_at_from_some_size_on() -> None:
    """Small files of zeros are no bombs."""
    guard = Guard("a", 1000, Limits(max_ratio=10))
    guard.write(RATIO_FLOOR, "zeros")

    with pytest.raises(UnsafeArchiveError, match="10 times its size") as caught:
        guard.write(1, "zeros")
    assert caught.value.limit == "unpack_max_ratio"
    assert caught.value.member == "zeros"


def test_a_large_archive_may_become_larger() -> None:
    """The ratio counts from its own size."""
    guard = Guard("a", RATIO_FLOOR, Limits(max_ratio=10))

    guard.write(10 * RATIO_FLOOR, "a")
    with pytest.raises(UnsafeArchiveError):
        guard.write(1, "a")


def test_the_caller_hears_of_each_step_and_may_end_it(unpacking: Unpack) -> None:
    """What it raises comes out; the bytes so far are told."""
    told: list[int] = []

    def tick(written: int) -> None:
        told.append(written)
        if written >= 3:
            raise TimeoutError("enough")

    with pytest.raises(TimeoutError):
        unpacking(packed({"a": b"123", "b": b"456"}), tick=tick)
    assert told[-1] == 3


def test_a_full_disk_is_told_by_the_system(unpacking: Unpack, tmp_path: Path) -> None:
    """The room above maps it."""
    with disk_full(tmp_path / "0" / "root", after=5000), pytest.raises(OSError, match="No space"):
        unpacking(packed({str(i): bytes(1000) for i in range(20)}))


def test_names_in_errors_are_harmless(unpacking: Unpack, by_hand: Any) -> None:
    """A name that no terminal should see is spelled out."""
    with pytest.raises(UnsafeArchiveError) as caught:
        unpacking(by_hand.tar(by_hand.member(b"a\xff\x1b[2J")))

    assert "\x1b" not in str(caught.value)
    assert str(caught.value).isprintable()
