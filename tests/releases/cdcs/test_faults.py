"""What goes wrong on the way to a CDCS is mended, or told."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest

from store.errors import (
    CredentialsError,
    DriftError,
    IntegrityError,
    RedirectError,
    RefusedError,
    ReleaseExistsError,
    ResourceNotFoundError,
    StorageError,
    StoreError,
    TransportError,
    UnsafeNameError,
)
from store.releases.cdcs import CDCSArchive
from store.releases.mapping import BPID, blob_nodes, project_of
from store.releases.records import Record
from store.releases.values import Naming
from store.testing.curators import FakeCurator
from store.transports.base import Retrying, TransferOptions

WORKSPACE = "Global Public Workspace"
OPTIONS = TransferOptions(retrying=Retrying(base=0.0))


class Project(Protocol):
    """Files that are to be released."""

    directory: Path
    title: str
    files: dict[str, bytes]

    def upload(self, archive: CDCSArchive, version: str = "1.0.0") -> Record:
        """Upload the files."""
        ...

    def publish(
        self, archive: CDCSArchive, version: str = "1.0.0", *, allow_repeat: bool = False
    ) -> str:
        """Publish them."""
        ...


LayDown = Callable[[dict[str, bytes]], Project]


@pytest.fixture
def archive(curator: FakeCurator) -> CDCSArchive:
    """An archive at a server whose misbehaviour can be ordered."""
    made = CDCSArchive(curator.url, "admin", "admin", options=OPTIONS)
    made.initialise()
    return made


@pytest.fixture
def many(laid_down: LayDown) -> Project:
    """Twenty small files."""
    return laid_down({f"{n:02}.txt": f"number {n}".encode() for n in range(20)})


def send_all(archive: CDCSArchive, project: Project, threads: int = 4) -> dict[str, Any]:
    """Upload all files of a project at once, and return their mapping."""
    mapping = project_of(dict.fromkeys(project.files, False), ())
    archive.upload_blobs_and_update_mapping(
        f"{project.title}-v1.0.0", project.title, WORKSPACE, mapping, project.directory, threads
    )
    return mapping


def test_a_file_takes_at_most_three_requests(
    archive: CDCSArchive, curator: FakeCurator, many: Project
) -> None:
    """One for many to look for them, and two for each to bring it."""
    before = curator.count()

    send_all(archive, many)

    assert curator.count() - before <= 2 * len(many.files) + 4
    assert curator.count("POST", "/rest/blob/") == len(many.files)


def test_only_regular_files_go_up(archive: CDCSArchive, project: Project) -> None:
    """A pipe would never end, and a link leads elsewhere; no path leads out of the project."""
    os.mkfifo(project.directory / "pipe")
    (project.directory / "link").symlink_to(project.directory / "a.txt")
    named = Naming(project.title, f"{project.title}-v1.0.0", WORKSPACE)

    for path, error in (("pipe", StorageError), ("link", StoreError), ("../a", UnsafeNameError)):
        with pytest.raises(error):
            archive.upload_blob(project.directory, named, {}, path=path)


def test_a_rerun_goes_on_where_it_stopped(
    archive: CDCSArchive, curator: FakeCurator, many: Project
) -> None:
    """What arrived is not sent again; what lies in no workspace yet is put into it."""
    curator.fail("PATCH", "/rest/blob/*", 403)
    with pytest.raises(CredentialsError):
        send_all(archive, many)
    arrived = len(curator.state.blobs)

    mapping = send_all(archive, many)

    assert 0 < arrived < len(many.files)
    assert len(curator.state.blobs) == len(many.files)
    assert {one["workspace"] for one in curator.state.blobs.values()} == {1}
    assert all(node[BPID] for _, node in blob_nodes(mapping))


def test_the_first_error_ends_it_at_once(
    archive: CDCSArchive, curator: FakeCurator, many: Project
) -> None:
    """What has not begun never does."""
    curator.fail("POST", "/rest/blob/", 413, times=99)

    with pytest.raises(TransportError, match="413"):
        send_all(archive, many, threads=2)

    assert curator.count("POST", "/rest/blob/") < len(many.files)


@pytest.mark.parametrize("trouble", ["drop", "drop-after", 503, 500])
def test_a_file_that_broke_off_is_sent_again(
    archive: CDCSArchive, curator: FakeCurator, laid_down: LayDown, trouble: str | int
) -> None:
    """Unless it has arrived after all."""
    project = laid_down({"a": b"content"})
    curator.fail("POST", "/rest/blob/", trouble)

    record = project.upload(archive)

    [blob] = curator.state.blobs.values()
    assert record.blob("a").pid == blob["pid"]
    assert curator.count("POST", "/rest/blob/") == (1 if trouble == "drop-after" else 2)


def test_what_keeps_failing_is_told(
    archive: CDCSArchive, curator: FakeCurator, project: Project
) -> None:
    """After as many tries as the options say."""
    curator.fail("POST", "/rest/blob/", 503, times=99)

    with pytest.raises(TransportError, match="503") as caught:
        project.upload(archive)

    assert caught.value.status == 503
    assert curator.count("POST", "/rest/blob/") == OPTIONS.retrying.attempts


def test_a_record_is_sent_once(
    archive: CDCSArchive, curator: FakeCurator, project: Project
) -> None:
    """The server would take a second of its title: a failure is told, and not tried again."""
    data = project.upload(archive).to_data()
    curator.fail("POST", "/rest/data/", 500)

    with pytest.raises(TransportError, match="500"):
        archive.upload_release_record(data)

    assert curator.count("POST", "/rest/data/") == 1
    assert curator.state.records == {}


def test_a_record_whose_answer_was_lost_is_found(
    archive: CDCSArchive, curator: FakeCurator, project: Project
) -> None:
    """It is not published twice, and no error is told."""
    data = project.upload(archive).to_data()
    curator.fail("POST", "/rest/data/", "drop-after")

    pid = archive.upload_release_record(data)

    [kept] = curator.state.records.values()
    assert pid in kept["content"]


def test_a_record_that_never_arrived_is_sent_again(
    archive: CDCSArchive, curator: FakeCurator, project: Project
) -> None:
    """Where the connection broke before the server did anything; what keeps failing is told."""
    data = project.upload(archive).to_data()
    curator.fail("POST", "/rest/data/", "drop")

    pid = archive.upload_release_record(data)

    [kept] = curator.state.records.values()
    assert pid in kept["content"]
    curator.fail("POST", "/rest/data/", "drop", times=99)
    with pytest.raises(TransportError, match="without an answer"):
        archive.upload_release_record(data, allow_repeat=True)


def test_of_many_publishers_one_wins(curator: FakeCurator, project: Project) -> None:
    """All found nothing before they published; the rest take theirs back."""
    archives = [CDCSArchive(curator.url, "admin", "admin", options=OPTIONS) for _ in range(8)]
    archives[0].initialise()
    data = project.upload(archives[0]).to_data()
    told: list[str | StoreError] = []
    start = threading.Barrier(len(archives))

    def publish(archive: CDCSArchive) -> None:
        archive.curator.get_workspaces()
        start.wait()
        try:
            told.append(archive.upload_release_record(data))
        except StoreError as error:
            told.append(error)

    threads = [threading.Thread(target=publish, args=(one,)) for one in archives]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    won = [one for one in told if isinstance(one, str)]
    assert len(won) == 1
    assert all(isinstance(one, str | ReleaseExistsError) for one in told)
    [kept] = curator.state.records.values()
    assert won[0] in kept["content"]


def test_a_short_download_is_made_again(
    archive: CDCSArchive, curator: FakeCurator, project: Project, tmp_path: Path
) -> None:
    """And is never in place as it is."""
    record = project.upload(archive)
    blob = record.blob("data/b.bin")
    curator.fail("GET", "/pid/*", "short")

    archive.download_blob(blob.pid or "", tmp_path / "b", {}, blob.size, record.to_data())

    assert (tmp_path / "b").read_bytes() == project.files["data/b.bin"]


def test_a_wrong_download_is_an_error_and_never_in_place(
    archive: CDCSArchive, curator: FakeCurator, project: Project, tmp_path: Path
) -> None:
    """Of the right size, and another digest."""
    record = project.upload(archive)
    blob = record.blob("data/b.bin")
    curator.fail("GET", "/pid/*", "wrong", times=9)

    with pytest.raises(IntegrityError):
        archive.download_blob(blob.pid or "", tmp_path / "b", {}, blob.size, record.to_data())

    assert not list(tmp_path.glob("b*"))


def test_a_missing_blob_is_told(archive: CDCSArchive, curator: FakeCurator, tmp_path: Path) -> None:
    """The update says so, too."""
    update: dict[str, Any] = {}

    with pytest.raises(ResourceNotFoundError):
        archive.download_blob(f"{curator.url}/pid/rest/local/cdcs/B77", tmp_path / "b", update)

    assert isinstance(update["error"], ResourceNotFoundError)


def test_what_is_changed_while_it_is_sent_is_not_kept(
    archive: CDCSArchive, curator: FakeCurator, tmp_path: Path
) -> None:
    """Another content, a shorter one, a longer one: the server is not given the end."""
    file = tmp_path / "file"
    file.write_bytes(b"content")

    for size, sha256 in ((7, "0" * 64), (9, None), (5, None)):
        with pytest.raises(DriftError, match="changed while it was sent"):
            archive.curator.upload_blob(file, size=size, filename="file", sha256=sha256)

    assert curator.state.blobs == {}


def test_what_the_server_spoils_is_noticed(
    archive: CDCSArchive, curator: FakeCurator, laid_down: LayDown
) -> None:
    """Its checksum tells; the blob is removed."""
    curator.state.mangles = True

    with pytest.raises(IntegrityError, match="keeps something else"):
        laid_down({"a": b"content"}).upload(archive)

    assert curator.state.blobs == {}


@pytest.mark.parametrize("checksum", ["md5", None])
def test_a_server_without_sha256_will_do(checksum: str | None, laid_down: LayDown) -> None:
    """The names of blobs tell what is there."""
    project = laid_down({"a": b"content"})
    with FakeCurator(checksum=checksum) as curator:
        archive = CDCSArchive(curator.url, "admin", "admin", options=OPTIONS)

        for _ in range(2):
            project.upload(archive)

        assert len(curator.state.blobs) == 1


def test_an_older_server_takes_the_other_field(project: Project) -> None:
    """Which of the two is tried first from then on is remembered."""
    with FakeCurator(content="xml_content") as curator:
        archive = CDCSArchive(curator.url, "admin", "admin", options=OPTIONS)
        archive.initialise()

        project.publish(archive, "1.0.0")
        project.publish(archive, "1.1.0")

        assert curator.count("POST", "/rest/data/") == 3
        assert len(archive.get_release_records(project.title, None)) == 2
        archive.yank(project.title, "1.1.0")
        assert len(archive.get_release_records(project.title, None)) == 1


def test_a_record_that_is_refused_is_told(archive: CDCSArchive, curator: FakeCurator) -> None:
    """With the server's own words; the other field is not tried then."""
    [template] = archive.curator.get_templates()

    with pytest.raises(TransportError, match="Invalid pk"):
        archive.curator.upload_record(template._replace(id="77"), "<release/>", "a")

    assert curator.count("POST", "/rest/data/") == 1


