"""Files become blobs once, whatever is known of the directories that they go to."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from store.errors import StorageError
from store.releases.blobs import SMALL
from store.releases.rooms import Rooms
from store.releases.taking import take_in

SHA256 = "ab" * 32


def _taken(tmp_path: Path, data: bytes, rooms: Rooms) -> Path:
    """Take in a file of some content; return where its blob is to lie."""
    source, shelf = tmp_path / "source", tmp_path / "shelf"
    source.write_bytes(data)
    done = take_in(str(source), str(shelf), str(tmp_path / "via"), {}, rooms=rooms, chunk=SMALL)
    assert (done.size, done.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    return shelf / "blobs" / done.sha256[:2] / done.sha256


@pytest.mark.parametrize("known", [True, False])
def test_a_blob_is_written_once(tmp_path: Path, *, known: bool) -> None:
    """By whoever knows its directory, and by a newcomer."""
    rooms = Rooms()
    blob = _taken(tmp_path, b"content", rooms)
    before = blob.stat()

    again = _taken(tmp_path, b"content", rooms if known else Rooms())

    assert again.stat().st_ino == before.st_ino
    assert again.read_bytes() == b"content"


@pytest.mark.parametrize("harm", [Path.unlink, lambda blob: (blob.unlink(), blob.mkdir())])
def test_a_blob_that_was_harmed_meanwhile_is_written_anew(
    tmp_path: Path, harm: Callable[[Path], object]
) -> None:
    """What is remembered of a directory says nothing of what lies there later."""
    rooms = Rooms()
    blob = _taken(tmp_path, b"content", rooms)
    harm(blob)

    assert _taken(tmp_path, b"content", rooms).read_bytes() == b"content"


def test_a_link_in_the_place_of_a_blob_is_replaced(tmp_path: Path) -> None:
    """What it leads to, or that it leads nowhere, does not matter."""
    blob = _taken(tmp_path, b"content", Rooms())
    blob.unlink()
    blob.symlink_to(tmp_path / "nowhere")

    assert _taken(tmp_path, b"content", Rooms()) == blob
    assert not blob.is_symlink()
    assert blob.read_bytes() == b"content"


def test_a_directory_that_we_made_lacks_each_blob_once(tmp_path: Path) -> None:
    """One that was there before, or was forgotten, may hold any."""
    rooms, new, old = Rooms(), tmp_path / "new", tmp_path / "old"
    old.mkdir()

    assert rooms.lack(str(new), SHA256, 3)
    assert not rooms.lack(str(new), SHA256, 3)
    assert not rooms.lack(str(old), SHA256, 3)
    rooms.settle()
    assert not rooms.lack(str(new), SHA256, 3)


def test_what_was_put_is_told_where_it_still_lies(tmp_path: Path) -> None:
    """Once: who asks again has put nothing since."""
    rooms = Rooms()
    kept, gone = (_taken(tmp_path, data, rooms) for data in (b"kept", b"gone!"))
    gone.unlink()

    assert rooms.settle() == {kept.name: 4}
    assert rooms.settle() == {}


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """By its name."""
    (tmp_path / "file").touch()

    with pytest.raises(StorageError, match="file/below"):
        Rooms().lack(str(tmp_path / "file" / "below"), SHA256, 3)
