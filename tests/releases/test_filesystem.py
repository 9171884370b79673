"""A directory is an archive of the established layout, and what is in it is whole."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from store.errors import (
    ArchiveError,
    IntegrityError,
    QueryError,
    RefusedError,
    ReleaseExistsError,
    ReleaseRecordNotFoundError,
    ResourceNotFoundError,
    StorageError,
    UnsafeNameError,
)
from store.files.unfinished import partial_name
from store.releases import usable
from store.releases.choosing import choose
from store.releases.downloading import Manner, download
from store.releases.filesystem import FileSystemArchive, open_directory
from store.releases.holding import refuse_archive
from store.releases.mapping import project_of
from store.releases.names import DEFAULT_WORKSPACE, Requirement
from store.releases.pathing import path_of
from store.releases.publishing import Published, Wanted, publish
from store.releases.records import Record, compose, signed
from store.releases.spelling import read_record, to_yaml
from store.releases.versions import Version

from .conftest import content_of, lay

Release = Callable[..., Published]


def shelf(archive: FileSystemArchive) -> Path:
    """Return where the test's releases lie."""
    return archive.archive_path / DEFAULT_WORKSPACE / "survey"


def by_hand(directory: Path) -> None:
    """Write an archive as the older tool does: block YAML, nothing of ours."""
    content, empty = b"1,2\n", b""
    shas = [hashlib.sha256(one).hexdigest() for one in (content, empty)]
    for sha, one in zip(shas, (content, empty), strict=True):
        lay(directory, {f"{DEFAULT_WORKSPACE}/survey/blobs/{sha[:2]}/{sha}": one})
    (directory / ".rmearchive").touch()
    node = {"/attrs/": {}, "/item/": "File", "/file-type/": "misc"}
    for version in ("0.9.0", "0.10.0"):
        record: dict[str, Any] = {
            "title": f"survey-v{version}",
            "title_versionless": "survey",
            "version": version,
            "workflow_config_path": "survey.rme.yml",
            "workflow": {"jobs": {"fit": "python fit.py"}},
            "requirements": [],
            "project": {
                "data": {
                    "/path/": "data",
                    "/attrs/": {},
                    "/item/": "Directory",
                    "t.csv": {
                        "/path/": "data/t.csv",
                        **node,
                        "/bpid/": shas[0],
                        "/bytes/": 4,
                    },
                },
                "none": {"/path/": "none", **node, "/bpid/": shas[1], "/bytes/": 0},
            },
            "datasets": {"table": "data/t.csv"},
        }
        path = directory / DEFAULT_WORKSPACE / "survey" / f"survey-v{version}.yml"
        path.write_text(yaml.safe_dump(record))


def test_an_archive_of_the_older_tool_is_read(tmp_path: Path) -> None:
    """What it wrote is found, ordered, verified by the blobs' ids, and comes into a folder."""
    by_hand(tmp_path / "old")
    archive = FileSystemArchive(tmp_path / "old", "ada")

    records = archive.get_release_records("survey", [">=0.1.0"])
    archive.download_release(
        records["survey-v0.10.0"],
        DEFAULT_WORKSPACE,
        2,
        tmp_path / "here",
        2**20,
        progress_bar=False,
    )

    assert list(records) == ["survey-v0.9.0", "survey-v0.10.0"]
    assert content_of(tmp_path / "here") == {"data/t.csv": b"1,2\n", "none": b""}
    assert (archive.user, archive.host) == ("ada", (tmp_path / "old").as_posix())


