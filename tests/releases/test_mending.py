"""What is missing or damaged in an archive is mended by a copy, or by whoever has the files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.errors import (
    DriftError,
    IntegrityError,
    RefusedError,
    ReleaseExistsError,
    ResourceNotFoundError,
)
from store.releases.checking import check_release
from store.releases.choosing import choose, yanked_in
from store.releases.copying import Copied, copy_release
from store.releases.filesystem import FileSystemArchive
from store.releases.interface import ArchiveInterface
from store.releases.names import DEFAULT_WORKSPACE, Requirement
from store.releases.objects import ObjectArchive
from store.releases.publishing import Published, Wanted, publish
from store.releases.records import PID_KEY, Record
from store.releases.renewing import send_anew
from store.releases.versions import Version
from store.testing.objects import FakeObjects

SURVEY = Requirement.parse("survey")
SHELF = f"{DEFAULT_WORKSPACE}/survey/blobs"
PATHS = frozenset({"a.txt", "run.sh"})


@pytest.fixture(params=["directory", "bucket"])
def place(request: pytest.FixtureRequest, archive: FileSystemArchive) -> Any:
    """An archive, in a directory or in a bucket."""
    kind: str = request.param
    return archive if kind == "directory" else ObjectArchive.create(FakeObjects(), "")


def wrong_in(archive: ArchiveInterface, via: Path) -> frozenset[str]:
    """Return the files of the survey that are missing or damaged in an archive."""
    record = choose(archive, SURVEY)
    faults = check_release(archive, record, workspace=DEFAULT_WORKSPACE, via=via)
    return frozenset(one.path for one in faults)


def damage(archive: Any) -> None:
    """Damage one file of the survey, its size unchanged, and remove another."""
    record = choose(archive, SURVEY)
    first, second = (record.blob(one).pid or "" for one in sorted(PATHS))
    names = [f"{SHELF}/{one[:2]}/{one}" for one in (first, second)]
    if isinstance(archive, ObjectArchive):
        client = archive._client
        client.put(names[0], b"x\n", metadata=client.head(names[0]).metadata)
        client.delete([names[1]])
    else:
        damaged, missing = (archive.archive_path / one for one in names)
        damaged.chmod(0o644)
        damaged.write_bytes(b"x\n")
        missing.unlink()


def test_a_copy_mends_what_is_damaged_in_its_target(
    place: Any, archive: FileSystemArchive, release: Callable[..., Published], tmp_path: Path
) -> None:
    """What is damaged or missing comes from the source; the rest is left alone."""
    source = FileSystemArchive.create(tmp_path / "source")
    record = release("1.0.0", to=source).record

    def copied() -> Copied:
        return copy_release(source, place, record, workspace=DEFAULT_WORKSPACE, via=tmp_path)

    copied()
    damage(place)
    wrong, mended = wrong_in(place, tmp_path), copied()

    assert (wrong, mended.pid, mended.mended) == (PATHS, None, PATHS)
    assert wrong_in(place, tmp_path) == frozenset()
    assert copied() == Copied(None)


def test_who_publishes_the_same_again_mends_it(
    place: Any, release: Callable[..., Published], tmp_path: Path
) -> None:
    """Whoever has the files brings those that are wrong; a dry run only tells them."""
    release("1.0.0", to=place)
    damage(place)
    wanted = Wanted("survey", Version.parse("1.0.0"))

    planned = publish(place, tmp_path / "project", wanted, dry_run=True, via=tmp_path)
    wrong = wrong_in(place, tmp_path)
    done = publish(place, tmp_path / "project", wanted, via=tmp_path)

    assert (planned.mended, wrong, done.mended) == (PATHS, PATHS, PATHS)
    assert wrong_in(place, tmp_path) == frozenset()
    with pytest.raises(ReleaseExistsError, match="all of them right"):
        publish(place, tmp_path / "project", wanted, via=tmp_path)


@pytest.mark.parametrize("full", [False, True])
def test_a_directory_in_the_place_of_a_blob_makes_room(
    archive: FileSystemArchive, release: Callable[..., Published], tmp_path: Path, *, full: bool
) -> None:
    """What lies in it is kept beside the blob."""
    pid = release("1.0.0").record.blob("a.txt").pid or ""
    blob = archive.archive_path / SHELF / pid[:2] / pid
    blob.unlink()
    blob.mkdir()
    if full:
        (blob / "mine").write_bytes(b"mine\n")

    wrong = wrong_in(archive, tmp_path)
    done = release("1.0.0")

    assert wrong == done.mended == frozenset({"a.txt"})
    assert wrong_in(archive, tmp_path) == frozenset()
    beside = [one.read_bytes() for one in blob.parent.glob("*.aside-1/mine")]
    assert beside == ([b"mine\n"] if full else [])


@pytest.mark.parametrize("content", [b"other content\n", b"b\n"])
def test_who_publishes_something_else_mends_nothing(
    archive: FileSystemArchive, release: Callable[..., Published], tmp_path: Path, content: bytes
) -> None:
    """Another content, of the same size too, is refused as ever."""
    release("1.0.0")
    damage(archive)
    (tmp_path / "project" / "a.txt").write_bytes(content)

    with pytest.raises(ReleaseExistsError, match="under the next one"):
        release("1.0.0")

    assert wrong_in(archive, tmp_path) == PATHS


def test_what_differs_beside_the_files_is_told(
    archive: FileSystemArchive, release: Callable[..., Published], tmp_path: Path
) -> None:
    """So that it can be published with the same options, which mends it."""
    project = tmp_path / "project"
    wanted = Wanted(
        "survey", Version.parse("1.0.0"), datasets={"t": "a.txt"}, requirements=["raw>=1"]
    )
    publish(archive, project, wanted)
    damage(archive)

    with pytest.raises(ReleaseExistsError) as plain:
        release("1.0.0")
    (project / "a.txt").chmod(0o755)
    (project / "nothing").rmdir()
    with pytest.raises(ReleaseExistsError) as bits:
        publish(archive, project, wanted)

    assert "differs is: datasets, requirements: to mend it" in str(plain.value)
    assert "the same options (--dataset, --require)" in str(plain.value)
    assert "differs is: the x bit of a.txt, empty directories: to mend" in str(bits.value)


def test_what_an_older_tool_has_published_is_mended_by_a_copy(
    archive: FileSystemArchive, release: Callable[..., Published]
) -> None:
    """The refusal says so: its record tells too little for anything else."""
    record = release("1.0.0").record
    data = {"title": record.title, "title_versionless": "survey", "version": "1.0.0"}
    nodes: dict[str, Any] = {
        one.path: {"/path/": one.path, "/item/": "File", "/bpid/": one.pid}
        for one in record.blobs
        if "/" not in one.path
    }
    nodes["data"] = {
        "/path/": "data",
        "/item/": "Directory",
        "table.csv": {
            "/path/": "data/table.csv",
            "/item/": "File",
            "/bpid/": record.blob("data/table.csv").pid,
        },
    }
    older = Record.from_data({**data, "project": nodes})
    shelf = archive.archive_path / DEFAULT_WORKSPACE / "survey"
    (shelf / "survey-v1.0.0.yml").unlink()
    archive.upload_release_record(older.data)

    with pytest.raises(ReleaseExistsError, match=r"an older tool .* 'store release copy' from"):
        release("1.0.0")


def test_what_is_said_of_damage_can_be_done(
    archive: FileSystemArchive, release: Callable[..., Published], tmp_path: Path
) -> None:
    """The errors name the two ways that mend it."""
    release("1.0.0")
    damage(archive)
    record = choose(archive, SURVEY)

    for path, kind in zip(sorted(PATHS), (IntegrityError, ResourceNotFoundError), strict=True):
        with pytest.raises(kind, match=r"'store release copy' from .* 'store release publish' of"):
            archive.download_blob(record.blob(path).pid or "", tmp_path / "x", {}, 2, record.data)


def test_a_copy_takes_the_yank_along(
    archive: FileSystemArchive, release: Callable[..., Published], tmp_path: Path
) -> None:
    """Ranges pass it over in the target, too; one that was copied before is marked by the next copy."""
    record = release("1.0.0").record
    target = FileSystemArchive.create(tmp_path / "target")

    def copied() -> Copied:
        return copy_release(archive, target, record, workspace=DEFAULT_WORKSPACE, via=tmp_path)

    before = copied().yanked
    archive.yank("survey", "1.0.0", reason="wrong units")
    after = copied().yanked

    assert (before, after) == (None, "wrong units")
    assert yanked_in(target, record, DEFAULT_WORKSPACE) == "wrong units"


class Unmarked(FileSystemArchive):
    """An archive that marks no versions."""

    marks_versions = False


def test_a_yanked_release_is_not_copied_where_it_would_be_chosen(
    archive: FileSystemArchive, release: Callable[..., Published], tmp_path: Path
) -> None:
    """Where the target marks no versions, that is said, and nothing is copied."""
    record = release("1.0.0").record
    archive.yank("survey", "1.0.0")
    FileSystemArchive.create(tmp_path / "target")
    target = Unmarked(tmp_path / "target")

    with pytest.raises(RefusedError, match="marks no versions"):
        copy_release(archive, target, record, workspace=DEFAULT_WORKSPACE, via=tmp_path)

    assert target.list_releases() == []


class Renaming(FileSystemArchive):
    """An archive that keeps no blob under a second id."""

    def name_blob(self, *_: Any) -> bool:
        """Refuse."""
        return False


def test_an_archive_that_gives_other_ids_says_that_it_cannot_mend(
    archive: FileSystemArchive, project: Path
) -> None:
    """A record never changes, so that a file of another id is of no use to it."""
    content = (project / "a.txt").read_bytes()
    sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    node = {"/path/": "a.txt", "/item/": "File", "/bpid/": sha1}
    data = {"title": "old-v1.0.0", "version": "1.0.0", "project": {"a.txt": node}, PID_KEY: "x"}
    record = Record.from_data(data)

    renaming = Renaming(archive.archive_path)
    with pytest.raises(RefusedError, match="another id"):
        send_anew(renaming, record, DEFAULT_WORKSPACE, source=project, paths={"a.txt"})

    send_anew(archive, record, DEFAULT_WORKSPACE, source=project, paths={"a.txt"})
    shelf = archive.archive_path / DEFAULT_WORKSPACE / "old" / "blobs"
    assert (shelf / sha1[:2] / sha1).read_bytes() == content


def test_what_is_not_what_was_published_mends_nothing(
    place: Any, release: Callable[..., Published], tmp_path: Path
) -> None:
    """A file that was edited once all was found to be the same does not come under the old one's id."""
    record = release("1.0.0", to=place).record
    damage(place)
    (tmp_path / "project" / "a.txt").write_bytes(b"b\n")

    with pytest.raises(DriftError, match="not what was published"):
        place.mend_blobs(record, DEFAULT_WORKSPACE, tmp_path / "project", PATHS)

    assert "a.txt" in wrong_in(place, tmp_path)


def test_an_id_of_an_older_kind_is_held_too(
    archive: FileSystemArchive, release: Callable[..., Published], tmp_path: Path
) -> None:
    """It is a SHA-1: nothing else is linked under it."""
    data = release("1.0.0").record.to_data()
    sha1 = hashlib.sha1(b"a\n", usedforsecurity=False).hexdigest()
    node = data["project"]["a.txt"]
    node |= {"/bpid/": sha1}
    node.pop("/sha256/")
    record = Record.from_data({**data, "/digest/": None})

    archive.mend_blobs(record, DEFAULT_WORKSPACE, tmp_path / "project", ["a.txt"])
    (tmp_path / "project" / "a.txt").write_bytes(b"b\n")
    with pytest.raises(DriftError, match="not what was published"):
        archive.mend_blobs(record, DEFAULT_WORKSPACE, tmp_path / "project", ["a.txt"])

    assert (archive.archive_path / SHELF / sha1[:2] / sha1).read_bytes() == b"a\n"
