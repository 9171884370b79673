"""What the operating system says of files becomes an error of ours."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from store.errors import CacheError, IntegrityError, StorageError
from store.files.failures import free_bytes, storage_error, storage_errors


def test_an_error_carries_path_number_and_room(tmp_path: Path) -> None:
    """Whoever catches it as an OSError finds what an OSError has."""
    path = tmp_path / "missing" / "file"

    with pytest.raises(CacheError) as caught, storage_errors(path, needed=7, kind=CacheError):
        path.read_bytes()

    assert caught.value.path == caught.value.filename == str(path)
    assert caught.value.errno == errno.ENOENT
    assert caught.value.strerror == os.strerror(errno.ENOENT)
    assert caught.value.needed == 7
    assert caught.value.free == pytest.approx(free_bytes(tmp_path), rel=0.5)
    assert isinstance(caught.value.__cause__, FileNotFoundError)


@pytest.mark.parametrize(
    ("number", "step"),
    [
        (
            errno.ENOSPC,
            " (9 bytes needed): make room there, with 'store cache prune' where the cache",
        ),
        (errno.EROFS, "choose a directory that can be written to"),
        (errno.EACCES, "choose a directory that can be written to"),
        (errno.EISDIR, "a directory is in the way"),
        (errno.ENOTDIR, "a file is in the way of a directory"),
        (errno.ENAMETOOLONG, "choose a shorter path"),
    ],
)
def test_an_error_says_what_to_do(tmp_path: Path, number: int, step: str) -> None:
    """The message is path, reason and next step."""
    mapped = storage_error(OSError(number, os.strerror(number)), tmp_path, needed=9)

    assert str(mapped).startswith(f"{tmp_path}: {os.strerror(number)}")
    assert step in str(mapped)


def test_what_is_free_is_told_where_it_is_too_little(tmp_path: Path) -> None:
    """More than is needed, as it is once others have given up, is no reason."""
    needed = 1 << 60

    mapped = storage_error(OSError(errno.ENOSPC, "full"), tmp_path, needed=needed)

    assert f" bytes free, {needed} bytes needed): make room" in str(mapped)


def test_room_that_is_not_known_is_not_told(tmp_path: Path) -> None:
    """Where nobody says how much was needed, only what is free stands there."""
    mapped = storage_error(OSError(errno.ENOSPC, "full"), tmp_path)

    assert "needed" not in str(mapped)
    assert mapped.needed is None


def test_an_error_of_ours_passes() -> None:
    """It says more than the system does."""
    with pytest.raises(StorageError, match="ours"), storage_errors("path"):
        raise StorageError("ours")
    with pytest.raises(IntegrityError), storage_errors("path"):
        raise IntegrityError("damaged")


def test_another_librarys_words_are_not_repeated() -> None:
    """They may hold an address with its secrets."""
    mapped = storage_error(OSError("https://me:secret@host/"), "path")

    assert "secret" not in str(mapped)
    assert str(mapped) == "path: OSError"


@pytest.mark.parametrize("path", ["a\0b", "a\udcff"])
def test_any_path_can_be_shown(path: str) -> None:
    """A NUL, or a byte that is no UTF-8."""
    mapped = storage_error(OSError(errno.EIO, "broken"), path)

    assert str(mapped).encode("utf-8")
    assert "\0" not in str(mapped)


def test_the_block_of_a_path_that_cannot_be_does_not_run() -> None:
    """Each system call would raise a bare ValueError."""
    with pytest.raises(StorageError, match="choose another path"), storage_errors("a\0b"):
        pytest.fail("not to be reached")


def test_free_bytes_are_those_of_the_nearest_parent(tmp_path: Path) -> None:
    """A path need not exist yet; where nothing is known, None is said."""
    assert free_bytes(tmp_path / "a" / "b") is not None
    assert free_bytes("\0") is not None


def test_a_system_that_does_not_tell_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some network file systems have no figures."""

    def refuse(path: Path) -> None:
        raise OSError(errno.ENOSYS, str(path))

    monkeypatch.setattr(os, "statvfs", refuse)

    assert free_bytes("/path") is None
