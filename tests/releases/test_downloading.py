"""A folder gets what was published, and nothing outside of it is touched."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from store.errors import (
    ArchiveError,
    IntegrityError,
    QueryError,
    RefusedError,
    ReleaseRecordNotFoundError,
    ResourceNotFoundError,
    StorageError,
    UnsafeNameError,
)
from store.files.dirlocks import alone_in, take_directory
from store.releases.checking import check_release
from store.releases.downloading import Manner, download
from store.releases.filesystem import FileSystemArchive
from store.releases.holding import record_in
from store.releases.mapping import project_of
from store.releases.names import DEFAULT_WORKSPACE
from store.releases.publishing import Published, Wanted, publish
from store.releases.records import Record, compose, signed
from store.releases.versions import Version

from .conftest import content_of, lay

Release = Callable[..., Published]
MANNER = Manner(durable=False)


def test_a_folder_for_readers_is_read_only(
    archive: FileSystemArchive, release: Release, tmp_path: Path
) -> None:
    """``download_release`` fills a folder that its users cannot edit by mistake; x bits stay."""
    release("1.0.0")
    data = archive.get_release_records("survey")["survey-v1.0.0"]

    archive.download_release(data, DEFAULT_WORKSPACE, 2, tmp_path / "here", progress_bar=False)

    modes = {
        path: (tmp_path / "here" / path).stat().st_mode & 0o777 for path in ("a.txt", "run.sh")
    }
    assert [mode & 0o222 for mode in modes.values()] == [0, 0]
    assert [bool(mode & 0o100) for mode in modes.values()] == [False, True]


@pytest.mark.parametrize("named", [{}, {"release_cache_folder": ""}])
def test_the_folder_must_be_named(
    archive: FileSystemArchive,
    release: Release,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    named: dict[str, Any],
) -> None:
    """It is no default: files of the working directory would be replaced."""
    release("1.0.0")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")

    with pytest.raises(QueryError, match="'release_cache_folder'"):
        archive.download_release(archive.newest_record("survey"), **named)

    assert list(Path.cwd().iterdir()) == []


def test_a_file_that_is_right_gets_its_bits(
    archive: FileSystemArchive, release: Release, tmp_path: Path
) -> None:
    """What lies there and has the right content is not brought again, only made what it must be."""
    record, folder = release("1.0.0").record, tmp_path / "here"
    download(archive, record, DEFAULT_WORKSPACE, folder, MANNER)
    (folder / "run.sh").chmod(0o444)
    (folder / "a.txt").chmod(0o755)

    done = download(archive, record, DEFAULT_WORKSPACE, folder, MANNER)

    assert done.brought == ()
    assert (folder / "run.sh").stat().st_mode & 0o300 == 0o300
    assert (folder / "a.txt").stat().st_mode & 0o111 == 0


def test_one_at_a_time_fills_a_folder(
    archive: FileSystemArchive, release: Release, tmp_path: Path
) -> None:
    """Otherwise the record of one version could lie among the files of another."""
    record, folder = release("1.0.0").record, tmp_path / "here"
    (folder / ".rme").mkdir(parents=True)
    other = threading.Thread(
        target=download, args=(archive, record, DEFAULT_WORKSPACE, folder, MANNER)
    )

    with alone_in(folder / ".rme"):
        other.start()
        other.join(0.2)
        waited = other.is_alive() and not (folder / "a.txt").exists()
    other.join(30)

    assert waited
    assert record_in(folder) is not None


def test_a_bar_moves(
    archive: FileSystemArchive, release: Release, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """It is drawn on stderr, with the title, up to the whole."""
    release("1.0.0")
    data = archive.get_release_records("survey")["survey-v1.0.0"]

    archive.download_release(data, DEFAULT_WORKSPACE, 2, tmp_path / "here")

    told = capfd.readouterr()
    assert "survey-v1.0.0" in told.err
    assert "100%" in told.err
    assert told.out == ""


@pytest.mark.parametrize("where", ["data", "data/table.csv", ".rme"])
def test_links_in_the_folder_lead_nowhere(
    archive: FileSystemArchive, release: Release, tmp_path: Path, where: str
) -> None:
    """A link to a directory is not passed through, one in a file's place is replaced."""
    record, folder, outside = release("1.0.0").record, tmp_path / "here", tmp_path / "outside"
    outside.mkdir()
    (outside / "table.csv").write_bytes(b"mine\n")
    (folder / where).parent.mkdir(parents=True)
    (folder / where).symlink_to(outside / "table.csv" if "." in where[1:] else outside)

    if where == "data/table.csv":
        download(archive, record, DEFAULT_WORKSPACE, folder, MANNER)
        assert content_of(folder) == content_of(tmp_path / "project")
    else:
        with pytest.raises(UnsafeNameError, match="is a link"):
            download(archive, record, DEFAULT_WORKSPACE, folder, MANNER)

    assert {path.name: path.read_bytes() for path in outside.iterdir()} == {"table.csv": b"mine\n"}


