"""Files and their names last over a power cut."""

from __future__ import annotations

import ctypes
import errno
import os
import threading
from pathlib import Path

import pytest

from store.errors import StorageError
from store.files import syncing
from store.files.atomic import write_bytes


@pytest.fixture
def many(tmp_path: Path) -> list[Path]:
    """Return 20 fresh files in 5 directories."""
    files = [tmp_path / str(number % 5) / f"file{number}" for number in range(20)]
    for file in files:
        write_bytes(file, b"data")
    return files


class _Libc:
    """The C library with a ``syncfs`` of our own."""

    def __init__(self, answer: int | None) -> None:
        self.calls = 0
        if answer is not None:
            self.answer = answer
            self.syncfs = self._syncfs

    def _syncfs(self, descriptor: int) -> int:
        os.fstat(descriptor)
        self.calls += 1
        ctypes.set_errno(self.answer)
        return -1 if self.answer else 0


def _with_libc(monkeypatch: pytest.MonkeyPatch, answer: int | None) -> tuple[_Libc, list[Path]]:
    libc = _Libc(answer)
    synced: list[Path] = []
    monkeypatch.setattr(ctypes, "CDLL", lambda name, use_errno: libc)
    for name in ("sync_file", "sync_directory"):
        monkeypatch.setattr(syncing, name, lambda path: synced.append(Path(path)))
    return libc, synced


def test_many_files_are_synced_by_one_call(
    many: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One file system, one ``syncfs``, and no fsync."""
    libc, synced = _with_libc(monkeypatch, 0)

    syncing.sync_many(many)

    assert libc.calls == 1
    assert synced == []


@pytest.mark.parametrize("answer", [None, errno.ENOSYS, errno.EPERM])
def test_without_syncfs_each_file_and_directory_is_synced(
    many: list[Path], monkeypatch: pytest.MonkeyPatch, answer: int | None
) -> None:
    """A C library or kernel that cannot do it costs time only."""
    _, synced = _with_libc(monkeypatch, answer)

    syncing.sync_many(many)

    assert sorted(synced) == sorted([*many, *{file.parent for file in many}])


def test_a_few_files_are_not_worth_a_whole_file_system(
    many: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What others have not written yet does not hold up a lone file; none at all costs nothing."""
    libc, synced = _with_libc(monkeypatch, 0)

    syncing.sync_many(many[:2])
    syncing.sync_many([])

    assert libc.calls == 0
    assert sorted(synced) == sorted([*many[:2], *{file.parent for file in many[:2]}])


def test_a_disk_that_fails_is_told(many: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """An I/O error in ``syncfs`` or in a thread is a StorageError that names the path."""
    _with_libc(monkeypatch, errno.EIO)

    with pytest.raises(StorageError) as caught:
        syncing.sync_many(many)

    assert caught.value.errno == errno.EIO
    assert caught.value.path in {str(file.parent) for file in many}


@pytest.mark.parametrize("count", [1, 20])
def test_a_missing_file_is_told_before_anything_is_said_to_last(
    many: list[Path], count: int
) -> None:
    """The real calls, with and without ``syncfs``, name the file that is not there."""
    syncing.sync_many(many[:count])
    many[0].unlink()

    with pytest.raises(StorageError, match="file0") as caught:
        syncing.sync_many(many[:count])

    assert caught.value.errno == errno.ENOENT


def test_work_is_done_while_the_disk_is_busy(
    many: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is asked before the work ends, and what the work gives is returned once both are done."""
    libc, synced = _with_libc(monkeypatch, 0)
    asked = threading.Event()
    counted = libc.syncfs

    def syncfs(descriptor: int) -> int:
        """Answer only after it is known that the disk was asked."""
        asked.set()
        return counted(descriptor)

    monkeypatch.setattr(libc, "syncfs", syncfs)

    assert syncing.sync_meanwhile(lambda: asked.wait(10), many)
    assert libc.calls == 1
    assert synced == []


@pytest.mark.parametrize("count", [1, 20])
def test_a_failure_beside_the_work_is_told(
    many: list[Path], monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """With one call, and with one for each file."""
    libc = _Libc(errno.EIO)
    monkeypatch.setattr(ctypes, "CDLL", lambda name, use_errno: libc)
    if count == 1:
        many[0].unlink()

    with pytest.raises(StorageError):
        syncing.sync_meanwhile(lambda: None, many[:count])


def test_work_that_fails_waits_for_the_disk(
    many: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And its error comes out."""
    libc, _ = _with_libc(monkeypatch, 0)

    def fail() -> None:
        """Raise."""
        raise LookupError

    with pytest.raises(LookupError):
        syncing.sync_meanwhile(fail, many)

    assert libc.calls == 1


def test_a_missing_directory_leaves_nothing_open(
    many: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told by its name."""
    _with_libc(monkeypatch, 0)
    many[0].parent.rename(many[0].parent.with_name("gone"))
    before = len([*Path("/proc/self/fd").iterdir()])

    with pytest.raises(StorageError, match=str(many[0].parent)):
        syncing.sync_many(many, seen=True)

    assert len([*Path("/proc/self/fd").iterdir()]) == before