def test_what_we_write_is_laid_out_the_same(archive: FileSystemArchive, release: Release) -> None:
    """Marker, records and blobs lie where the older tool looks for them, and its reader reads them."""
    release("1.0.0")
    sha = hashlib.sha256(b"a\n").hexdigest()

    beside = {path.name for path in shelf(archive).iterdir() if path.is_file()}
    data = yaml.safe_load((shelf(archive) / "survey-v1.0.0.yml").read_text())

    assert beside == {"survey-v1.0.0.yml"}
    assert (archive.archive_path / ".rmearchive").read_bytes() == b""
    assert (shelf(archive) / "blobs" / sha[:2] / sha).read_bytes() == b"a\n"
    assert data["project"]["a.txt"]["/bpid/"] == sha
    assert data["project"]["data"]["table.csv"]["/path/"] == "data/table.csv"


def test_another_version_is_added_to_an_older_archive(tmp_path: Path, release: Release) -> None:
    """We publish beside what the older tool wrote; yanking leaves nothing that it would stumble over."""
    by_hand(tmp_path / "old")
    archive = FileSystemArchive(tmp_path / "old")

    release("1.0.0", to=archive)
    archive.yank("survey", "0.9.0", reason="old")

    assert [str(one.version) for one in archive.list_releases()] == ["0.9.0", "0.10.0", "1.0.0"]
    assert all(
        yaml.safe_load(one.read_text())["version"]
        for one in shelf(archive).iterdir()
        if one.is_file()
    )


def test_a_directory_is_no_archive_by_itself(tmp_path: Path) -> None:
    """Making one is explicit, and is not done among other things."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()

    with pytest.raises(ArchiveError, match="no archive"):
        FileSystemArchive(tmp_path)
    with pytest.raises(ArchiveError, match="not empty"):
        FileSystemArchive.create(tmp_path / "full")

    archive = FileSystemArchive.create(tmp_path / "new" / "one")
    assert FileSystemArchive.create(tmp_path / "new" / "one").archive_path == archive.archive_path


def test_of_several_who_begin_an_archive_none_is_in_the_way(tmp_path: Path) -> None:
    """All of them have it, whoever was first."""
    crew, places = 4, [tmp_path / str(number) for number in range(40)]
    barrier = threading.Barrier(crew)

    def begin(place: Path) -> Path:
        barrier.wait(timeout=30)
        return FileSystemArchive.create(place).archive_path

    with ThreadPoolExecutor(crew) as pool:
        found = [[*pool.map(begin, [place] * crew)] for place in places]

    assert found == [[place] * crew for place in places]
    assert [[one.name for one in place.iterdir()] for place in places] == [[".rmearchive"]] * 40


def test_what_only_begins_as_ours_keeps_an_archive_from_beginning(tmp_path: Path) -> None:
    """It is the user's: the directory is not empty."""
    (tmp_path / ".store-notes").touch()

    with pytest.raises(ArchiveError, match="is no archive"):
        FileSystemArchive.create(tmp_path)


def test_what_was_cut_off_does_not_keep_an_archive_from_beginning(tmp_path: Path) -> None:
    """What is left of it is none of the user's; it goes where nobody is at work on it."""
    left = tmp_path / partial_name().replace(f"-{os.getpid()}-", f"-{2**22 + 1}-")
    left.touch()

    with pytest.raises(ArchiveError, match="it is empty"):
        FileSystemArchive(tmp_path)
    FileSystemArchive.create(tmp_path)

    assert [one.name for one in tmp_path.iterdir()] == [".rmearchive"]


def test_of_sixteen_who_publish_one_wins(
    archive: FileSystemArchive, tmp_path: Path, release: Release
) -> None:
    """The record is made exclusively: one version, one content."""
    directories = [tmp_path / f"p{number}" for number in range(16)]
    for directory in directories:
        lay(directory, {"whose.txt": directory.name.encode()})
    start, won, lost = threading.Barrier(16), list[str](), list[str]()

    def publish(directory: Path) -> None:
        own = FileSystemArchive(archive.archive_path)
        start.wait()
        try:
            release("1.0.0", to=own, directory=directory)
        except ReleaseExistsError:
            lost.append(directory.name)
        else:
            won.append(directory.name)

    threads = [threading.Thread(target=publish, args=(one,)) for one in directories]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(won), len(lost)) == (1, 15)
    record = Record.from_data(archive.get_release_records("survey")["survey-v1.0.0"])
    assert record.blobs[0].sha256 == hashlib.sha256(won[0].encode()).hexdigest()


