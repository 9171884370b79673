"""A directory as a tier."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from store.config.tier import Tier
from store.errors import (
    IntegrityError,
    ResourceNotFoundError,
    StorageError,
    TransportTimeoutError,
)
from store.sharing.directory import DirectoryTier
from store.transports.base import TransferOptions

from .conftest import CONTENT, NAME


@pytest.fixture
def shared(directory: Path) -> DirectoryTier:
    """The tier."""
    return DirectoryTier(Tier(str(directory)), TransferOptions())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that is to be shared."""
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    return path


def test_it_is_laid_out_as_bazels_disk_cache(
    shared: DirectoryTier, directory: Path, file: Path
) -> None:
    """One can be the other."""
    shared.put(NAME, file)

    assert [one for one in directory.rglob("*") if one.is_file()] == [
        directory / "cas" / NAME[:2] / NAME
    ]


def test_what_was_put_is_held_and_given(shared: DirectoryTier, file: Path) -> None:
    """And what was not is missing."""
    assert not shared.holds(NAME)
    with pytest.raises(ResourceNotFoundError):
        shared.open_stream(NAME)

    shared.put(NAME, file)

    assert shared.holds(NAME)
    with shared.open_stream(NAME) as stream:
        assert stream.size == len(CONTENT)


@pytest.mark.parametrize("rights", [0o2775, 0o755, 0o700])
def test_what_is_made_has_the_rights_of_the_directory(
    shared: DirectoryTier, directory: Path, file: Path, rights: int
) -> None:
    """A team's umasks differ; the directory says who may read and write."""
    directory.chmod(rights)
    before = os.umask(0o077)
    try:
        shared.put(NAME, file)
    finally:
        os.umask(before)

    made = directory / "cas" / NAME[:2]
    assert made.stat().st_mode & 0o7777 == rights
    assert (made / NAME).stat().st_mode & 0o777 == rights & 0o444


def test_a_file_that_is_not_what_its_name_says_is_not_shared(
    shared: DirectoryTier, directory: Path, file: Path
) -> None:
    """It was changed since it was checked."""
    file.write_bytes(b"changed")

    with pytest.raises(IntegrityError, match="not shared"):
        shared.put(NAME, file)

    assert not [one for one in directory.rglob("*") if one.is_file()]


def test_writers_that_race_all_succeed(shared: DirectoryTier, directory: Path, file: Path) -> None:
    """Each has a hidden file of its own; the last to rename wins, with the same content."""
    threads = [threading.Thread(target=shared.put, args=(NAME, file)) for _ in range(8)]

    for one in threads:
        one.start()
    for one in threads:
        one.join()

    files = [one for one in directory.rglob("*") if one.is_file()]
    assert [one.read_bytes() for one in files] == [CONTENT]


def test_a_writer_that_is_killed_leaves_nothing_under_the_name(
    shared: DirectoryTier, directory: Path, tmp_path: Path
) -> None:
    """And what it leaves is removed by the next."""
    large = tmp_path / "large"
    large.write_bytes(bytes(8 << 20))
    name = hashlib.sha256(bytes(8 << 20)).hexdigest()
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from store.config.tier import Tier\n"
        "from store.sharing.directory import DirectoryTier\n"
        "from store.testing.killing import killed_at\n"
        "from store.transports.base import TransferOptions\n"
        "with killed_at('write', 4):\n"
        "    DirectoryTier(Tier(sys.argv[1]), TransferOptions()).put(sys.argv[2], Path(sys.argv[3]))\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, str(directory), name, str(large)], check=False, timeout=60
    )

    assert done.returncode == -signal.SIGKILL
    left = [one for one in directory.rglob("*") if one.is_file()]
    assert len(left) == 1
    assert left[0].name.startswith(".")
    assert not shared.holds(name)
    shared.put(name, large)
    assert [one.name for one in directory.rglob("*") if one.is_file()] == [name]


def test_a_share_that_hangs_is_waited_for_no_longer_than_its_timeout(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dead server of files never answers at all."""
    shared = DirectoryTier(Tier(str(directory), timeout=0.05), TransferOptions())
    release = threading.Event()
    real = os.stat

    def hanging(path: object, **options: object) -> os.stat_result:
        if str(path) == str(directory):
            release.wait(10)
        return real(path, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "stat", hanging)

    with pytest.raises(TransportTimeoutError, match="did not answer"):
        shared.reach()
    release.set()


def test_a_file_where_the_directory_should_be_is_told(file: Path) -> None:
    """It is no tier."""
    shared = DirectoryTier(Tier(str(file)), TransferOptions())

    with pytest.raises(StorageError):
        shared.reach()
    with pytest.raises(StorageError):
        shared.put(NAME, file)


def test_a_pipe_under_a_name_is_not_waited_for(shared: DirectoryTier, directory: Path) -> None:
    """Nothing in a shared directory is believed."""
    path = directory / "cas" / NAME[:2] / NAME
    path.parent.mkdir(parents=True)
    os.mkfifo(path)

    with pytest.raises(StorageError):
        shared.open_stream(NAME)
    assert not shared.holds(NAME)


def test_a_link_in_a_shared_directory_is_not_followed(
    shared: DirectoryTier, directory: Path, file: Path, tmp_path: Path
) -> None:
    """Nothing is written outside of it, whoever else may write there."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (directory / "cas").mkdir()
    (directory / "cas" / NAME[:2]).symlink_to(elsewhere)

    with pytest.raises(StorageError, match="link"):
        shared.put(NAME, file)

    assert list(elsewhere.iterdir()) == []


def test_a_share_that_hangs_in_the_middle_of_a_file_is_left(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each read is waited for, too."""
    shared = DirectoryTier(Tier(str(directory), timeout=0.05), TransferOptions())
    path = directory / "cas" / NAME[:2] / NAME
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    release = threading.Event()

    def hanging(*_: object) -> int:
        release.wait(10)
        return 0

    with shared.open_stream(NAME) as stream:
        monkeypatch.setattr(os, "preadv", hanging)
        with pytest.raises(TransportTimeoutError, match="did not answer"):
            stream.readinto(memoryview(bytearray(10)))
        release.set()
