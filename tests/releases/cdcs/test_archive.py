"""Releases go to a CDCS and come back: the fake one, and the real one in ``tox -e services``."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest

from store.errors import (
    CredentialsError,
    IntegrityError,
    RefusedError,
    ReleaseExistsError,
    ReleaseRecordNotFoundError,
)
from store.releases.cdcs import CDCSArchive
from store.releases.mapping import BPID, BYTES, blob_nodes, project_of
from store.releases.records import Record
from store.releases.transfer import Standing
from store.releases.values import Naming

WORKSPACE = "Global Public Workspace"


class Place(Protocol):
    """Where a CDCS is."""

    url: str
    user: str
    password: str

    def archive(self) -> CDCSArchive:
        """Log in anew."""
        ...


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


def fetched(archive: CDCSArchive, record: dict[str, Any], target: Path) -> dict[str, bytes]:
    """Download each blob of a record, and return what came."""
    for path, node in blob_nodes(record["project"]):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        archive.download_blob(
            node[BPID], target / path, {}, expected_size=node[BYTES], release_record=record
        )
    found = [one for one in target.rglob("*") if one.is_file()]
    return {one.relative_to(target).as_posix(): one.read_bytes() for one in found}


def test_what_is_published_comes_back(
    archive: CDCSArchive, project: Project, tmp_path: Path
) -> None:
    """Every byte, of empty files too; the record has the identifier that the server minted."""
    pid = project.publish(archive)

    [(title, record)] = archive.get_release_records(project.title, "1.0.0").items()

    assert title == f"{project.title}-v1.0.0"
    assert record["/PID/"] == pid
    assert pid.startswith(archive.host)
    Record.from_data(record).check()
    assert fetched(archive, record, tmp_path / "out") == project.files


def test_versions_come_from_the_oldest_to_the_newest(
    archive: CDCSArchive, project: Project
) -> None:
    """By precedence, over more than one page of answers; only those that are admitted."""
    versions = [f"1.{minor}.0" for minor in (10, 2, 9, 0, 1, 11, 3, 4, 5, 6, 7, 8)]
    for one in versions:
        project.publish(archive, one)

    found = archive.get_release_records(project.title, [">=1.1", "<1.11"])

    assert [record["version"] for record in found.values()] == [f"1.{n}.0" for n in range(1, 11)]


def test_a_release_that_is_not_there_is_told(archive: CDCSArchive, project: Project) -> None:
    """Of no such title, of no such version, and in no such workspace; by name and by position."""
    project.publish(archive)

    with pytest.raises(ReleaseRecordNotFoundError, match="no-such-title"):
        archive.get_release_records("no-such-title", None)
    with pytest.raises(ReleaseRecordNotFoundError, match=r"a .b"):
        archive.get_release_records("a $b", "1.0.0")
    with pytest.raises(ReleaseRecordNotFoundError, match=">=2"):
        archive.get_release_records(
            title_versionless=project.title, version_expressions=[">=2"], workspace=WORKSPACE
        )
    with pytest.raises(ReleaseRecordNotFoundError, match="Nowhere"):
        archive.get_release_records(project.title, None, "Nowhere")


def test_builds_of_a_version_are_found_by_it(archive: CDCSArchive, project: Project) -> None:
    """Until it exists as such; another version that begins alike is none of them."""
    found = []
    for one in ("1.0.0+a.1", "1.0.0-rc.1", "1.0.10", "1.0.0"):
        project.publish(archive, one)
        found.append(archive.get_release_records(project.title, ["==1.0.0"]).values())

    told = [[record["version"] for record in records] for records in found]
    assert told == [*3 * [["1.0.0+a.1"]], ["1.0.0"]]
    archive.yank(project.title, "1.0.0+a.1")
    assert [one.yanked for one in archive.list_releases(project.title)] == [None, None, "", None]


def test_a_title_that_looks_like_a_number_is_found(archive: CDCSArchive, project: Project) -> None:
    """Servers read elements as numbers where they look like some."""
    record = project.upload(archive)
    title = project.title.removeprefix("title")
    data = {**record.to_data(), "title": f"{title}-v1.0.0", "title_versionless": title}
    archive.upload_release_record(data)

    found = archive.get_release_records(title, None)

    assert list(found) == [f"{title}-v1.0.0"]


def test_a_title_is_not_taken_for_a_longer_one(archive: CDCSArchive, project: Project) -> None:
    """``a`` is another title than ``a-v2``, whose releases begin alike."""
    record = project.upload(archive).to_data()
    longer = f"{project.title}-v2"
    archive.upload_release_record(record)
    archive.upload_release_record(
        {**record, "title": f"{longer}-v1.0.0", "title_versionless": longer}
    )

    assert list(archive.get_release_records(project.title, None)) == [f"{project.title}-v1.0.0"]
    assert list(archive.get_release_records(longer, None)) == [f"{longer}-v1.0.0"]


def test_a_version_is_published_once(archive: CDCSArchive, project: Project) -> None:
    """The server would take a second; here only who asks for it publishes in the place of the first."""
    first = project.publish(archive)

    with pytest.raises(ReleaseExistsError, match=project.title):
        project.publish(archive)
    assert archive.supports_repeat_releases
    second = project.publish(archive, allow_repeat=True)

    [record] = archive.get_release_records(project.title, None).values()
    assert first != second
    assert record["/PID/"] == second


def test_a_duplicate_that_nobody_asked_for_is_noticed(
    archive: CDCSArchive, project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    """Another program may have added it: the first stays the release, and a warning is logged."""
    first = project.publish(archive)
    [document] = archive.curator.query(title=f"{project.title}-v1.0.0")
    [template] = archive.curator.get_templates("store-release")
    content = document.content.replace(first, "")
    archive.curator.upload_record(
        template, content, document.title, archive.curator.global_workspace, duplicatecheck=False
    )

    with caplog.at_level(logging.WARNING):
        [record] = archive.get_release_records(project.title, None).values()

    assert record["/PID/"] == first
    assert "2 times" in caplog.text
    with pytest.raises(ReleaseExistsError):
        archive.curator.upload_record(template, content, document.title)


def test_a_yanked_version_is_had_only_by_its_name(archive: CDCSArchive, project: Project) -> None:
    """Ranges pass it over, until that is taken back; its record stays as it was published."""
    project.publish(archive, "1.0.0")
    project.publish(archive, "1.1.0")

    archive.yank(project.title, "1.1.0", reason="it was wrong")

    assert [*archive.get_release_records(project.title, ">=1")] == [f"{project.title}-v1.0.0"]
    [record] = archive.get_release_records(project.title, "1.1.0").values()
    Record.from_data(record).check()
    listed = archive.list_releases(project.title, workspace=WORKSPACE)
    assert [one.yanked for one in listed] == [None, "it was wrong"]
    archive.yank(project.title, "1.1.0", undo=True)
    assert len(archive.get_release_records(project.title, ">=1")) == 2
    with pytest.raises(ReleaseRecordNotFoundError):
        archive.yank(project.title, "7.0.0")


def test_a_listing_tells_of_files_and_sizes(archive: CDCSArchive, project: Project) -> None:
    """Where details are asked for."""
    project.publish(archive)

    [listed] = archive.list_releases(project.title, details=True)

    assert (listed.workspace, listed.title, str(listed.version)) == (
        WORKSPACE,
        project.title,
        "1.0.0",
    )
    assert listed.files == len(project.files)
    assert listed.size == sum(map(len, project.files.values()))
    assert listed in archive.list_releases(details=True)
    with pytest.raises(ReleaseRecordNotFoundError, match="no workspace 'Nowhere'"):
        archive.list_releases(workspace="Nowhere")


def test_what_is_there_is_not_sent_again(place: Place, project: Project) -> None:
    """Not by another session, not for another version; the blob is the same."""
    first = project.upload(place.archive(), "1.0.0")

    second = project.upload(place.archive(), "1.1.0")

    assert [one.pid for one in second.blobs] == [one.pid for one in first.blobs]


def test_the_page_uploads_by_position(archive: CDCSArchive, project: Project) -> None:
    """As the page has it: the title with its version comes first here."""
    title = project.title

    pid, size = archive.process_and_upload_blob(
        Path("a.txt"), project.directory, f"{title}-v1.0.0", title, WORKSPACE, 2**25, verbose=True
    )

    assert size == len(project.files["a.txt"])
    named = Naming(title, f"{title}-v1.0.0", WORKSPACE)
    assert archive.upload_blob(project.directory, named, {}, path="a.txt").pid == pid


def test_an_update_tells_how_far_it_came(
    archive: CDCSArchive, laid_down: Callable[[dict[str, bytes]], Project], tmp_path: Path
) -> None:
    """The dictionary of the page: up, and down."""
    data = bytes(300_000)
    project = laid_down({"zeros": data})
    going: dict[str, Any] = {}
    named = Naming(project.title, f"{project.title}-v1.0.0", WORKSPACE)

    sent = archive.upload_blob(project.directory, named, going, path="zeros")
    coming: dict[str, Any] = {}
    archive.download_blob(sent.pid, tmp_path / "zeros", coming, len(data))

    assert going["size"] == coming["size"] == len(data)
    assert coming["finished"] is coming["success"] is True
    assert coming["error"] is None
    assert coming["digest"] == f"sha256:{sent.sha256}"


def test_another_size_is_an_error_and_never_in_place(
    archive: CDCSArchive, project: Project, tmp_path: Path
) -> None:
    """The update says so, too."""
    blob = project.upload(archive).blob("a.txt")
    update: dict[str, Any] = {}

    with pytest.raises(IntegrityError):
        archive.download_blob(blob.pid or "", tmp_path / "a", update, expected_size=7)

    assert not list(tmp_path.glob("a*"))
    assert isinstance(update["error"], IntegrityError)
    assert (update["finished"], update["success"]) == (True, False)


def test_the_template_is_created_once(archive: CDCSArchive) -> None:
    """A second path would switch identifiers off."""
    assert archive.initialise() is False
    assert len(archive.curator.get_templates("store-release")) == 1


def test_a_wrong_password_is_told(place: Place) -> None:
    """With what to do about it."""
    archive = CDCSArchive(place.url, place.user, "wrong")

    with pytest.raises(CredentialsError, match="STORE_TOKEN"):
        archive.get_release_records("anything", None)


def test_what_is_read_before_it_goes_up_is_shown(archive: CDCSArchive, project: Project) -> None:
    """Every file is read first, to ask once which are there: the bar moves meanwhile."""
    mapping = project_of(dict.fromkeys(project.files, False), ())
    seen: list[Standing] = []

    archive.upload_blobs_and_update_mapping(
        release_title=f"{project.title}-v1.0.0",
        release_title_versionless=project.title,
        workspace=WORKSPACE,
        project_mapping=mapping,
        project_directory=project.directory,
        show=seen.append,
    )

    reading = [one for one in seen if one.running and one.running[0].startswith("reading ")]
    names = sorted(one.running[0].removeprefix("reading ") for one in reading)
    assert names == sorted(project.files)
    assert reading[-1].received > 0
    assert seen[-1] == Standing(sum(map(len, project.files.values())), len(project.files), ())


def test_an_update_dict_is_kept_up_to_date(
    archive: CDCSArchive, laid_down: Callable[[dict[str, bytes]], Project], tmp_path: Path
) -> None:
    """Its size grows while the bytes come; success and error are told at the end."""
    project = laid_down({"big": bytes(5 << 20)})
    record = project.upload(archive)
    update: Following = Following()

    archive.download_blob(record.blobs[0].pid or "", tmp_path / "big", update)
    archive_failed: Following = Following()
    with pytest.raises(IntegrityError):
        archive.download_blob(record.blobs[0].pid or "", tmp_path / "no", archive_failed, 7)

    assert update.sizes == sorted(update.sizes)
    assert len(set(update.sizes)) > 2
    assert (update["size"], update["finished"], update["success"]) == (5 << 20, True, True)
    assert (archive_failed["finished"], archive_failed["success"]) == (True, False)
    assert isinstance(archive_failed["error"], IntegrityError)


class Following(dict[str, Any]):
    """A mapping that remembers every size it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def __setitem__(self, key: str, value: Any) -> None:
        """Note a size."""
        super().__setitem__(key, value)
        if key == "size":
            self.sizes.append(value)


