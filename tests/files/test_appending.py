"""Lines of several writers stand one after the other."""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from pathlib import Path

import pytest

from store.files.appending import append, unwritten


def test_lines_are_added_whole(tmp_path: Path) -> None:
    """By many at once; the size afterwards is told."""
    path = tmp_path / "log"
    line = b"x" * 60 + b"\n"
    threads = [
        threading.Thread(target=lambda: [append(str(path), line) for _ in range(200)])
        for _ in range(4)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert path.read_bytes() == line * 800
    assert append(str(path), b"last\n") == 61 * 800 + 5


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """What it leads to stays as it was."""
    (tmp_path / "other").write_bytes(b"")
    (tmp_path / "log").symlink_to(tmp_path / "other")

    with pytest.raises(OSError, match="Too many levels"):
        append(str(tmp_path / "log"), b"x\n")
    assert (tmp_path / "other").read_bytes() == b""


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    """A pipe that somebody reads takes nothing, one that nobody reads does not hold us up."""
    path = tmp_path / "log"
    os.mkfifo(path)

    with pytest.raises(OSError, match="No such device"):
        append(str(path), b"x\n")
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with pytest.raises(OSError, match="no regular file"):
            append(str(path), b"x\n")
        assert os.read(reader, 10) == b""
    finally:
        os.close(reader)


def test_a_line_never_goes_to_a_file_that_was_put_aside(tmp_path: Path) -> None:
    """Renamed between opening and writing: it goes to the new one, and the old one is unwritten."""
    path = tmp_path / "log"
    append(str(path), b"one\n")
    opened = os.open

    def renaming(name: str, flags: int, mode: int = 0o777) -> int:
        descriptor = opened(name, flags, mode)
        if not (tmp_path / "aside").exists():
            path.rename(tmp_path / "aside")
        return descriptor

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", renaming)
        append(str(path), b"two\n")

    assert unwritten(str(tmp_path / "aside"))
    assert (tmp_path / "aside").read_bytes() == b"one\n"
    assert path.read_bytes() == b"two\n"


def test_what_is_put_aside_for_ever_is_given_up(tmp_path: Path) -> None:
    """Nobody turns in circles."""
    path = tmp_path / "log"
    opened = os.open

    def renaming(name: str, flags: int, mode: int = 0o777) -> int:
        descriptor = opened(name, flags, mode)
        path.rename(tmp_path / "aside")
        return descriptor

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", renaming)
        with pytest.raises(BlockingIOError, match="aside"):
            append(str(path), b"two\n")


def test_whoever_is_adding_is_waited_for(tmp_path: Path) -> None:
    """Until then the file is not unwritten, whatever its name is."""
    path = tmp_path / "log"
    seen: list[bool] = []
    write = os.write

    def looking(descriptor: int, line: bytes) -> int:
        path.rename(tmp_path / "aside")
        seen.append(unwritten(str(tmp_path / "aside")))
        return write(descriptor, line)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "write", looking)
        append(str(path), b"two\n")

    assert seen == [False]
    assert unwritten(str(tmp_path / "aside"))
    assert unwritten(str(tmp_path / "nothing"))


def test_where_there_are_no_locks_lines_are_added_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a network disk without them."""

    def failing(*_: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", failing)

    assert append(str(tmp_path / "log"), b"one\n") == 4
    assert unwritten(str(tmp_path / "log"))