def test_a_damaged_blob_is_not_used_again(
    archive: FileSystemArchive, release: Release, tmp_path: Path
) -> None:
    """A blob is read and compared before another release relies on it; a wrong one is replaced."""
    release("1.0.0")
    sha = hashlib.sha256(b"a\n").hexdigest()
    blob = shelf(archive) / "blobs" / sha[:2] / sha
    blob.chmod(0o644)
    blob.write_bytes(b"b\n")

    done = release("1.1.0")

    assert blob.read_bytes() == b"a\n"
    download(archive, done.record, DEFAULT_WORKSPACE, tmp_path / "here", Manner())


def test_a_blob_that_is_there_is_left_alone(archive: FileSystemArchive, release: Release) -> None:
    """What is there already is not written anew: a rerun goes on where it stopped."""
    release("1.0.0")
    blobs = [one for one in (shelf(archive) / "blobs").rglob("*") if one.is_file()]
    before = {one: one.stat().st_ino for one in blobs}

    release("1.1.0")

    assert {one: one.stat().st_ino for one in before} == before
    assert all(one.stat().st_mode & 0o222 == 0 for one in before)


def test_large_files_are_not_held_in_memory(
    archive: FileSystemArchive, tmp_path: Path, release: Release
) -> None:
    """A file of more than a mebibyte is streamed, into the archive and out of it."""
    content = os.urandom(3 << 20)
    lay(tmp_path / "large", {"big.bin": content})

    done = release("1.0.0", directory=tmp_path / "large")
    download(archive, done.record, DEFAULT_WORKSPACE, tmp_path / "here", Manner(chunk=1 << 16))
    again = release("1.0.1", directory=tmp_path / "large")

    assert content_of(tmp_path / "here") == {"big.bin": content}
    assert again.record.blobs == done.record.blobs


def test_a_release_needs_its_blobs(archive: FileSystemArchive) -> None:
    """A record whose content is not there, or is too short, is not published."""
    sha = "ab" * 32
    project = project_of({"a": False}, ())
    project["a"] |= {"/bpid/": sha, "/bytes/": 3, "/sha256/": sha}
    data = compose("survey", "1.0.0", project).to_data()

    with pytest.raises(ResourceNotFoundError, match="upload its blobs first"):
        archive.upload_release_record(data)
    lay(shelf(archive) / "blobs", {f"ab/{sha}": b"xx"})
    with pytest.raises(
        ResourceNotFoundError, match=r"has 2 bytes in the archive, and 3 in the record"
    ):
        archive.upload_release_record(data, workspace_title=DEFAULT_WORKSPACE)

    with pytest.raises(ReleaseRecordNotFoundError):
        archive.get_release_records("survey")


def test_the_page_s_calls_work_in_their_order(
    archive: FileSystemArchive, project: Path, tmp_path: Path
) -> None:
    """Whoever calls as the page says, by position, gets what it says."""
    mapping = project_of({"a.txt": False}, ())

    pid, size = archive.process_and_upload_blob(
        Path("a.txt"), project, "survey", "survey-v1.0.0", "space", 2**20
    )
    archive.upload_blobs_and_update_mapping(
        "survey-v1.0.0", "survey", "space", mapping, project, 4, 2**20
    )
    done = archive.upload_release_record(
        {
            "title": "survey-v1.0.0",
            "title_versionless": "survey",
            "version": "1.0.0",
            "project": mapping,
        },
        "space",
    )
    told: dict[str, Any] = {}
    archive.download_blob(pid, tmp_path / "out", told, size, None, "space")

    assert done == (archive.archive_path / "space/survey/survey-v1.0.0.yml").as_posix()
    assert (mapping["a.txt"]["/bpid/"], mapping["a.txt"]["/bytes/"]) == (pid, size)
    assert ((tmp_path / "out").read_bytes(), told["success"]) == (b"a\n", True)
    with pytest.raises(ResourceNotFoundError):
        archive.download_blob("ab" * 32, tmp_path / "no", told, 1)
    assert (told["success"], told["finished"]) == (False, True)