def test_without_a_template_nothing_is_published(curator: FakeCurator, project: Project) -> None:
    """The error names the command that creates it; nothing is found either."""
    archive = CDCSArchive(curator.url, "admin", "admin", options=OPTIONS)

    with pytest.raises(RefusedError, match="store release init"):
        project.publish(archive)

    assert archive.list_releases() == []


def test_without_its_blobs_nothing_is_published(archive: CDCSArchive, project: Project) -> None:
    """Their identifiers are missing in the record."""
    record = project.upload(archive).to_data()
    for _, node in blob_nodes(record["project"]):
        del node[BPID]

    with pytest.raises(RefusedError, match="not uploaded"):
        archive.upload_release_record(record)


def test_a_server_that_mints_nothing_will_do(project: Project, tmp_path: Path) -> None:
    """Blobs go by their handles, records by their addresses."""
    with FakeCurator(pids=False) as curator:
        archive = CDCSArchive(curator.url, "admin", "admin", options=OPTIONS)
        archive.initialise()

        pid = project.publish(archive)

        [record] = archive.get_release_records(project.title, None).values()
        blob = Record.from_data(record).blob("a.txt")
        archive.download_blob(blob.pid or "", tmp_path / "a", {}, blob.size, record)
        assert (tmp_path / "a").read_bytes() == b"hello"
        assert pid.startswith(f"{curator.url}/rest/data/")