@pytest.fixture
def older(archive: CDCSArchive, project: Project) -> CDCSArchive:
    """The server with releases of the older tool: bare JSON under a template of its own, one twice."""
    curator = archive.curator
    template = next(iter(curator.get_templates("Release")), None)
    if template is None:
        curator.upload_template("release.json", '{"type": "object"}', "Release")
        [template] = curator.get_templates("Release")
    room = curator.get_workspace(WORKSPACE)
    for version, workflow in (("0.9.0", 1), ("0.10.0", 1), ("0.10.0", 2)):
        data = project.upload(archive, version).to_data()
        del data["/digest/"]
        for path, node in blob_nodes(data["project"]):
            for key in ("/sha256/", "/mode/"):
                node.pop(key, None)
            if path == "empty":
                node[BPID] = None
        content = json.dumps({**data, "workflow": workflow})
        curator.upload_record(template, content, data["title"], room, duplicatecheck=False)
    return archive


def test_releases_of_the_older_tool_are_read(
    older: CDCSArchive, project: Project, tmp_path: Path
) -> None:
    """Of one that it published twice the last is the release, as it has it; ours lie beside them."""
    project.publish(older, "1.0.0")

    found = older.get_release_records(project.title, ">=0.1")
    record = found[f"{project.title}-v0.10.0"]
    older.download_release(record, WORKSPACE, 2, tmp_path / "here", progress_bar=False)

    assert [one["version"] for one in found.values()] == ["0.9.0", "0.10.0", "1.0.0"]
    assert record["workflow"] == 2
    assert {
        path: (tmp_path / "here" / path).read_bytes() for path in project.files
    } == project.files
    listed = older.list_releases(project.title, details=True)
    assert [(str(one.version), one.files) for one in listed] == [
        ("0.9.0", 3),
        ("0.10.0", 3),
        ("1.0.0", 3),
    ]


def test_a_version_of_the_older_tool_is_left_alone(older: CDCSArchive, project: Project) -> None:
    """It is not published again, and not marked: its document has no room for that."""
    with pytest.raises(ReleaseExistsError):
        project.publish(older, "0.9.0")
    with pytest.raises(RefusedError, match="older tool"):
        older.yank(project.title, "0.9.0")
