"""Two releases, or a release and a folder, differ in contents, x bits and empty directories."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from store.releases.checking import check_folder, check_release
from store.releases.comparing import Difference, compare_folder, compare_records
from store.releases.downloading import Manner, download
from store.releases.filesystem import FileSystemArchive
from store.releases.names import DEFAULT_WORKSPACE
from store.releases.publishing import Published
from store.releases.records import Record

Release = Callable[..., Published]
NONE = Difference((), (), ())


@pytest.fixture
def record(archive: FileSystemArchive, release: Release, tmp_path: Path) -> Record:
    """A release that was fetched to ``here``."""
    found = release("1.0.0").record
    download(archive, found, DEFAULT_WORKSPACE, tmp_path / "here", Manner(durable=False))
    return found


def test_x_bits_count(record: Record, release: Release, project: Path, tmp_path: Path) -> None:
    """In a folder as between two releases; bits for writing do not."""
    here = tmp_path / "here"
    (here / "a.txt").chmod(0o444)
    same = compare_folder(record, here), check_folder(record, here)
    for root in (here, project):
        (root / "run.sh").chmod(0o644)
        (root / "empty.txt").chmod(0o755)

    faults = check_folder(record, here)

    assert same == (NONE, ())
    assert compare_folder(record, here).changed == ("empty.txt", "run.sh")
    assert compare_records(record, release("2.0.0").record).changed == ("empty.txt", "run.sh")
    assert [one.path for one in faults] == ["empty.txt", "run.sh"]
    assert all("running" in one.reason for one in faults)


def test_empty_directories_count(
    record: Record, release: Release, project: Path, tmp_path: Path
) -> None:
    """Where the other has none of that name, empty or not."""
    here = tmp_path / "here"
    for root in (here, project):
        (root / "nothing").rmdir()
        (root / "more" / "deep").mkdir(parents=True)
    expected = Difference(("more/deep/",), ("nothing/",), ())

    assert compare_folder(record, here) == expected
    assert compare_records(record, release("2.0.0").record) == expected
    (here / "nothing").mkdir()
    (here / "nothing" / "a").write_bytes(b"a")
    assert compare_folder(record, here) == Difference(("more/deep/", "nothing/a"), (), ())
    assert compare_folder(record, here, whole=False) == NONE


def test_a_directory_in_a_files_place_is_a_fault(record: Record, tmp_path: Path) -> None:
    """It ends the look at one file, not at all of them."""
    (tmp_path / "here" / "a.txt").unlink()
    (tmp_path / "here" / "a.txt").mkdir()

    assert check_folder(record, tmp_path / "here") == (("a.txt", "it was changed"),)


@pytest.mark.parametrize("kind", ["directory", "link", "fifo"])
def test_what_is_no_file_in_a_blobs_place_is_a_fault(
    archive: FileSystemArchive, record: Record, tmp_path: Path, kind: str
) -> None:
    """Like any other damage: told with the path, and the other files are looked at."""
    pid = record.blob("a.txt").pid or ""
    blob = archive.archive_path / DEFAULT_WORKSPACE / "survey" / "blobs" / pid[:2] / pid
    blob.unlink()
    if kind == "directory":
        blob.mkdir()
    elif kind == "link":
        blob.symlink_to(tmp_path / "here" / "a.txt")
    else:
        os.mkfifo(blob)

    faults = check_release(archive, record, workspace=DEFAULT_WORKSPACE, via=tmp_path / "via")

    assert [one.path for one in faults] == ["a.txt"]
    assert "is no file" in faults[0].reason


def test_what_no_release_can_have_is_told_as_more(record: Record, tmp_path: Path) -> None:
    """A folder may hold anything: to compare it is not to publish it."""
    here = tmp_path / "here"
    (here / "odd\nname").touch()
    deep = here.joinpath(*"d" * 101)
    deep.mkdir(parents=True)
    (deep / "file").touch()

    found = compare_folder(record, here)

    assert found.added == (f"{'d/' * 101}file", "odd\nname")