@pytest.mark.parametrize(
    ("path", "item"),
    [
        (".rme/record.yml", "File"),
        (".RME/record.yml", "File"),
        (".rme", "File"),
        (".rme/record.yml", "Directory"),
        (".rme/coming.yml", "Directory"),
        (".rme/earlier", "Directory"),
    ],
)
def test_a_record_cannot_write_our_own_files(
    archive: FileSystemArchive, release: Release, tmp_path: Path, *, path: str, item: str
) -> None:
    """Nothing of a release can stand for the record of the folder, on whatever file system."""
    data = release("1.0.0").record.to_data()
    node = data["project"]["a.txt" if item == "File" else "nothing"]
    node["/path/"] = path

    with pytest.raises(UnsafeNameError, match="of its own"):
        download(archive, signed(data), DEFAULT_WORKSPACE, tmp_path / "here", MANNER)


def test_a_file_of_the_users_beside_our_notes_stays(
    archive: FileSystemArchive, tmp_path: Path
) -> None:
    """Where nothing else lies in the folder, too."""
    lay(tmp_path / "project", {".rme/notes.txt": b"theirs", "a": b"a"})
    lay(tmp_path / "here", {".rme/notes.txt": b"mine"})
    wanted = Wanted("survey", Version(1, 0, 0), include=(".rme/notes.txt",))
    record = publish(archive, tmp_path / "project", wanted).record

    with pytest.raises(RefusedError, match=r"notes\.txt"):
        download(
            archive, record, DEFAULT_WORKSPACE, tmp_path / "here", MANNER._replace(replace=False)
        )

    assert (tmp_path / "here" / ".rme" / "notes.txt").read_bytes() == b"mine"


def test_a_directory_in_the_way_is_told(
    archive: FileSystemArchive, release: Release, tmp_path: Path
) -> None:
    """What the user has there is not removed."""
    record, folder = release("1.0.0").record, tmp_path / "here"
    (folder / "a.txt" / "mine").mkdir(parents=True)

    with pytest.raises(RefusedError, match="in the way"):
        download(archive, record, DEFAULT_WORKSPACE, folder, MANNER)

    assert (folder / "a.txt" / "mine").is_dir()


@pytest.mark.parametrize("how", ["short", "long", "missing", "link", "fifo"])
def test_a_blob_that_is_not_right_is_an_error(
    archive: FileSystemArchive, release: Release, tmp_path: Path, how: str
) -> None:
    """Whatever lies in a blob's place: an error of ours, and no file in the folder."""
    record = release("1.0.0").record
    pid = record.blob("data/table.csv").pid or ""
    blob = archive.archive_path / DEFAULT_WORKSPACE / "survey" / "blobs" / pid[:2] / pid
    blob.unlink()
    if how in {"short", "long"}:
        blob.write_bytes(b"1" if how == "short" else b"1,2\n5")
    elif how == "link":
        blob.symlink_to(tmp_path / "project" / "data" / "table.csv")
    elif how == "fifo":
        os.mkfifo(blob)

    with pytest.raises((IntegrityError, RefusedError, StorageError, LookupError)):
        download(archive, record, DEFAULT_WORKSPACE, tmp_path / "here", MANNER)

    assert "data/table.csv" not in content_of(tmp_path / "here")


def test_a_release_without_digests_is_brought_by_size(
    archive: FileSystemArchive, release: Release, tmp_path: Path
) -> None:
    """A record that tells nothing but ids that are no digests is refused by a directory."""
    data: dict[str, Any] = release("1.0.0").record.to_data()
    data["project"]["a.txt"] |= {"/bpid/": "https://x/1", "/sha256/": None}

    with pytest.raises(UnsafeNameError, match="blob id"):
        download(archive, signed(data), DEFAULT_WORKSPACE, tmp_path / "here", MANNER)
    with pytest.raises(ArchiveError):
        Record.from_data({**data, "project": {"a": {"/item/": "File", "/bytes/": "x"}}})


def test_a_large_blob_that_is_damaged_is_never_in_place(
    archive: FileSystemArchive, release: Release, tmp_path: Path
) -> None:
    """What is streamed is hashed as it comes, and thrown away where it is wrong."""
    lay(tmp_path / "large", {"big": bytes(2 << 20)})
    record = release("1.0.0", directory=tmp_path / "large").record
    blob = next(path for path in archive.archive_path.rglob("blobs/*/*") if path.is_file())
    blob.chmod(0o644)
    blob.write_bytes(bytes((2 << 20) - 1) + b"x")

    with pytest.raises(IntegrityError, match="is not what was published"):
        download(archive, record, DEFAULT_WORKSPACE, tmp_path / "here", MANNER)

    assert content_of(tmp_path / "here") == {}
    assert [one.name for one in (tmp_path / "here" / ".rme").iterdir()] == ["coming.yml"]


def test_an_upload_needs_a_file(archive: FileSystemArchive, project: Path) -> None:
    """A link, a directory or nothing at all is told by its path, and leaves no blob."""
    (project / "link").symlink_to(project / "a.txt")

    for path in ("link", "data", "nothing"):
        with pytest.raises(StorageError, match=path):
            archive.process_and_upload_blob(path, project, "survey", "survey-v1.0.0", "space")

    assert list(archive.archive_path.rglob("blobs/*/*")) == []


