"""A whole file is made where none is, and only there."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from store.errors import StorageError
from store.files.exclusive import create_whole
from store.testing.disk_faults import failing_call


@pytest.mark.parametrize("links", [True, False])
def test_of_many_one_makes_it(tmp_path: Path, links: bool) -> None:  # noqa: FBT001 - a parameter
    """The file holds what one of them wrote; nothing unfinished is left, with links or without."""
    made: list[bytes] = []
    start = threading.Barrier(8)

    def create(content: bytes) -> None:
        start.wait()
        try:
            create_whole(tmp_path / "a" / "file", content, via=tmp_path / "via", durable=False)
        except FileExistsError:
            return
        made.append(content)

    original = os.link
    if not links:
        os.link = _no_links
    try:
        threads = [threading.Thread(target=create, args=(b"%d" % n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        os.link = original

    assert [(tmp_path / "a" / "file").read_bytes()] == made
    assert [one.name for one in (tmp_path / "via").iterdir() if one.name != "exclusive.lock"] == []


def test_a_failing_disk_is_told(tmp_path: Path) -> None:
    """And nothing is made."""
    with failing_call("fsync", errno.EIO), pytest.raises(StorageError):
        create_whole(tmp_path / "file", b"x", via=tmp_path / "via")
    with failing_call("link", errno.EIO), pytest.raises(StorageError):
        create_whole(tmp_path / "file", b"x", via=tmp_path / "via")

    assert not (tmp_path / "file").exists()
    create_whole(tmp_path / "file", b"x", via=tmp_path / "via", mode=0o400)
    assert (tmp_path / "file").read_bytes() == b"x"


def _no_links(*_: object, **__: object) -> None:
    raise OSError(errno.EPERM, "no links here")