def test_a_damaged_document_is_passed_over(
    archive: CDCSArchive,
    curator: FakeCurator,
    project: Project,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """With a warning: a record without a field, one with entities of its own, one that is no XML."""
    project.publish(archive)
    [template] = curator.state.templates
    title = f"<title>{project.title}-v2.0.0</title>"
    damaged = (
        f"<release>{title}</release>",
        f"<!DOCTYPE a [<!ENTITY b 'c'>]><release>{title}</release>",
    )
    for number, content in enumerate(damaged, 900):
        told = {"id": number, "title": "x", "template": template, "workspace": 1}
        curator.state.records[number] = {**told, "content": content}

    with caplog.at_level(logging.WARNING):
        found = archive.get_release_records(project.title, None)

    assert len(found) == 1
    assert caplog.text.count("passed over") == len(damaged)


def test_what_is_no_cdcs_is_told(curator: FakeCurator) -> None:
    """A page for people, or JSON of another kind."""
    archive = CDCSArchive(curator.url, "admin", "admin", options=OPTIONS)
    curator.fail("GET", "/rest/workspace/", "html")
    with pytest.raises(TransportError, match="no JSON"):
        archive.curator.get_workspaces()

    curator.state.templates[1] = ("a", "b")
    curator.state.blobs[1] = {"name": "of another kind"}
    with pytest.raises(TransportError, match="no 'id'"):
        archive.curator.get_blob("1")


def test_what_is_posted_is_not_sent_on(
    archive: CDCSArchive, curator: FakeCurator, project: Project
) -> None:
    """The error tells the address to give; what is read is asked for there."""
    curator.fail("POST", "/rest/blob/", f"{curator.url}/rest/other/")
    with pytest.raises(RedirectError, match="rest/other"):
        project.upload(archive)

    curator.fail("GET", "/rest/workspace/", f"{curator.url}/rest/workspace/?moved")
    assert archive.curator.get_workspaces()


def test_offline_nothing_is_asked(curator: FakeCurator) -> None:
    """Not even for a token."""
    archive = CDCSArchive(curator.url, "admin", "admin", options=TransferOptions(offline=True))

    with pytest.raises(StoreError, match="offline"):
        archive.get_release_records("anything", None)

    assert curator.count() == 0
