"""A file is placed by reflink, hard link or copy, whole or not at all."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from store.errors import StorageError
from store.files import placing
from store.files.placing import copy_descriptor, place
from store.testing.disk_faults import disk_full

EachFault = Callable[..., int]
CALLS = [
    "os.open",
    "os.fstat",
    "os.lseek",
    "os.copy_file_range",
    "os.readv",
    "os.write",
    "os.fsync",
    "os.link",
    "os.replace",
]


def names(directory: Path) -> list[str]:
    """Return what lies in a directory."""
    return sorted(one.name for one in directory.iterdir())


def refusing(number: int) -> Callable[..., Any]:
    """Return a system call that always says no."""

    def call(*args: Any, **options: Any) -> Any:
        raise OSError(number, os.strerror(number))

    return call


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a read-only file of 3 MiB and a little, as the cache keeps one."""
    path = tmp_path / "content" / "file"
    path.parent.mkdir()
    path.write_bytes(os.urandom(3_200_000))
    path.chmod(0o444)
    return path


@pytest.fixture
def umask() -> Iterator[Callable[[int], int]]:
    """Return what sets the umask until the test ends."""
    old = os.umask(0o022)
    yield os.umask
    os.umask(old)


@pytest.mark.parametrize("durable", [False, True])
def test_the_target_is_a_private_editable_copy(
    source: Path, tmp_path: Path, umask: Callable[[int], int], *, durable: bool
) -> None:
    """Parents are made; editing the target leaves the source alone."""
    target = tmp_path / "new" / "deep" / "file"

    method = place(source, target, durable=durable)
    same = target.read_bytes() == source.read_bytes()
    target.write_bytes(b"edited")

    assert method in {"reflink", "copy"}
    assert same
    assert source.stat().st_size == 3_200_000
    assert stat.S_IMODE(target.stat().st_mode) == 0o644
    assert names(target.parent) == ["file"]


