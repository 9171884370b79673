"""What a CDCS has lost, or spoilt, is found, told and mended."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest

from store.errors import (
    ArchiveError,
    DriftError,
    IntegrityError,
    RefusedError,
    ResourceNotFoundError,
    TransportError,
)
from store.releases.cdcs import CDCSArchive
from store.releases.checking import check_release
from store.releases.choosing import choose
from store.releases.copying import copy_release
from store.releases.filesystem import FileSystemArchive
from store.releases.mapping import BPID, BYTES, SHA256, blob_nodes
from store.releases.names import Requirement
from store.releases.publishing import Published, Wanted, publish
from store.releases.records import Record
from store.releases.versions import Version
from store.testing.curators import FakeCurator
from store.transports.base import Retrying, TransferOptions

OPTIONS = TransferOptions(retrying=Retrying(base=0.0))
WORKSPACE = "Global Public Workspace"


class Project(Protocol):
    """Files that are to be released."""

    directory: Path
    title: str
    files: dict[str, bytes]

    def upload(self, archive: CDCSArchive, version: str = "1.0.0") -> Record:
        """Upload the files."""
        ...


class Place(Protocol):
    """Where a CDCS is."""

    def archive(self) -> CDCSArchive:
        """Log in anew."""
        ...


@pytest.fixture
def archive(curator: FakeCurator) -> CDCSArchive:
    """An archive at the fake server, which has its template."""
    made = CDCSArchive(curator.url, "admin", "admin", options=OPTIONS)
    made.initialise()
    return made


def published(archive: CDCSArchive, project: Project, version: str = "1.0.0") -> Published:
    """Publish the project."""
    wanted = Wanted(project.title, Version.parse(version), WORKSPACE)
    return publish(archive, project.directory, wanted, via=project.directory.parent / "via")


def wrong_in(archive: CDCSArchive, title: str, via: Path) -> frozenset[str]:
    """Return the files that are missing or damaged in the newest version."""
    record = choose(archive, Requirement.parse(title))
    faults = check_release(archive, record, workspace=WORKSPACE, via=via)
    return frozenset(one.path for one in faults)


def number_of(curator: FakeCurator, record: Record, path: str) -> int:
    """Return the number of a file's blob at the server."""
    return curator.state.named[(record.blob(path).pid or "").rpartition("/")[2]]


@pytest.mark.parametrize("damage", ["shorter", "gone", "unreadable"])
def test_a_blob_is_looked_at_before_it_is_used_again(
    curator: FakeCurator,
    archive: CDCSArchive,
    project: Project,
    tmp_path: Path,
    *,
    caplog: pytest.LogCaptureFixture,
    damage: str,
) -> None:
    """One that is missing, or has another length, is sent anew, and that is said."""
    record = published(archive, project).record
    number = number_of(curator, record, "a.txt")
    if damage == "shorter":
        curator.state.contents[number] = b"hel"
    elif damage == "gone":
        del curator.state.contents[number]
    else:
        curator.fail("HEAD", f"*/B{number}", 500, times=9)

    with caplog.at_level(logging.WARNING):
        again = CDCSArchive(curator.url, "admin", "admin", options=OPTIONS)
        next_one = published(again, project, "1.1.0").record

    assert next_one.blob("a.txt").pid != record.blob("a.txt").pid
    assert next_one.blob("data/b.bin").pid == record.blob("data/b.bin").pid
    assert wrong_in(archive, project.title, tmp_path) == frozenset()
    assert "is sent anew" in caplog.text
    assert curator.count("HEAD") >= 2


def test_a_server_that_tells_no_sizes_is_believed(
    curator: FakeCurator, archive: CDCSArchive, project: Project
) -> None:
    """As it was before: what it lists is used again."""
    record = published(archive, project).record
    curator.fail("HEAD", "*", 405, times=9)

    again = CDCSArchive(curator.url, "admin", "admin", options=OPTIONS)
    next_one = published(again, project, "1.1.0").record

    assert next_one.blob("a.txt").pid == record.blob("a.txt").pid


def test_what_is_damaged_is_mended_by_who_has_it(
    curator: FakeCurator, archive: CDCSArchive, project: Project, tmp_path: Path
) -> None:
    """By publishing the same again, or by a copy; the record names the new blobs, and is the same else."""
    done = published(archive, project)
    digest, contents = done.record.identity, curator.state.contents
    local = FileSystemArchive.create(tmp_path / "local")
    copied: dict[str, Any] = {"workspace": WORKSPACE, "via": tmp_path / "via"}
    copy_release(archive, local, choose(archive, Requirement.parse(project.title)), **copied)

    contents[number_of(curator, done.record, "a.txt")] = b"jello"
    mended = published(archive, project)
    after = wrong_in(archive, project.title, tmp_path)
    there = choose(archive, Requirement.parse(project.title))

    del contents[number_of(curator, there, "data/b.bin")]
    here = choose(local, Requirement.parse(project.title))
    second = copy_release(local, archive, here, **copied)
    last = choose(archive, Requirement.parse(project.title))

    assert (mended.mended, after, mended.pid) == (frozenset({"a.txt"}), frozenset(), done.pid)
    assert (second.pid, second.mended) == (None, frozenset({"data/b.bin"}))
    assert wrong_in(archive, project.title, tmp_path) == frozenset()
    assert (there.identity, last.identity, last.pid) == (digest, digest, done.pid)
    last.check()