def test_no_blobs_are_uploaded_for_debugging(archive: FileSystemArchive, project: Path) -> None:
    """``no_blobs`` leaves the archive as it is."""
    mapping = project_of({"a.txt": False}, ())

    archive.upload_blobs_and_update_mapping(
        "survey-v1.0.0", "survey", "space", mapping, project, no_blobs=True
    )

    assert (mapping["a.txt"]["/bpid/"], mapping["a.txt"]["/bytes/"]) == ("NONE", 0)
    assert not (archive.archive_path / "space").exists()


def test_a_record_under_another_s_name_is_refused(
    archive: FileSystemArchive, release: Release
) -> None:
    """A file that says that it is another release, or cannot be read, is damage that is told."""
    release("1.0.0")
    record = shelf(archive) / "survey-v1.0.0.yml"
    shutil.copy(record, shelf(archive) / "survey-v2.0.0.yml")

    with pytest.raises(ArchiveError, match="says that it is"):
        archive.get_release_records("survey", "==2.0.0")
    (shelf(archive) / "survey-v2.0.0.yml").write_bytes(b"\0")
    with pytest.raises(ArchiveError, match="cannot be used"):
        archive.get_release_records("survey", "==2.0.0")
    assert [one.files for one in archive.list_releases(details=True)] == [4, None]


def test_a_changed_record_is_not_downloaded(
    archive: FileSystemArchive, release: Release, tmp_path: Path
) -> None:
    """A record is held against its own digest before anything of it is believed."""
    release("1.0.0")
    path = shelf(archive) / "survey-v1.0.0.yml"
    path.write_bytes(path.read_bytes().replace(b'"a.txt"', b'"b.txt"'))
    data = archive.get_release_records("survey")["survey-v1.0.0"]

    with pytest.raises(IntegrityError, match="was changed after"):
        archive.download_release(data, DEFAULT_WORKSPACE, 2, tmp_path / "here", progress_bar=False)

    assert content_of(tmp_path / "here") == {}


def test_listing_reads_no_records(
    archive: FileSystemArchive, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names and versions are read off the files' names; what records say is read once, and kept."""
    for minor in range(3):
        release(f"1.{minor}.0")
    reads: list[str] = []

    def counted(text: bytes, *, name: str = "") -> dict[str, Any]:
        reads.append(name)
        return read_record(text, name=name)

    monkeypatch.setattr(usable, "read_record", counted)

    plain = archive.list_releases()
    unread = list(reads)
    first = archive.list_releases(details=True)
    second = FileSystemArchive(archive.archive_path).list_releases(details=True)

    assert (len(plain), unread) == (3, [])
    assert len(reads) == 3
    assert first == second
    shutil.rmtree(archive.archive_path / ".store")
    assert archive.list_releases(details=True) == first


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\0\0",
        b"[1]\n",
        b'["x", 1, 2, 3, 4, 5, 6]\n{"a"',
        b"{}\n" * 500,
        b"[1]\n" + b"[" * 100_000 + b"\n",
    ],
)
def test_a_damaged_index_does_no_harm(
    archive: FileSystemArchive, release: Release, damage: bytes
) -> None:
    """Whatever stands in the index, the listing is right."""
    release("1.0.0")
    right = archive.list_releases(details=True)
    (archive.archive_path / ".store" / "index.jsonl").write_bytes(damage)

    assert archive.list_releases(details=True) == right
    assert archive.list_releases(details=True) == right


