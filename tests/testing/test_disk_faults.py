"""A disk that is full, read-only or failing is so for its directory alone, and is mended afterwards."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from store.errors import StorageError
from store.files.atomic import write_bytes
from store.testing.disk_faults import disk_full, failing_call, read_only
from store.testing.fakes import FakeStore

CHANGES: dict[str, Callable[[Path], object]] = {
    "write": lambda root: (root / "new").write_bytes(b"x"),
    "append": lambda root: (root / "file").open("ab"),
    "append text": lambda root: open(root / "file", "a"),  # noqa: PTH123, SIM115 - the plain call is tried
    "create": lambda root: os.open(root / "new", os.O_CREAT | os.O_WRONLY),
    "make directory": lambda root: (root / "new").mkdir(),
    "remove": lambda root: (root / "file").unlink(),
    "remove directory": lambda root: (root / "empty").rmdir(),
    "rename": lambda root: (root / "file").rename(root / "new"),
    "replace from elsewhere": lambda root: (root.parent / "outside").replace(root / "file"),
    "link": lambda root: os.link(root.parent / "outside", root / "new"),
    "symlink": lambda root: (root / "new").symlink_to("anywhere"),
    "change mode": lambda root: (root / "file").chmod(0o600),
    "change times": lambda root: os.utime(root / "file"),
    "truncate": lambda root: os.truncate(root / "file", 1),
    "remove tree": lambda root: shutil.rmtree(root / "empty"),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A directory with a file in it, and one beside it."""
    root = tmp_path / "disk"
    (root / "empty").mkdir(parents=True)
    (root / "file").write_bytes(b"content")
    (tmp_path / "outside").write_bytes(b"outside")
    return root


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_read_only_disk_takes_no_change(root: Path, change: Callable[[Path], object]) -> None:
    """Every change is refused with EROFS, and nothing is changed."""
    before = sorted(root.rglob("*"))

    with read_only(root), pytest.raises(OSError, match="Read-only") as raised:
        change(root)

    assert raised.value.errno == errno.EROFS
    assert sorted(root.rglob("*")) == before
    assert (root / "file").read_bytes() == b"content"


def test_read_only_disk_can_be_read(root: Path, tmp_path: Path) -> None:
    """Reading works there, and writing elsewhere."""
    with read_only(root):
        content = (root / "file").read_bytes()
        (tmp_path / "elsewhere").write_bytes(content)
        os.link(root / "file", tmp_path / "linked")

    assert (tmp_path / "elsewhere").read_bytes() == b"content"
    (root / "new").write_bytes(b"writable again")


def test_read_only_disk_is_so_through_a_directory_descriptor(root: Path) -> None:
    """A path that begins at an open directory is found out."""
    directory = os.open(root, os.O_RDONLY)
    try:
        with read_only(root), pytest.raises(OSError, match="Read-only"):
            os.unlink("file", dir_fd=directory)
    finally:
        os.close(directory)


def _by_descriptor(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY)
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    finally:
        os.close(descriptor)


def _by_stream(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)


def _by_updating(path: Path, data: bytes) -> None:
    with path.open("w+b") as file:
        file.write(data)


def _by_text(path: Path, data: bytes) -> None:
    path.write_text(data.decode(), encoding="utf-8")


def _by_copy(path: Path, data: bytes) -> None:
    source = path.parents[1] / "source"
    source.write_bytes(data)
    shutil.copyfile(source, path)


def _by_kernel_copy(path: Path, data: bytes) -> None:
    source = path.parents[1] / "source"
    source.write_bytes(data)
    with source.open("rb") as reading, path.open("wb") as writing:
        left = len(data)
        while left:
            left -= os.copy_file_range(reading.fileno(), writing.fileno(), left)


@pytest.mark.parametrize(
    "write", [_by_descriptor, _by_stream, _by_updating, _by_text, _by_copy, _by_kernel_copy]
)
def test_full_disk_takes_what_fits(root: Path, write: Callable[[Path, bytes], None]) -> None:
    """However bytes are written, the first come through and the rest is ENOSPC."""
    with disk_full(root, after=5000), pytest.raises(OSError, match="No space") as raised:
        write(root / "new", b"0123456789" * 10_000)

    assert raised.value.errno == errno.ENOSPC
    assert (root / "new").stat().st_size <= 5000
    write(root / "again", b"0123456789" * 10_000)
    assert (root / "again").stat().st_size == 100_000


@pytest.mark.parametrize(
    "write", [_by_descriptor, _by_stream, _by_updating, _by_text, _by_copy, _by_kernel_copy]
)
def test_room_is_used_to_the_last_byte(root: Path, write: Callable[[Path, bytes], None]) -> None:
    """What fits exactly is written without an error."""
    with disk_full(root, after=5000):
        write(root / "new", b"0123456789" * 500)

    assert (root / "new").read_bytes() == b"0123456789" * 500


def test_full_disk_counts_its_own_bytes_only(root: Path, tmp_path: Path) -> None:
    """Elsewhere there is room."""
    with disk_full(root):
        (tmp_path / "elsewhere").write_bytes(bytes(100_000))
        _by_descriptor(tmp_path / "descriptor", bytes(100_000))
        _by_copy(tmp_path / "outside", b"copied")
        (root / "empty file").touch()

    assert (tmp_path / "elsewhere").stat().st_size == 100_000


def test_house_maps_a_full_disk(root: Path) -> None:
    """Our own writer tells a full disk as its error, and leaves what was there."""
    with disk_full(root, after=100), pytest.raises(StorageError, match="No space left"):
        write_bytes(root / "file", bytes(1000))

    assert (root / "file").read_bytes() == b"content"
    assert sorted(path.name for path in root.iterdir()) == ["empty", "file"]


@pytest.mark.parametrize("fault", [disk_full, read_only])
def test_cache_on_a_bad_disk_is_no_obstacle(
    fault: Callable[[Path], object], fake_store: FakeStore, store_cache_dir: Path, tmp_path: Path
) -> None:
    """A file that has a destination comes there although the cache cannot keep it."""
    query = fake_store.publish("tool", b"content of the tool")
    store_cache_dir.mkdir()

    with fault(store_cache_dir):  # type: ignore[attr-defined]
        path = fake_store.download_resource(
            fake_store.get_resource_metadata(query), str(tmp_path / "dest")
        )

    assert path is not None
    assert Path(path).read_bytes() == b"content of the tool"


def test_one_call_fails(root: Path) -> None:
    """The chosen call fails, those before and after it do not."""
    with failing_call("mkdir", errno.EIO, number=2, below=root) as calls:
        (root.parent / "elsewhere").mkdir()
        (root / "one").mkdir()
        with pytest.raises(OSError, match="Input/output error"):
            (root / "two").mkdir()
        (root / "three").mkdir()

    assert sorted(path.name for path in root.iterdir()) == ["empty", "file", "one", "three"]
    assert calls.made == 3


def test_every_call_of_a_write_may_fail(root: Path) -> None:
    """A fault of each fsync and rename in turn leaves the old file or the new one."""
    failures = 0

    for name in ("fsync", "replace"):
        number = 1
        while True:
            write_bytes(root / "file", b"old")
            with failing_call(name, errno.EIO, number=number, below=root) as calls:
                try:
                    write_bytes(root / "file", b"new", durable=True)
                except StorageError:
                    failures += 1
            assert (root / "file").read_bytes() in {b"old", b"new"}
            if calls.made < number:
                break
            number += 1

    assert failures >= 2