@pytest.mark.parametrize(
    ("mask", "mode", "wanted"),
    [(0o022, 0o555, 0o755), (0o027, 0o444, 0o640), (0o077, 0o755, 0o700), (0o002, 0o544, 0o764)],
)
def test_the_mode_is_the_umasks_with_the_sources_x_bits(  # noqa: PLR0917 - a table of modes
    source: Path, tmp_path: Path, umask: Callable[[int], int], mask: int, mode: int, wanted: int
) -> None:
    """The kernel applies the umask, as it does to any file that a program makes."""
    source.chmod(mode)
    umask(mask)

    place(source, tmp_path / "target")

    assert stat.S_IMODE((tmp_path / "target").stat().st_mode) == wanted


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_kernel_that_cannot_copy_is_done_without(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Neither FICLONE nor copy_file_range is needed."""
    monkeypatch.setattr(fcntl, "ioctl", refusing(number))
    monkeypatch.setattr(os, "copy_file_range", refusing(number))

    method = place(source, tmp_path / "target")

    assert method == "copy"
    assert (tmp_path / "target").read_bytes() == source.read_bytes()


def test_a_system_without_copy_file_range_reads_and_writes(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the call does not exist, and where writes are short, every byte arrives."""
    write = os.write
    monkeypatch.setattr(fcntl, "ioctl", refusing(errno.ENOTTY))
    monkeypatch.delattr(os, "copy_file_range")
    monkeypatch.setattr(os, "write", lambda to, data: write(to, data[:65_537]))

    place(source, tmp_path / "target")

    assert (tmp_path / "target").read_bytes() == source.read_bytes()


@pytest.mark.parametrize("ending", ["refuses", "says nothing is left"])
def test_a_kernel_that_stops_half_way_is_finished_by_hand(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    """What copy_file_range did counts; the rest is read and written."""
    real, calls = os.copy_file_range, []

    def half(one: int, other: int, count: int) -> int:
        calls.append(count)
        if len(calls) == 1:
            return real(one, other, 1_000_000)
        if ending == "refuses":
            raise OSError(errno.EINVAL, "enough")
        return 0

    monkeypatch.setattr(fcntl, "ioctl", refusing(errno.EOPNOTSUPP))
    monkeypatch.setattr(os, "copy_file_range", half)

    place(source, tmp_path / "target")

    assert len(calls) == 2
    assert (tmp_path / "target").read_bytes() == source.read_bytes()


def test_a_reflink_is_said_to_be_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that shares blocks is asked first, and nothing is copied after it."""

    def clone(target: int, request: int, source: int) -> int:
        assert request == 0x40049409
        os.write(target, os.pread(source, 100, 0))
        return 0

    (tmp_path / "source").write_bytes(b"shared")
    monkeypatch.setattr(fcntl, "ioctl", clone)
    monkeypatch.setattr(os, "copy_file_range", refusing(errno.EIO))

    method = place(tmp_path / "source", tmp_path / "target")

    assert method == "reflink"
    assert (tmp_path / "target").read_bytes() == b"shared"


@pytest.mark.parametrize("call", ["fcntl.ioctl", "os.copy_file_range"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_full_or_broken_disk_is_not_tried_again(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    """What no other way of copying can mend ends at once, and what was there stays."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "target").write_bytes(b"old")
    monkeypatch.setattr(fcntl, "ioctl", refusing(errno.EOPNOTSUPP))
    monkeypatch.setattr(call, refusing(number))

    with pytest.raises(StorageError) as caught:
        place(source, tmp_path / "out" / "target")

    assert caught.value.errno == number
    assert (tmp_path / "out" / "target").read_bytes() == b"old"
    assert names(tmp_path / "out") == ["target"]


@pytest.mark.parametrize("link", [False, True])
def test_every_call_that_fails_leaves_the_old_file_or_the_new(
    source: Path,
    tmp_path: Path,
    each_fault: EachFault,
    monkeypatch: pytest.MonkeyPatch,
    *,
    link: bool,
) -> None:
    """Each system call fails once in turn: the target is whole, and no temporary is left."""
    target = tmp_path / "out" / "file"
    target.parent.mkdir()
    new = source.read_bytes()
    monkeypatch.setattr(fcntl, "ioctl", refusing(errno.EOPNOTSUPP))
    outcomes = []

    def prepare() -> None:
        target.unlink(missing_ok=True)
        target.write_bytes(b"old")

    def check(*, failed: bool) -> None:
        content = target.read_bytes()
        outcomes.append(failed)
        assert content == new or (failed and content == b"old")
        assert names(target.parent) == ["file"]
        assert source.read_bytes() == new

    calls = each_fault(
        CALLS, lambda: place(source, target, link=link, durable=True), check, prepare
    )

    assert calls > 5
    assert True in outcomes
    assert outcomes[-1] is False


@pytest.mark.parametrize("durable", [False, True])
def test_the_same_content_is_left_alone(source: Path, tmp_path: Path, *, durable: bool) -> None:
    """Inode, times and mode of an identical file stay."""
    target = tmp_path / "target"
    target.write_bytes(source.read_bytes())
    target.chmod(0o600)
    os.utime(target, ns=(1, 2))
    before = target.stat()

    method = place(source, target, durable=durable)

    after = target.stat()
    assert method == "kept"
    assert (after.st_ino, after.st_mtime_ns, after.st_mode) == (
        before.st_ino,
        before.st_mtime_ns,
        before.st_mode,
    )


@pytest.mark.parametrize("content", [b"", b"x" * 3_200_000, b"shorter"])
def test_other_content_is_replaced(source: Path, tmp_path: Path, content: bytes) -> None:
    """Of the same size or another."""
    target = tmp_path / "target"
    target.write_bytes(content)

    method = place(source, target)

    assert method != "kept"
    assert target.read_bytes() == source.read_bytes()


def test_an_empty_file_is_placed_and_kept(tmp_path: Path) -> None:
    """Nothing to copy is no failure."""
    (tmp_path / "source").write_bytes(b"")

    methods = [place(tmp_path / "source", tmp_path / "target") for _ in range(2)]

    assert methods in (["copy", "kept"], ["reflink", "kept"])


def test_an_unreadable_target_is_replaced(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the same size, but nobody may compare it."""
    target, real = tmp_path / "target", os.open
    target.write_bytes(bytes(3_200_000))

    def guarded(path: Any, flags: int, *rest: Any) -> int:
        if Path(path) == target:
            raise PermissionError(errno.EACCES, "no")
        return real(path, flags, *rest)

    monkeypatch.setattr(os, "open", guarded)
    place(source, target)
    monkeypatch.undo()

    assert target.read_bytes() == source.read_bytes()


def test_a_hard_link_of_the_source_is_made_private(source: Path, tmp_path: Path) -> None:
    """Without ``link`` the target must not be the cache's own file."""
    target = tmp_path / "target"
    target.hardlink_to(source)

    method = place(source, target)

    assert method in {"reflink", "copy"}
    assert not target.samefile(source)


@pytest.mark.parametrize("durable", [False, True])
def test_a_hard_link_is_made_on_request(source: Path, tmp_path: Path, *, durable: bool) -> None:
    """And kept when it is asked for again; what lay there is replaced."""
    target = tmp_path / "new" / "target"
    target.parent.mkdir()
    target.write_bytes(b"old")

    methods = [place(source, target, link=True, durable=durable) for _ in range(2)]

    assert methods == ["link", "kept"]
    assert target.samefile(source)
    assert names(target.parent) == ["target"]


def test_a_link_made_by_another_meanwhile_leaves_no_temporary(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """rename(2) does nothing where both names are of one file already."""
    target, real = tmp_path / "out" / "target", os.link

    def link(one: Path, other: Path, *, follow_symlinks: bool) -> None:
        real(one, other, follow_symlinks=follow_symlinks)
        real(one, target)

    monkeypatch.setattr(os, "link", link)
    method = place(source, target, link=True)

    assert method == "link"
    assert names(target.parent) == ["target"]


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EMLINK, errno.EPERM])
def test_where_no_link_can_be_made_a_copy_is(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Another file system, too many links, or none allowed."""
    monkeypatch.setattr(os, "link", refusing(number))

    method = place(source, tmp_path / "target", link=True)

    assert method in {"reflink", "copy"}
    assert not (tmp_path / "target").samefile(source)


@pytest.mark.parametrize("link", [False, True])
@pytest.mark.parametrize("leads_to", ["precious", "directory", "nowhere"])
def test_a_symbolic_link_is_replaced_and_not_followed(
    source: Path, tmp_path: Path, leads_to: str, *, link: bool
) -> None:
    """Even one to the very same content, to a directory, or to nothing."""
    (tmp_path / "directory").mkdir()
    (tmp_path / "precious").write_bytes(source.read_bytes())
    inode = (tmp_path / "precious").stat().st_ino
    (tmp_path / "target").symlink_to(leads_to)

    place(source, tmp_path / "target", link=link)

    assert not (tmp_path / "target").is_symlink()
    assert (tmp_path / "target").read_bytes() == source.read_bytes()
    assert (tmp_path / "precious").stat().st_ino == inode
    assert names(tmp_path / "directory") == []
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("link", [False, True])
@pytest.mark.parametrize("leads_to", ["fifo", "/dev/null", "/proc/self/fd/1"])
def test_a_link_to_a_stream_or_a_device_is_not_replaced(
    source: Path, tmp_path: Path, leads_to: str, *, link: bool
) -> None:
    """The system needs ``/dev/stdout`` as it is, wherever stdout leads just now."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "target").symlink_to(leads_to)

    with pytest.raises(StorageError, match="a special file is in the way: choose another path"):
        place(source, tmp_path / "target", link=link)

    assert (tmp_path / "target").is_symlink()


@pytest.mark.parametrize("link", [False, True])
def test_what_is_no_file_is_not_replaced(source: Path, tmp_path: Path, *, link: bool) -> None:
    """A directory or a special file in the way is an error that says so."""
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "fifo")

    with pytest.raises(StorageError, match=r"a directory is in the way.*remove it"):
        place(source, tmp_path / "directory", link=link)
    with pytest.raises(StorageError, match="a special file is in the way"):
        place(source, tmp_path / "fifo", link=link)

    assert names(tmp_path) == ["content", "directory", "fifo"]
    assert stat.S_ISFIFO((tmp_path / "fifo").stat().st_mode)


def test_a_file_in_the_way_of_a_parent_is_named(source: Path, tmp_path: Path) -> None:
    """The error is of our tree and says what to do."""
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(StorageError, match=r"in the way.*remove it"):
        place(source, tmp_path / "file" / "below")


@pytest.mark.parametrize("kind", ["missing", "directory", "fifo", "link", "nul\0"])
def test_a_source_that_is_no_regular_file_is_refused(
    source: Path, tmp_path: Path, kind: str
) -> None:
    """Neither waited for nor followed; the error names the source, and the target stays."""
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to(source)
    (tmp_path / "target").write_bytes(b"old")

    with pytest.raises(StorageError) as caught:
        place(tmp_path / kind, tmp_path / "target")

    assert caught.value.path == str(tmp_path / kind)
    assert (tmp_path / "target").read_bytes() == b"old"


def test_descriptors_are_copied_from_their_beginnings(source: Path, tmp_path: Path) -> None:
    """Wherever their positions are."""
    with source.open("rb") as one, (tmp_path / "target").open("wb") as other:
        one.seek(1000)
        method = copy_descriptor(one.fileno(), other.fileno())

    assert method in {"reflink", "copy"}
    assert (tmp_path / "target").read_bytes() == source.read_bytes()


def test_a_copy_is_made_a_chunk_at_a_time(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chunks smaller than the file change nothing."""
    monkeypatch.setattr(placing, "_KERNEL_CHUNK", 70_001)
    monkeypatch.setattr(placing, "_CHUNK", 70_001)

    methods = [place(source, tmp_path / "target"), place(source, tmp_path / "target")]

    assert methods[1] == "kept"
    assert (tmp_path / "target").read_bytes() == source.read_bytes()


def test_what_does_not_fit_says_how_much_was_needed(source: Path, tmp_path: Path) -> None:
    """Free is what is free again once the copy is gone."""
    with disk_full(tmp_path / "out", after=1_000_000), pytest.raises(StorageError) as caught:
        place(source, tmp_path / "out" / "file")

    assert caught.value.needed == 3_200_000
    assert "3200000 bytes needed" in str(caught.value)