def test_a_reader_needs_no_right_to_write(
    archive: FileSystemArchive, release: Release, tmp_path: Path
) -> None:
    """An archive that cannot be written to is listed and fetched from."""
    done = release("1.0.0")
    shutil.rmtree(archive.archive_path / ".store")
    (archive.archive_path / ".store").touch()  # in the way of the index, for root too

    assert [one.files for one in archive.list_releases(details=True)] == [4]
    download(archive, done.record, DEFAULT_WORKSPACE, tmp_path / "here", Manner())
    with pytest.raises(StorageError):
        release("1.1.0")


def test_workspaces_are_apart(archive: FileSystemArchive, release: Release) -> None:
    """A release lies in one workspace, and is found in no other."""
    release("1.0.0", workspace="one")

    with pytest.raises(ReleaseRecordNotFoundError):
        archive.get_release_records("survey")
    assert list(archive.get_release_records("survey", workspace="one")) == ["survey-v1.0.0"]
    for hostile in ("../one", "", ".store", "a/b"):
        with pytest.raises(UnsafeNameError):
            archive.get_release_records("survey", workspace=hostile)


def test_an_update_dict_is_kept_up_to_date(
    archive: FileSystemArchive, release: Release, tmp_path: Path
) -> None:
    """Its size grows chunk by chunk; success and error are told at the end."""
    lay(tmp_path / "large", {"big": bytes(3 << 20)})
    [blob] = release("1.0.0", directory=tmp_path / "large").record.blobs
    told: list[int] = []

    class Following(dict[str, Any]):
        def __setitem__(self, key: str, value: Any) -> None:
            super().__setitem__(key, value)
            if key == "size":
                told.append(value)

    update, failed = Following(), Following()
    archive.download_blob(blob.pid or "", tmp_path / "big", update, chunk_size=1 << 20)
    grown = list(told)
    with pytest.raises(ResourceNotFoundError):
        archive.download_blob("0" * 64, tmp_path / "none", failed)

    assert grown == [0, 0, 1 << 20, 2 << 20, 3 << 20]
    assert (update["finished"], update["success"], update["error"]) == (True, True, None)
    assert (failed["finished"], failed["success"]) == (True, False)
    assert isinstance(failed["error"], ResourceNotFoundError)


def test_only_the_chosen_record_is_read(archive: FileSystemArchive, release: Release) -> None:
    """A damaged record of another version, and a thousand sound ones, cost a choice nothing."""
    release("1.0.0")
    (shelf(archive) / "survey-v0.1.0.yml").write_bytes(b"\0 no record")

    chosen = choose(archive, Requirement.parse("survey>=0.1"))

    assert str(chosen.version) == "1.0.0"
    with pytest.raises(ArchiveError):
        archive.get_release_records("survey", "0.1.0")


@pytest.mark.parametrize("text", ['""', "::: {", "title: other"])
def test_a_record_that_cannot_be_used_is_in_nobody_s_way(
    archive: FileSystemArchive,
    release: Callable[..., Any],
    caplog: pytest.LogCaptureFixture,
    text: str,
) -> None:
    """Ranges pass it over, with a warning; where it is named, or is all there is, it is an error."""
    release("1.0.0")
    shelf = archive.archive_path / DEFAULT_WORKSPACE / "survey"
    (shelf / "survey-v1.1.0.yml").write_text(text)

    found = archive.get_release_records("survey", ["*"])
    newest = archive.newest_record("survey")

    assert [*found] == ["survey-v1.0.0"]
    assert newest["version"] == "1.0.0"
    assert "survey-v1.1.0.yml is passed over" in caplog.text
    for expressions in ("1.1.0", ">1.0.0"):
        with pytest.raises(ArchiveError, match=r"survey-v1\.1\.0"):
            archive.get_release_records("survey", expressions)
        with pytest.raises(ArchiveError, match=r"survey-v1\.1\.0"):
            archive.newest_record("survey", expressions)


