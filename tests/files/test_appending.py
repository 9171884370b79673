"""Lines of several writers stand one after the other."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from store.files.appending import append


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