def test_a_folder_without_a_whole_release_has_no_record(tmp_path: Path) -> None:
    """What cannot be read is no record of a release."""
    lay(tmp_path / "here", {".rme/record.yml": b"x: [1"})

    assert record_in(tmp_path / "here") is None
    assert record_in(tmp_path / "nowhere") is None


def test_a_download_needs_a_thread(
    archive: FileSystemArchive, release: Callable[..., Published], tmp_path: Path
) -> None:
    """None would bring nothing; nor is a release uploaded by none."""
    record = release().record

    with pytest.raises(QueryError, match="1 at least"):
        archive.download_release(
            record.data, max_threads=0, release_cache_folder=tmp_path / "here", progress_bar=False
        )

    assert not (tmp_path / "here").exists()


@pytest.mark.parametrize("path", [".git/config", "deep/.GIT/hooks/post-checkout", ".hg./hgrc"])
def test_what_git_would_run_comes_only_where_it_is_asked_for(
    archive: FileSystemArchive, release: Release, tmp_path: Path, path: str
) -> None:
    """A stranger's release must not make a folder in which ``git status`` runs what he likes."""
    lay(tmp_path / "odd", {path: b"x", "a": b"a"})
    wanted = Wanted("odd", Version(1, 0, 0), include=(path,))
    record = publish(archive, tmp_path / "odd", wanted).record
    data = record.to_data()

    with pytest.raises(RefusedError, match="--allow-git") as caught:
        archive.download_release(data, release_cache_folder=tmp_path / "here", progress_bar=False)
    there = (tmp_path / "here" / path).exists()
    archive.download_release(
        data, release_cache_folder=tmp_path / "here", progress_bar=False, allow_git=True
    )

    assert caught.value.limit == "allow_git"
    assert not there
    assert (tmp_path / "here" / path).read_bytes() == b"x"
    assert release("1.0.0").record.blobs


def test_a_release_that_is_elsewhere_is_said_to_be_missing(
    archive: FileSystemArchive, release: Release, tmp_path: Path
) -> None:
    """And not to be damaged: the workspace is the wrong one."""
    data = release("1.0.0").record.to_data()

    with pytest.raises(ReleaseRecordNotFoundError, match="workspace 'other'"):
        archive.download_release(
            data, "other", release_cache_folder=tmp_path / "here", progress_bar=False
        )


def test_a_note_is_taken_while_nobody_else_fills_the_folder(
    archive: FileSystemArchive, release: Release, tmp_path: Path
) -> None:
    """It begins before the first file comes, and ends before another may fill the folder."""
    found: list[tuple[bool, bool]] = []

    def look() -> None:
        descriptor, _ = take_directory(str(tmp_path / "here" / ".rme"))
        found.append((descriptor is None, record_in(tmp_path / "here") is not None))

    @contextlib.contextmanager
    def noting() -> Iterator[None]:
        look()
        yield
        look()

    record = release("1.0.0").record
    download(archive, record, DEFAULT_WORKSPACE, tmp_path / "here", MANNER._replace(noting=noting))

    assert found == [(True, False), (True, True)]


def test_an_empty_file_is_held_against_its_digest(
    archive: FileSystemArchive, tmp_path: Path
) -> None:
    """A record that says otherwise contradicts itself: nothing is put in place, and a check tells it."""
    project = project_of({"a": False}, ())
    project["a"] |= {"/bpid/": "ab" * 32, "/bytes/": 0, "/sha256/": "ab" * 32}
    record = compose("survey", "1.0.0", project)

    with pytest.raises(IntegrityError, match="contradicts itself"):
        download(archive, record, DEFAULT_WORKSPACE, tmp_path / "here", MANNER)
    faults = check_release(archive, record, workspace=DEFAULT_WORKSPACE, via=tmp_path)

    assert not (tmp_path / "here" / "a").exists()
    assert [one.path for one in faults] == ["a"]


def test_what_a_run_has_brought_that_was_cut_off_lasts_too(
    archive: FileSystemArchive,
    release: Release,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Before the record says that the release is whole: files, empty directories and the folder itself."""
    record = release("1.0.0").record
    pid = record.blob("run.sh").pid or ""
    blob = archive.archive_path / DEFAULT_WORKSPACE / "survey" / "blobs" / pid[:2] / pid
    synced: set[str] = set()
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        synced.add(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        fsync(descriptor)

    here = tmp_path / "new" / "here"
    monkeypatch.setattr(os, "fsync", noted)
    blob.rename(tmp_path / "lost")
    with pytest.raises(ResourceNotFoundError):
        download(archive, record, DEFAULT_WORKSPACE, here, Manner(threads=1))
    begun = synced.copy()
    synced.clear()
    (tmp_path / "lost").rename(blob)
    download(archive, record, DEFAULT_WORKSPACE, here, Manner(threads=1))

    paths = {"a.txt", "data/table.csv", "run.sh", "empty.txt", "data", "."}
    assert {str(tmp_path), str(here.parent), str(here)} <= begun
    assert {os.path.normpath(here / path) for path in paths} <= synced