def test_an_odd_record_is_listed(archive: FileSystemArchive, release: Callable[..., Any]) -> None:
    """One that says two things under one name has no digest: it is passed over by its own name."""
    release("1.0.0")
    shelf = archive.archive_path / DEFAULT_WORKSPACE / "survey"
    said = "title: survey-v1.1.0\nversion: 1.1.0\ntitle_versionless: survey\n"
    (shelf / "survey-v1.1.0.yml").write_text(f"{said}x: {{1: a, '1': b, c: d}}\n")

    listed = archive.list_releases(details=True)

    assert [one.files for one in listed] == [4, None]


def test_titles_in_each_other_s_place_are_noticed(
    archive: FileSystemArchive, project: Path
) -> None:
    """Their order differs between archives: no shelf is made of a title with a version."""
    with pytest.raises(QueryError, match="give them by name"):
        archive.process_and_upload_blob("a.txt", project, "survey-v1.0.0", "survey")
    with pytest.raises(QueryError, match="give them by name"):
        archive.upload_blobs_and_update_mapping(
            "survey", "survey-v1.0.0", DEFAULT_WORKSPACE, {}, project, 1, 1
        )

    assert archive.list_releases() == []
    assert not (archive.archive_path / DEFAULT_WORKSPACE).exists()


def test_a_fifo_in_the_place_of_a_record_is_waited_for_by_nobody(
    archive: FileSystemArchive, release: Release
) -> None:
    """It is none: passed over in listings, and told where its version is named."""
    release("1.0.0")
    odd = shelf(archive) / "survey-v2.0.0.yml"
    os.mkfifo(odd)

    listed = archive.list_releases("survey", details=True)
    newest = archive.newest_record("survey")

    assert [(str(one.version), one.files) for one in listed] == [("1.0.0", 4), ("2.0.0", None)]
    assert newest["version"] == "1.0.0"
    with pytest.raises(ArchiveError, match="no regular file"):
        archive.get_release_records("survey", "==2.0.0")


def test_what_is_ours_may_be_anything(archive: FileSystemArchive, release: Release) -> None:
    """A FIFO as the index, a directory as a mark: neither is waited for, nor holds up a listing."""
    release("1.0.0")
    archive.list_releases(details=True)
    index = archive.archive_path / ".store" / "index.jsonl"
    index.unlink()
    os.mkfifo(index)
    (shelf(archive) / ".store" / "yanked" / "1.0.0").mkdir(parents=True)

    (listed,) = archive.list_releases(details=True)

    assert (listed.files, listed.yanked) == (4, "")


def test_a_file_in_the_place_of_our_directory_is_named(
    archive: FileSystemArchive, release: Release
) -> None:
    """And not the blob that could not be laid down."""
    shutil.rmtree(archive.archive_path / ".store", ignore_errors=True)
    (archive.archive_path / ".store").write_bytes(b"")

    with pytest.raises(StorageError, match=r"\.store: Not a directory"):
        release("1.0.0")


def test_an_archive_is_not_begun_in_another(archive: FileSystemArchive) -> None:
    """What would be fetched into it is refused, after all."""
    with pytest.raises(RefusedError, match="lies in the archive"):
        FileSystemArchive.create(archive.archive_path / "inner")

    assert not (archive.archive_path / "inner").exists()


def test_a_file_is_no_archive(tmp_path: Path) -> None:
    """Nor does one begin in it."""
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(ArchiveError, match="but a file"):
        FileSystemArchive(tmp_path / "file")


def test_only_pre_releases_are_told_of(archive: FileSystemArchive, release: Release) -> None:
    """Who finds nothing is told how to have one."""
    release("1.0.0-rc.1")

    with pytest.raises(ReleaseRecordNotFoundError, match=r"'survey@1\.0\.0-rc\.1' to have it"):
        archive.get_release_records("survey")
    with pytest.raises(ReleaseRecordNotFoundError, match=r"the highest there is 1\.0\.0-rc\.1"):
        archive.get_release_records("survey", ">=2")


