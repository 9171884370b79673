"""A folder knows which of its files a release has brought, and others are left alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from store.errors import RefusedError, ResourceNotFoundError
from store.releases.downloading import Downloaded, Manner, download
from store.releases.filesystem import FileSystemArchive
from store.releases.holding import COMING, held_in, record_in
from store.releases.names import DEFAULT_WORKSPACE
from store.releases.publishing import Published
from store.releases.records import Record

from .conftest import content_of, lay

Release = Callable[..., Published]
CAREFUL = Manner(threads=1, durable=False, replace=False)


@pytest.fixture
def fetch(archive: FileSystemArchive, tmp_path: Path) -> Callable[[Record], Downloaded]:
    """Fetch a release to the folder ``here``, replacing nothing of somebody's."""

    def fetching(record: Record) -> Downloaded:
        return download(archive, record, DEFAULT_WORKSPACE, tmp_path / "here", CAREFUL)

    return fetching


def lose(archive: FileSystemArchive, record: Record, path: str) -> Callable[[], object]:
    """Take a blob away, so that a fetch breaks off; return what puts it back."""
    pid = record.blob(path).pid or ""
    blob = next(archive.archive_path.rglob(f"blobs/{pid[:2]}/{pid}"))
    data = blob.read_bytes()
    blob.unlink()
    return lambda: blob.write_bytes(data)


def test_a_file_that_no_release_brought_is_left_alone(
    release: Release, fetch: Callable[[Record], Downloaded], tmp_path: Path
) -> None:
    """It is named, nothing else is placed either, and nothing of ours stays behind."""
    record = release("1.0.0").record
    lay(tmp_path / "here", {"data/table.csv": b"mine\n", "other.txt": b"too\n"})

    for _ in range(2):
        with pytest.raises(RefusedError, match=r"data/table\.csv; .*--force") as refused:
            fetch(record)

    assert (refused.value.limit, refused.value.exit_status) == ("force", 5)
    assert "other.txt" not in str(refused.value)
    assert sorted(one.name for one in (tmp_path / "here").iterdir()) == ["data", "other.txt"]
    assert content_of(tmp_path / "here")["data/table.csv"] == b"mine\n"


def test_a_file_that_is_right_already_is_in_nobodys_way(
    release: Release, fetch: Callable[[Record], Downloaded], tmp_path: Path
) -> None:
    """Whoever has put it there: it is what the release has."""
    record = release("1.0.0").record
    lay(tmp_path / "here", {"a.txt": b"a\n"})

    done = fetch(record)

    assert done.kept == ("a.txt",)
    assert content_of(tmp_path / "here") == content_of(tmp_path / "project")


def test_a_fetch_that_broke_off_knows_its_own_files(
    archive: FileSystemArchive,
    release: Release,
    fetch: Callable[[Record], Downloaded],
    tmp_path: Path,
) -> None:
    """What it had placed, or a power cut has left empty, is not taken for somebody's."""
    record = release("1.0.0").record
    put_back = lose(archive, record, "run.sh")
    with pytest.raises(ResourceNotFoundError):
        fetch(record)
    begun = (record_in(tmp_path / "here"), (tmp_path / "here" / COMING).is_file())
    (tmp_path / "here" / "a.txt").write_bytes(b"")
    put_back()

    fetch(record)

    assert begun == (None, True)
    assert content_of(tmp_path / "here") == content_of(tmp_path / "project")
    assert [one.name for one in (tmp_path / "here" / ".rme").iterdir()] == ["record.yml"]


def test_an_upgrade_that_broke_off_is_finished_by_any_other(
    archive: FileSystemArchive,
    release: Release,
    fetch: Callable[[Record], Downloaded],
    tmp_path: Path,
) -> None:
    """The files of all that were begun meanwhile are ours, and those that the last lacks go."""
    lay(tmp_path / "two", {"a.txt": b"second\n", "only-two": b"2"})
    lay(tmp_path / "three", {"a.txt": b"third\n", "data/table.csv": b"3\n"})
    first = release("1.0.0").record
    second = release("2.0.0", directory=tmp_path / "two").record
    third = release("3.0.0", directory=tmp_path / "three").record
    fetch(first)
    lose(archive, second, "only-two")
    with pytest.raises(ResourceNotFoundError):
        fetch(second)
    between = {one.title for one in held_in(tmp_path / "here")}

    done = fetch(third)

    assert between == {"survey-v1.0.0", "survey-v2.0.0"}
    assert record_in(tmp_path / "here") == third
    assert content_of(tmp_path / "here") == content_of(tmp_path / "three")
    assert set(done.removed) >= {"run.sh", "empty.txt"}


