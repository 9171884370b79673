"""The file system is told which directories need not lie together."""

from __future__ import annotations

import fcntl
import os
import struct
from pathlib import Path

import pytest

from store.files.apart import _GET_FLAGS, _TOP, lay_apart


def test_a_directory_is_marked_where_the_file_system_knows_of_it(tmp_path: Path) -> None:
    """It is used as before either way, and marked no further down."""
    told = lay_apart(tmp_path)

    assert bool(flags(tmp_path) & _TOP) == told
    (tmp_path / "inner").mkdir()
    assert not flags(tmp_path / "inner") & _TOP


def test_what_is_no_directory_is_left_alone(tmp_path: Path) -> None:
    """A link is not followed, and what is missing is no error."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "file").touch()

    assert not any(lay_apart(tmp_path / name) for name in ("link", "file", "missing"))
    assert not flags(tmp_path / "real") & _TOP


def test_a_file_system_that_knows_nothing_of_it_is_no_error() -> None:
    """Nor is a machine whose numbers differ."""
    assert not lay_apart("/proc")


def test_numbers_are_used_where_they_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Elsewhere they may mean something else."""
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("Linux", "host", "6", "1", "mips")))

    assert not lay_apart(tmp_path)


def flags(directory: Path) -> int:
    """Return the flags of a directory; none where the file system has none."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        return int(struct.unpack("l", fcntl.ioctl(descriptor, _GET_FLAGS, bytes(8)))[0])
    except OSError:
        return 0
    finally:
        os.close(descriptor)
