"""Files and directories are written whole or not at all."""

from __future__ import annotations

import errno
import os
import resource
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from store.errors import CacheError, StorageError
from store.files import atomic

EachFault = Callable[..., int]
CALLS = ["os.open", "os.fchmod", "os.fsync", "os.close", "os.replace"]


def names(directory: Path) -> list[str]:
    """Return what lies in a directory."""
    return sorted(one.name for one in directory.iterdir())


def test_a_file_appears_only_when_the_block_ends(tmp_path: Path) -> None:
    """Nobody sees a file that is still being written."""
    target = tmp_path / "new" / "deep" / "file"

    with atomic.writing(target) as file:
        file.write(b"whole")
        seen = target.exists()

    assert not seen
    assert target.read_bytes() == b"whole"
    assert names(target.parent) == ["file"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, CacheError])
def test_a_block_that_fails_leaves_what_was_there(
    tmp_path: Path, error: type[BaseException]
) -> None:
    """The old file stays, no temporary does, and the block's own error is told."""
    target = tmp_path / "file"
    target.write_bytes(b"old")

    def write() -> None:
        with atomic.writing(target) as file:
            file.write(b"new")
            raise error("stop")

    with pytest.raises(error):
        write()

    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("durable", [False, True])
def test_every_call_that_fails_leaves_the_old_file_or_the_new(
    tmp_path: Path, each_fault: EachFault, *, durable: bool
) -> None:
    """Each system call fails once in turn: the file is whole, and no temporary is left."""
    target = tmp_path / "room" / "file"
    outcomes = []

    def check(*, failed: bool) -> None:
        outcomes.append((failed, target.read_bytes()))
        assert names(target.parent) == ["file"]

    target.parent.mkdir()
    calls = each_fault(
        CALLS,
        lambda: atomic.write_bytes(target, b"new", mode=0o600, durable=durable),
        check,
        prepare=lambda: target.write_bytes(b"old"),
    )

    before_the_rename = 5 if durable else 4
    assert calls == (8 if durable else 4)
    assert outcomes[:before_the_rename] == [(True, b"old")] * before_the_rename
    assert {content for _, content in outcomes[before_the_rename:]} == {b"new"}


def test_a_write_that_finds_no_room_leaves_the_old_file(tmp_path: Path) -> None:
    """A real refusal of the system while writing becomes an error that says how to make room."""
    target = tmp_path / "file"
    target.write_bytes(b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))

    try:
        with pytest.raises(StorageError, match="make room") as caught:
            atomic.write_bytes(target, bytes(1 << 20))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert caught.value.errno == errno.EFBIG
    assert caught.value.path == str(target)
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_a_file_where_a_directory_should_be_is_named(tmp_path: Path) -> None:
    """The error names the path and what to do."""
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(StorageError, match=r"in the way.*remove it") as caught:
        atomic.write_bytes(tmp_path / "file" / "below", b"data")

    assert caught.value.exit_status == 10


@pytest.mark.parametrize("name", ["a\0b", "a\ud800b"])
def test_a_path_that_cannot_be_is_a_typed_error(tmp_path: Path, name: str) -> None:
    """A NUL or a lone surrogate in a path is no bare ValueError."""
    with pytest.raises(StorageError, match="no path may hold") as caught:
        atomic.write_bytes(tmp_path / name, b"data")

    assert "\0" not in str(caught.value)
    str(caught.value).encode()


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    """Writing to a symbolic link leaves what it leads to alone."""
    (tmp_path / "real").write_bytes(b"precious")
    (tmp_path / "link").symlink_to("real")

    atomic.write_bytes(tmp_path / "link", b"new")

    assert (tmp_path / "real").read_bytes() == b"precious"
    assert not (tmp_path / "link").is_symlink()
    assert (tmp_path / "link").read_bytes() == b"new"


def test_the_mode_is_what_the_umask_leaves_or_what_is_asked_for(tmp_path: Path) -> None:
    """0666 less the umask by default, the exact mode on request."""
    old = os.umask(0o027)
    try:
        atomic.write_bytes(tmp_path / "usual", b"")
        atomic.write_bytes(tmp_path / "asked", b"", mode=0o444)
    finally:
        os.umask(old)

    assert stat.S_IMODE((tmp_path / "usual").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "asked").stat().st_mode) == 0o444


def test_durable_directories_sync_every_new_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each directory that got a new name is synchronised, and nothing where all were there."""
    synced: list[Path] = []
    monkeypatch.setattr(atomic, "sync_directory", lambda path: synced.append(Path(path)))

    atomic.make_directories(tmp_path / "a" / "b", durable=True)
    atomic.make_directories(tmp_path / "a" / "b", durable=True)
    atomic.make_directories(tmp_path / "c")

    assert set(synced) == {tmp_path, tmp_path / "a"}
    assert (tmp_path / "c").is_dir()


def test_new_parents_of_a_durable_file_are_synced_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file lasts only if the names of its new directories do."""
    synced: list[Path] = []
    monkeypatch.setattr(atomic, "sync_directory", lambda path: synced.append(Path(path)))

    atomic.write_bytes(tmp_path / "a" / "b" / "file", b"data", durable=True)

    assert set(synced) == {tmp_path, tmp_path / "a", tmp_path / "a" / "b"}


def test_a_private_directory_goes_with_all_it_holds(tmp_path: Path) -> None:
    """Nobody else may look in, and nothing of it stays."""
    with atomic.private_directory(tmp_path / "work") as directory:
        mode = stat.S_IMODE(directory.stat().st_mode)
        (directory / "tree").mkdir()
        (directory / "tree" / "file").write_bytes(b"data")

    assert mode == 0o700
    assert names(tmp_path / "work") == []


def test_a_private_directory_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    """A file in the way is named."""
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(StorageError), atomic.private_directory(tmp_path / "file"):
        pytest.fail("there is no directory")


def test_discarding_removes_a_link_and_not_what_it_leads_to(tmp_path: Path) -> None:
    """Files, trees, links and nothing at all are discarded without a word."""
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_bytes(b"data")
    (tmp_path / "link").symlink_to("precious")
    (tmp_path / "tree" / "below").mkdir(parents=True)

    for name in ("link", "tree", "missing"):
        atomic.discard(tmp_path / name)

    assert names(tmp_path) == ["precious"]
    assert (tmp_path / "precious" / "file").exists()


def test_a_file_that_exists_is_not_created_again(tmp_path: Path) -> None:
    """Exclusive means exclusive, for a dangling link too."""
    (tmp_path / "link").symlink_to("nowhere")

    with pytest.raises(FileExistsError):
        atomic.create_exclusively(tmp_path / "link")

    assert not (tmp_path / "nowhere").exists()
