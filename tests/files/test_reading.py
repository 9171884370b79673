"""Who may only read a directory says so by a lock."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from store.files.leases import is_locked
from store.files.reading import Reading


def test_a_directory_is_read_until_all_readers_are_gone(tmp_path: Path) -> None:
    """Nothing is written there."""
    one, other = Reading(), Reading()
    assert not is_locked(tmp_path)

    assert [one.hold(tmp_path), other.hold(tmp_path), one.hold(tmp_path)] == [True, True, False]
    assert is_locked(tmp_path)
    one.close()
    assert is_locked(tmp_path)
    other.close()

    assert not is_locked(tmp_path)
    assert not list(tmp_path.iterdir())
    assert one.hold(tmp_path)


def test_what_is_no_directory_cannot_be_read(tmp_path: Path) -> None:
    """Nor is it taken for one that is."""
    (tmp_path / "link").symlink_to(tmp_path)

    for name in ("missing", "link"):
        with pytest.raises(OSError, match=name):
            Reading().hold(tmp_path / name)
        assert not is_locked(tmp_path / name)


def test_a_directory_that_takes_no_lock_is_not_taken_for_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes without; nothing stays open."""

    def refused(descriptor: int, operation: int) -> None:
        raise OSError(37, os.strerror(37))

    monkeypatch.setattr("fcntl.flock", refused)
    before = len(list(Path("/proc/self/fd").iterdir()))

    with pytest.raises(OSError, match="locks"):
        Reading().hold(tmp_path)

    assert not is_locked(tmp_path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