@pytest.mark.parametrize("where", ["", "inner", "Global Public Workspace/survey"])
def test_an_archive_is_not_filled(archive: FileSystemArchive, release: Release, where: str) -> None:
    """Neither the archive itself nor a directory in it: others would take it for releases."""
    record = release("1.0.0").record
    before = sorted(archive.archive_path.rglob("*"))

    with pytest.raises(RefusedError, match="lies in the archive"):
        download(
            archive, record, DEFAULT_WORKSPACE, archive.archive_path / where, Manner(durable=False)
        )

    assert sorted(archive.archive_path.rglob("*")) == before


def test_a_release_of_an_archive_comes_again(
    release: Release, fetch: Callable[[Record], Downloaded], tmp_path: Path
) -> None:
    """The marker is a file like any other: it makes the folder no archive of its own."""
    lay(tmp_path / "one", {".rmearchive": b"", "a": b"1"})
    lay(tmp_path / "two", {"a": b"2"})
    first = release("1.0.0", directory=tmp_path / "one").record
    second = release("2.0.0", directory=tmp_path / "two").record

    fetch(first)
    again = fetch(first)
    fetch(second)

    assert again.brought == ()
    assert content_of(tmp_path / "here") == {"a": b"2"}


@pytest.mark.parametrize("broken", [False, True])
def test_a_directory_becomes_a_file_and_a_file_a_directory(
    archive: FileSystemArchive,
    release: Release,
    fetch: Callable[[Record], Downloaded],
    tmp_path: Path,
    *,
    broken: bool,
) -> None:
    """Between two versions, there and back, even if the first try broke off."""
    lay(tmp_path / "two", {"data": b"a file now\n", "a.txt/deep/b": b"b\n"})
    first = release("1.0.0").record
    second = release("2.0.0", directory=tmp_path / "two").record
    fetch(first)
    if broken:
        put_back = lose(archive, second, "data")
        with pytest.raises(ResourceNotFoundError):
            fetch(second)
        put_back()

    fetch(second)
    there = content_of(tmp_path / "here")
    fetch(first)

    assert there == content_of(tmp_path / "two")
    assert content_of(tmp_path / "here") == content_of(tmp_path / "project")


def test_what_is_the_users_keeps_a_directory(
    release: Release, fetch: Callable[[Record], Downloaded], tmp_path: Path
) -> None:
    """A file of theirs, or one that was edited, is not removed for a file that is to lie above it."""
    lay(tmp_path / "two", {"data": b"a file now\n"})
    fetch(release("1.0.0").record)
    (tmp_path / "here" / "data" / "table.csv").write_bytes(b"edited\n")

    with pytest.raises(RefusedError, match="in the way"):
        fetch(release("2.0.0", directory=tmp_path / "two").record)

    assert (tmp_path / "here" / "data" / "table.csv").read_bytes() == b"edited\n"


def test_a_whole_release_is_all_that_counts(
    release: Release, fetch: Callable[[Record], Downloaded], tmp_path: Path
) -> None:
    """Notes of earlier ones, left by a run that was cut off at its very end, make no file ours."""
    lay(tmp_path / "two", {"only-two": b"2"})
    lay(tmp_path / "three", {"a.txt": b"3"})
    first = release("1.0.0").record
    second = release("2.0.0", directory=tmp_path / "two").record
    third = release("3.0.0", directory=tmp_path / "three").record
    fetch(second)
    lay(tmp_path / "here", {".rme/earlier/left.yml": first.to_yaml().encode(), "a.txt": b"mine"})

    with pytest.raises(RefusedError, match=r"a\.txt"):
        fetch(third)

    assert held_in(tmp_path / "here") == (second,)
    assert content_of(tmp_path / "here") == {"a.txt": b"mine", "only-two": b"2"}