def test_an_older_record_is_not_mended(archive: CDCSArchive, project: Project) -> None:
    """The ids of its blobs are a part of it, and no server gives one again."""
    data = published(archive, project).record.to_data()
    for _, node in blob_nodes(data["project"]):
        del node[SHA256]

    with pytest.raises(RefusedError, match="is not mended"):
        archive.mend_blobs(Record.from_data(data), WORKSPACE, project.directory, {"a.txt"})


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"hel", "the server gives 3 bytes, and it must have 5 bytes"), (b"jello", "sha256:")],
)
def test_damage_is_told_without_a_word_of_pins_or_pages(
    curator: FakeCurator,
    archive: CDCSArchive,
    project: Project,
    tmp_path: Path,
    *,
    content: bytes,
    words: str,
) -> None:
    """Nobody pinned it but the record: the error says what is damaged, and what mends it."""
    record = published(archive, project).record
    curator.state.contents[number_of(curator, record, "a.txt")] = content
    pid = record.blob("a.txt").pid or ""

    with pytest.raises(IntegrityError) as caught:
        archive.download_blob(pid, tmp_path / "x", {}, 5, record.data)

    assert pid in str(caught.value)
    assert words in str(caught.value)
    assert "'store release copy'" in str(caught.value)
    assert "pin" not in str(caught.value).replace(pid, "")
    assert "page" not in str(caught.value)


def test_a_missing_blob_is_told_with_what_mends_it(
    curator: FakeCurator, archive: CDCSArchive, project: Project, tmp_path: Path
) -> None:
    """It is the archive's fault, and not the spelling's."""
    record = published(archive, project).record
    del curator.state.contents[number_of(curator, record, "a.txt")]

    with pytest.raises(ResourceNotFoundError, match="'store release publish' of the same"):
        archive.download_blob(record.blob("a.txt").pid or "", tmp_path / "x", {}, 5, record.data)


def test_a_blob_that_the_server_cannot_read_is_a_fault_like_another(
    curator: FakeCurator, archive: CDCSArchive, project: Project, tmp_path: Path
) -> None:
    """As long as it answers other things: a server that fails altogether is no damage of the archive's."""
    record = published(archive, project).record
    number = number_of(curator, record, "a.txt")
    curator.fail("GET", f"*/B{number}", 500, times=99)

    wrong = wrong_in(archive, project.title, tmp_path)
    curator.fail("GET", "/rest/workspace/", 500, times=99)
    with pytest.raises(TransportError, match="500"):
        archive.download_blob(record.blob("a.txt").pid or "", tmp_path / "x", {}, 5, record.data)

    assert wrong == {"a.txt"}


@pytest.mark.parametrize(
    "pid", ["{}/pid/rest/local/cdcs/NOPE1234", "http://evil.example/x", "data:,", "NONE"]
)
def test_a_record_whose_blobs_are_not_here_is_refused(
    place: Place, project: Project, pid: str
) -> None:
    """Whatever it says: nothing of it is published, and no other host is asked."""
    archive = place.archive()
    data = project.upload(archive).to_data()
    data["project"]["a.txt"][BPID] = pid.format(archive.host)

    with pytest.raises(RefusedError, match="is not published"):
        archive.upload_release_record(data)

    assert archive.list_releases(project.title) == []


def test_a_record_whose_blob_has_another_size_is_refused(place: Place, project: Project) -> None:
    """The size that it tells is held against the server's; another session looks for itself."""
    data = project.upload(place.archive()).to_data()
    before = {**data["project"]["a.txt"]}
    data["project"]["a.txt"][BYTES] = 7

    archive = place.archive()
    with pytest.raises(RefusedError, match="has 5 bytes, and not 7"):
        archive.upload_release_record(data)
    data["project"]["a.txt"] = before

    assert archive.upload_release_record(data)


def test_what_a_session_has_brought_is_not_looked_for(
    curator: FakeCurator, archive: CDCSArchive, laid_down: Callable[[dict[str, bytes]], Project]
) -> None:
    """Publishing costs no request more than it did."""
    published(archive, laid_down({str(one): b"%d" % one for one in range(9)}))

    assert curator.count("HEAD") == 0


def test_a_damaged_record_is_in_nobody_s_way(
    curator: FakeCurator, archive: CDCSArchive, project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    """Ranges pass it over, with a warning; where it is named it is an error."""
    published(archive, project, "1.0.0")
    spoilt = max(curator.state.records)
    published(archive, project, "1.1.0")
    kept = curator.state.records[spoilt]
    content = kept["content"].replace("<record>{", "<record>[")
    curator.state.records[spoilt] = {**kept, "content": content}

    newest = archive.newest_record(project.title, ">=1")
    found = archive.get_release_records(project.title, ">=1")

    assert [newest["version"], *found] == ["1.1.0", f"{project.title}-v1.1.0"]
    assert f"{project.title}-v1.0.0 is passed over" in caplog.text
    with pytest.raises(ArchiveError, match=r"1\.0\.0"):
        archive.newest_record(project.title, "==1.0.0")


def test_what_is_not_what_was_published_mends_nothing(
    archive: CDCSArchive, project: Project
) -> None:
    """The document goes on naming the blobs that it named."""
    record = published(archive, project).record
    (project.directory / "a.txt").write_bytes(b"other")

    with pytest.raises(DriftError, match="not what was published"):
        archive.mend_blobs(record, WORKSPACE, project.directory, ["a.txt"])

    newest = archive.newest_record(project.title)
    assert Record.from_data(newest).blob("a.txt") == record.blob("a.txt")