def test_a_record_that_leads_astray_is_not_published(archive: FileSystemArchive) -> None:
    """By a dataset; or to two workspaces at once."""
    data = compose("survey", "1.0.0", {}, datasets={"d": "../x"}).to_data()

    with pytest.raises(UnsafeNameError, match="refused"):
        archive.upload_release_record(data)
    with pytest.raises(QueryError, match="two names of one thing"):
        archive.upload_release_record(data, workspace="a", workspace_title="b")


def test_a_place_that_leads_in_circles_is_no_archive(tmp_path: Path) -> None:
    """It is told as an error of ours, on every version of Python."""
    loop = tmp_path / "loop"
    loop.symlink_to(loop)

    for failing in (FileSystemArchive, FileSystemArchive.create, refuse_archive):
        with pytest.raises(StorageError):
            failing(loop)


def test_a_record_whose_files_cannot_be_used_is_in_nobody_s_way(
    archive: FileSystemArchive, release: Release, caplog: pytest.LogCaptureFixture
) -> None:
    """Ranges choose the highest that can; where it is named it is an error."""
    release("1.0.0")
    data = release("1.1.0").record.to_data()
    data["project"]["a.txt"]["/item/"] = "Device"
    data["project"]["a.txt"].pop("/bpid/")
    (shelf(archive) / "survey-v1.1.0.yml").write_text(to_yaml(signed(data)))

    found = choose(archive, Requirement.parse("survey>=1"))

    assert str(found.version) == "1.0.0"
    assert "survey-v1.1.0 is passed over" in caplog.text
    for asked in ("survey@1.1.0", "survey>1.0.0"):
        with pytest.raises(ArchiveError, match=r"a\.txt"):
            choose(archive, Requirement.parse(asked))


def test_no_link_is_passed_through_for_a_blob(archive: FileSystemArchive, tmp_path: Path) -> None:
    """What lies behind one is not the project's."""
    lay(tmp_path, {"outside/secret": b"mine", "project/a": b"a"})
    (tmp_path / "project" / "link").symlink_to(tmp_path / "outside")

    with pytest.raises(UnsafeNameError, match="is a link"):
        archive.process_and_upload_blob("link/secret", tmp_path / "project", "x", "x-v1.0.0")


def test_a_reason_is_kept_in_whole_letters(archive: FileSystemArchive, release: Release) -> None:
    """However long it is, and whatever stands in it."""
    release("1.0.0")
    found = []

    for reason in ("x" + "é" * 2048, "odd \udcff"):
        archive.yank("survey", "1.0.0", reason=reason)
        found += [one.yanked for one in archive.list_releases()]

    assert found == ["x" + "é" * 2047, "odd ?"]


def test_a_link_that_leads_in_circles_is_no_workspace(
    archive: FileSystemArchive, release: Release
) -> None:
    """It spoils no listing."""
    release("1.0.0")
    (archive.archive_path / "loop").symlink_to("loop")

    assert [one.title for one in archive.list_releases()] == ["survey"]


def test_a_name_too_long_is_refused_before_anything_goes_up(
    archive: FileSystemArchive, project: Path
) -> None:
    """Title and version together are the name of a file."""
    wanted = Wanted("a" * 128, Version.parse(f"1.0.0-{'b' * 120}"))

    with pytest.raises(QueryError, match="too long"):
        publish(archive, project, wanted)

    assert [one.name for one in archive.archive_path.iterdir()] == [".rmearchive"]


@pytest.mark.parametrize("host", ["file:///tmp/a%00b", "file://[x/a", "x\0y"])
def test_what_no_path_can_be_is_refused(host: str) -> None:
    """By an error of ours."""
    with pytest.raises(UnsafeNameError, match="is refused"):
        open_directory(host)
    with pytest.raises(UnsafeNameError, match="is refused"):
        FileSystemArchive.create(path_of(host))
