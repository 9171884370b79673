"""What lay in a folder before any release came stays its owner's."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from store.errors import RefusedError, UnsafeNameError
from store.releases.downloading import Manner, download
from store.releases.filesystem import FileSystemArchive
from store.releases.holding import YOURS
from store.releases.mapping import project_of
from store.releases.names import DEFAULT_WORKSPACE
from store.releases.publishing import Published
from store.releases.records import Record, compose

from .conftest import content_of, lay

Release = Callable[..., Published]
MANNER = Manner(durable=False, replace=False)


@pytest.fixture
def versions(release: Release, project: Path) -> tuple[Record, Record]:
    """A release with ``a.txt``, and the next one without it."""
    first = release("1.0.0").record
    (project / "a.txt").unlink()
    return first, release("1.1.0").record


@pytest.mark.parametrize("twice", [False, True])
def test_a_file_of_yours_with_the_same_content_is_never_removed(
    archive: FileSystemArchive, versions: tuple[Record, Record], tmp_path: Path, *, twice: bool
) -> None:
    """No release has brought it: the next one, which does not have it, leaves it alone."""
    folder = tmp_path / "here"
    lay(folder, {"a.txt": b"a\n"})

    for record in (versions[0], versions[0], versions[1]) if twice else versions:
        done = download(archive, record, DEFAULT_WORKSPACE, folder, MANNER)

    assert done.removed == ()
    assert content_of(folder)["a.txt"] == b"a\n"
    assert not (folder / YOURS).exists()


def test_what_a_release_has_brought_goes_as_before(
    archive: FileSystemArchive, versions: tuple[Record, Record], tmp_path: Path
) -> None:
    """A file that was yours, and that you have removed meanwhile, is the release's once it has come."""
    folder = tmp_path / "here"
    lay(folder, {"a.txt": b"a\n", "run.sh": b"#!\n"})
    download(archive, versions[0], DEFAULT_WORKSPACE, folder, MANNER)
    (folder / "a.txt").unlink()
    download(archive, versions[0], DEFAULT_WORKSPACE, folder, MANNER)

    done = download(archive, versions[1], DEFAULT_WORKSPACE, folder, MANNER)

    assert done.removed == ("a.txt",)


def test_yours_is_not_replaced_unless_it_was_asked_for(
    archive: FileSystemArchive, release: Release, project: Path, tmp_path: Path
) -> None:
    """Its content was that of one release, which makes it no file of the next."""
    folder, first = tmp_path / "here", release("1.0.0").record
    lay(folder, {"a.txt": b"a\n"})
    download(archive, first, DEFAULT_WORKSPACE, folder, MANNER)
    (project / "a.txt").write_bytes(b"b\n")
    second = release("1.1.0").record

    with pytest.raises(RefusedError, match=r"no release has brought.*a\.txt"):
        download(archive, second, DEFAULT_WORKSPACE, folder, MANNER)
    download(archive, second, DEFAULT_WORKSPACE, folder, MANNER._replace(replace=True))

    assert content_of(folder)["a.txt"] == b"b\n"
    assert not (folder / YOURS).exists()


class Failing(FileSystemArchive):
    """An archive that breaks off at one file."""

    def bring_blob(self, blob: object, *rest: object, **how: object) -> None:
        """Bring a file, unless it is that one."""
        if getattr(blob, "path", "") == "run.sh":
            raise ConnectionError
        super().bring_blob(blob, *rest, **how)  # type: ignore[arg-type]


def test_a_run_that_was_cut_off_makes_no_file_its_own(
    archive: FileSystemArchive, versions: tuple[Record, Record], tmp_path: Path
) -> None:
    """What was yours before it is noted before the first file comes."""
    folder = tmp_path / "here"
    lay(folder, {"a.txt": b"a\n"})
    with pytest.raises(ConnectionError):
        download(Failing(archive.archive_path), versions[0], DEFAULT_WORKSPACE, folder, MANNER)

    done = download(archive, versions[1], DEFAULT_WORKSPACE, folder, MANNER)

    assert done.removed == ()
    assert content_of(folder)["a.txt"] == b"a\n"


@pytest.mark.parametrize("note", [b"", b"{}", b"not json", b"[1, {}]"])
def test_a_damaged_note_is_none(
    archive: FileSystemArchive, versions: tuple[Record, Record], tmp_path: Path, note: bytes
) -> None:
    """It was edited by hand: what the records say holds."""
    folder = tmp_path / "here"
    download(archive, versions[0], DEFAULT_WORKSPACE, folder, MANNER)
    (folder / YOURS).write_bytes(note)

    done = download(archive, versions[1], DEFAULT_WORKSPACE, folder, MANNER)

    assert done.removed == ("a.txt",)


@pytest.mark.parametrize("path", [YOURS, ".RME/record.yml", ".Rme/Coming.yml", ".RME/earlier/x"])
def test_no_release_brings_what_is_noted_of_it(
    archive: FileSystemArchive, tmp_path: Path, path: str
) -> None:
    """Our own names are ours in whatever case, since some file systems take no heed of it."""
    record = compose("survey", "1.0.0", project_of({path: False}, ()))

    with pytest.raises(UnsafeNameError, match="of its own"):
        download(archive, record, DEFAULT_WORKSPACE, tmp_path / "here", MANNER)
    with pytest.raises(UnsafeNameError, match="of its own"):
        archive.upload_release_record(record.to_data())


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The paths of which the system was asked to let them last."""
    asked: set[str] = set()
    real = os.fsync

    def noted(descriptor: int) -> None:
        """Note the path."""
        asked.add(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    return asked


def test_what_a_run_that_was_cut_off_has_brought_lasts_too(
    archive: FileSystemArchive, release: Release, tmp_path: Path, synced: set[str]
) -> None:
    """All files of a release last before it is noted as whole, its empty directories and its folder too."""
    record, folder = release("1.0.0").record, tmp_path / "here"
    manner = Manner(threads=1)
    with pytest.raises(ConnectionError):
        download(Failing(archive.archive_path), record, DEFAULT_WORKSPACE, folder, manner)
    assert str(tmp_path) in synced
    synced.clear()

    done = download(archive, record, DEFAULT_WORKSPACE, folder, manner)

    assert "a.txt" in done.kept
    wanted = {"a.txt", "data/table.csv", "data", "empty.txt", "run.sh", "nothing"}
    assert {str(folder / one) for one in wanted} | {str(folder)} <= synced
    synced.clear()
    download(archive, record, DEFAULT_WORKSPACE, folder, manner)
    assert str(folder / "a.txt") not in synced
