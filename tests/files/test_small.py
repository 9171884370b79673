"""Small files are whole or not there, with few system calls."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.files.small import lay_small, lay_small_where, put_small, write_small
from store.testing.disk_faults import disk_full, failing_call

DATA = b"data" * 100


@pytest.fixture
def own(tmp_path: Path) -> str:
    """A name that nobody else knows."""
    (tmp_path / "private").mkdir()
    return str(tmp_path / "private" / "1")


@given(data=st.binary(max_size=300))
def test_a_file_holds_what_it_was_given(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    """Nothing at all, too; and what is told of it is true."""
    path = tmp_path_factory.mktemp("small") / "file"

    status = write_small(str(path), memoryview(data))

    assert path.read_bytes() == data
    assert os.path.samestat(status, path.stat())
    assert status.st_size == len(data)


@pytest.mark.parametrize("mode", [0o666, 0o444])
def test_the_umask_takes_its_own(own: str, mode: int) -> None:
    """As it does of any file."""
    mask = os.umask(0o027)
    try:
        status = write_small(own, DATA, mode)
    finally:
        os.umask(mask)

    assert stat.S_IMODE(status.st_mode) == mode & ~0o027


@pytest.mark.parametrize("make", [Path.touch, lambda path: path.symlink_to("elsewhere")])
def test_what_lies_there_is_left(own: str, make: Callable[[Path], object]) -> None:
    """A file, or a link to nowhere, that nobody expected."""
    make(Path(own))

    with pytest.raises(FileExistsError):
        write_small(own, DATA)

    assert os.path.lexists(own)
    assert not Path(own).with_name("elsewhere").exists()


def test_a_write_that_takes_only_a_part_is_gone_on_with(
    own: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A system may take less than it is given."""
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:7]))

    write_small(own, memoryview(DATA))

    assert Path(own).read_bytes() == DATA


@pytest.mark.parametrize("after", [0, 10])
def test_a_full_disk_leaves_nothing(own: str, tmp_path: Path, after: int) -> None:
    """The error is the system's."""
    with disk_full(tmp_path, after=after), pytest.raises(OSError, match="No space") as caught:
        write_small(own, DATA)

    assert caught.value.errno == errno.ENOSPC
    assert not os.path.lexists(own)


def test_a_file_is_put_in_its_place(own: str, tmp_path: Path) -> None:
    """Directories that are missing are made, and what lay there is replaced."""
    target = tmp_path / "a" / "b" / "file"

    for data in (b"first", DATA):
        status, linked = put_small(own, str(target), data, 0o444)

        assert target.read_bytes() == data
        assert target.stat().st_ino == status.st_ino
        assert not linked
    assert not os.path.lexists(own)


def test_a_file_of_which_nothing_is_told_is_put_in_its_place(own: str, tmp_path: Path) -> None:
    """As any other."""
    target = tmp_path / "a" / "file"

    lay_small(own, str(target), DATA, 0o444)

    assert target.read_bytes() == DATA
    assert not target.stat().st_mode & 0o222
    assert not os.path.lexists(own)


@pytest.mark.parametrize("anew", [False, True])
@pytest.mark.parametrize("links", [False, True])
def test_what_lies_there_is_replaced_only_where_that_is_allowed(
    own: str, tmp_path: Path, *, anew: bool, links: bool
) -> None:
    """It is asked right before; where a link gives the name, what is not there need not be asked about."""
    target = tmp_path / "a" / "file"
    asked: list[bool] = []

    with failing_call("link", errno.EPERM, number=9 if links else 1, below=tmp_path):
        lay_small_where(lambda: asked.append(True), own, str(target), b"first", anew=anew)
        assert bool(asked) is not (anew and links)
        lay_small_where(lambda: asked.append(True), own, str(target), DATA, anew=anew)
        assert asked[-1:] == [True]
        with pytest.raises(ZeroDivisionError):
            lay_small_where(lambda: 1 / 0, own, str(target), b"third", anew=anew)

    assert target.read_bytes() == DATA
    assert target.stat().st_nlink == 1
    assert not os.path.lexists(own)


def test_a_private_directory_that_is_gone_is_made_again(own: str, tmp_path: Path) -> None:
    """A fork's child may have removed it."""
    Path(own).parent.rmdir()

    put_small(own, str(tmp_path / "file"), DATA)

    assert (tmp_path / "file").read_bytes() == DATA


def test_a_file_gets_a_second_name(own: str, tmp_path: Path) -> None:
    """In a directory that is made for it."""
    target, also = tmp_path / "file", tmp_path / "c" / "also"

    _, linked = put_small(own, str(target), DATA, also=str(also))

    assert linked
    assert target.samefile(also)


@pytest.mark.parametrize("make", [Path.touch, Path.mkdir, lambda path: path.symlink_to("x")])
def test_what_lies_at_the_second_name_stays(
    own: str, tmp_path: Path, make: Callable[[Path], object]
) -> None:
    """And the file is put all the same."""
    also = tmp_path / "also"
    make(also)

    _, linked = put_small(own, str(tmp_path / "file"), DATA, also=str(also))

    assert not linked
    assert (tmp_path / "file").stat().st_nlink == 1
    assert os.path.lexists(also)


@pytest.mark.parametrize("also", [None, "also"])
def test_what_cannot_be_renamed_leaves_nothing(own: str, tmp_path: Path, also: str | None) -> None:
    """Neither under its own name nor under the second."""
    (tmp_path / "target").mkdir()
    second = None if also is None else str(tmp_path / also)

    with pytest.raises(IsADirectoryError):
        put_small(own, str(tmp_path / "target"), DATA, also=second)

    assert not os.path.lexists(own)
    assert not (tmp_path / "also").exists()


@pytest.mark.parametrize("call", ["open", "write", "fstat", "link", "rename", "close"])
def test_each_call_that_fails_leaves_nothing_or_all(own: str, tmp_path: Path, call: str) -> None:
    """Never a file that is not whole."""
    target = tmp_path / "there" / "file"
    arguments: dict[str, Any] = {"also": str(tmp_path / "also")}

    for number in range(1, 5):
        with failing_call(call, errno.EIO, number=number, below=tmp_path):
            try:
                put_small(own, str(target), DATA, **arguments)
            except OSError:
                assert not target.exists()
                assert not (tmp_path / "also").exists()
        assert not os.path.lexists(own)
        if target.exists():
            assert target.read_bytes() == DATA
            target.unlink()
            (tmp_path / "also").unlink(missing_ok=True)
