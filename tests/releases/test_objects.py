"""An archive in a bucket asks for little, and takes nothing on trust."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.errors import (
    ArchiveError,
    DriftError,
    IntegrityError,
    RefusedError,
    ReleaseExistsError,
    ReleaseRecordNotFoundError,
    ResourceNotFoundError,
    TooLargeError,
    TruncatedError,
)
from store.releases.downloading import Manner, download
from store.releases.mapping import project_of
from store.releases.names import DEFAULT_WORKSPACE
from store.releases.objects import ObjectArchive
from store.releases.publishing import Published, Wanted, publish
from store.releases.records import compose
from store.releases.versions import Version
from store.testing.objects import FakeObjects
from store.transports.objects.base import Body, ObjectMeta

from .conftest import lay


@pytest.fixture
def bucket() -> FakeObjects:
    """A bucket that is empty."""
    return FakeObjects()


def publish_in(
    bucket: FakeObjects, project: Path, version: str, *, title: str = "survey"
) -> Published:
    """Publish a project below the prefix ``a``."""
    return publish(ObjectArchive(bucket, "a"), project, Wanted(title, Version.parse(version)))


@pytest.fixture
def filled(bucket: FakeObjects, project: Path) -> FakeObjects:
    """A bucket with two titles and three releases."""
    ObjectArchive.create(bucket, "/a/")
    publish_in(bucket, project, "1.0.0")
    publish_in(bucket, project, "1.1.0")
    publish_in(bucket, project, "1.0.0", title="other")
    return bucket


def test_objects_lie_where_files_would(filled: FakeObjects) -> None:
    """The layout is that of a directory, below the prefix."""
    keys = {meta.key for meta in filled.list()}

    assert all(key.startswith("a/") for key in keys)
    assert "a/.rmearchive" in keys
    assert f"a/{DEFAULT_WORKSPACE}/survey/survey-v1.1.0.yml" in keys
    assert len([key for key in keys if "/survey/blobs/" in key]) == 4


def test_what_is_there_is_not_sent_again(filled: FakeObjects, project: Path) -> None:
    """A blob of that digest and size is only looked at."""
    filled.calls.clear()

    publish_in(filled, project, "1.2.0")

    assert [key for call, key in filled.calls if call == "put"] == [
        f"a/{DEFAULT_WORKSPACE}/survey/survey-v1.2.0.yml"
    ]


def test_a_listing_passes_blobs_over(filled: FakeObjects) -> None:
    """However many blobs a title has, they are not listed."""
    archive = ObjectArchive(filled, "a")
    filled.calls.clear()

    found = archive.list_releases()

    assert [(one.title, str(one.version)) for one in found] == [
        ("other", "1.0.0"),
        ("survey", "1.0.0"),
        ("survey", "1.1.0"),
    ]
    assert {call for call, _ in filled.calls} == {"list"}
    assert [str(one.version) for one in archive.list_releases("survey")] == ["1.0.0", "1.1.0"]


def test_without_conditions_repeats_are_refused_all_the_same(project: Path) -> None:
    """A version that is there is found by looking."""
    bucket = FakeObjects(conditions=False)
    archive = ObjectArchive.create(bucket, "a")
    data = publish_in(bucket, project, "1.0.0").record.to_data()

    with pytest.raises(ReleaseExistsError):
        archive.upload_release_record(data)


def test_a_prefix_without_a_marker_is_no_archive(filled: FakeObjects) -> None:
    """And other prefixes of the bucket know nothing of this one."""
    with pytest.raises(ArchiveError, match="no archive"):
        ObjectArchive(filled, "b")
    with pytest.raises(ReleaseRecordNotFoundError):
        ObjectArchive.create(filled, "b").get_release_records("survey")


@pytest.mark.parametrize("files", [1, 30])
def test_a_release_needs_its_blobs(bucket: FakeObjects, files: int) -> None:
    """Few are asked for one by one, many are listed; one that is missing is told."""
    archive = ObjectArchive.create(bucket, "a")
    project = project_of({f"f{number}": False for number in range(files)}, ())
    for number, node in enumerate(project.values()):
        sha = f"{number:064x}"
        node |= {"/bpid/": sha, "/bytes/": 1, "/sha256/": sha}

    with pytest.raises(ResourceNotFoundError, match="upload its blobs first"):
        archive.upload_release_record(compose("survey", "1.0.0", project).to_data())


def test_a_blob_that_is_gone_or_wrong_is_an_error(
    filled: FakeObjects, project: Path, tmp_path: Path
) -> None:
    """Nothing of it comes to lie in the folder."""
    archive = ObjectArchive(filled, "a")
    record = publish_in(filled, project, "2.0.0").record
    pid = record.blob("a.txt").pid or ""
    key = f"a/{DEFAULT_WORKSPACE}/survey/blobs/{pid[:2]}/{pid}"

    with pytest.raises(ResourceNotFoundError, match="give its record"):
        archive.download_blob(pid, tmp_path / "x", {}, 2)
    filled.put(key, b"no")
    with pytest.raises(IntegrityError):
        download(archive, record, DEFAULT_WORKSPACE, tmp_path / "here", Manner(durable=False))
    filled.delete([key])
    with pytest.raises(ResourceNotFoundError, match="is missing"):
        download(archive, record, DEFAULT_WORKSPACE, tmp_path / "here", Manner(durable=False))

    assert not (tmp_path / "here" / "a.txt").exists()


def test_large_files_are_streamed(bucket: FakeObjects, tmp_path: Path) -> None:
    """In pieces, however large they are."""
    archive = ObjectArchive.create(bucket, "a")
    lay(tmp_path / "large", {"big": bytes(3 << 20)})

    record = publish_in(bucket, tmp_path / "large", "1.0.0").record
    download(
        archive, record, DEFAULT_WORKSPACE, tmp_path / "here", Manner(chunk=1 << 16, durable=False)
    )

    assert (tmp_path / "here" / "big").read_bytes() == bytes(3 << 20)


def blob_key(title: str, content: bytes) -> str:
    """Return where a content lies below the prefix ``a``."""
    sha256 = hashlib.sha256(content).hexdigest()
    return f"a/{DEFAULT_WORKSPACE}/{title}/blobs/{sha256[:2]}/{sha256}"


def test_a_blob_that_another_tool_has_brought_is_read_and_kept(
    filled: FakeObjects, project: Path
) -> None:
    """It has none of our metadata, and is not written anew."""
    key = blob_key("survey", b"a\n")
    filled.put(key, b"a\n")
    filled.calls.clear()

    publish_in(filled, project, "1.2.0")

    assert ("get", key) in filled.calls
    assert ("put", key) not in filled.calls


def test_a_blob_that_is_damaged_is_written_anew(filled: FakeObjects, project: Path) -> None:
    """One of the right size, that says nothing of its digest, is held against it."""
    key = blob_key("survey", b"a\n")
    filled.put(key, b"b\n")

    publish_in(filled, project, "1.2.0")

    with filled.get(key) as body:
        found = bytearray(2)
        body.readinto(memoryview(found))
    assert found == b"a\n"


class Meanwhile(FakeObjects):
    """A bucket of which something happens elsewhere just before an object is put.

    Attributes:
        happening: What happens, by the key that is put; once.
    """

    def __init__(self) -> None:
        super().__init__()
        self.happening: dict[str, Callable[[], object]] = {}

    def put(self, key: str, *arguments: Any, **named: Any) -> ObjectMeta:
        """Let it happen."""
        self.happening.pop(key, lambda: None)()
        return super().put(key, *arguments, **named)


def test_a_file_that_changes_leaves_no_wrong_blob(project: Path) -> None:
    """What was sent is looked at, and goes where it is not what its name says."""
    bucket = Meanwhile()
    archive, key = ObjectArchive.create(bucket, "a"), blob_key("survey", b"a\n")
    bucket.happening[key] = lambda: (project / "a.txt").write_bytes(b"changed")

    with pytest.raises(DriftError, match="at rest"):
        publish(archive, project, Wanted("survey", Version.parse("1.0.0")))

    assert key not in {meta.key for meta in bucket.list()}


def test_a_file_that_is_only_touched_takes_no_blob_away(project: Path) -> None:
    """What was sent is what its name says, and others may use it by now."""
    bucket = Meanwhile()
    archive, key = ObjectArchive.create(bucket, "a"), blob_key("survey", b"a\n")
    bucket.happening[key] = lambda: os.utime(project / "a.txt", ns=(1, 1))

    with pytest.raises(DriftError, match="at rest"):
        publish(archive, project, Wanted("survey", Version.parse("1.0.0")))

    assert key in {meta.key for meta in bucket.list()}


@pytest.mark.parametrize("key", ["a/ws/.DS_Store/x", "a/we\\ird/t/x", "a/ws/\u202eodd/x"])
def test_odd_names_do_not_spoil_a_listing(filled: FakeObjects, key: str) -> None:
    """Whatever else lies in the bucket, the releases are listed."""
    filled.put(key, b"")

    found = ObjectArchive(filled, "a").list_releases()

    assert [(one.title, str(one.version)) for one in found] == [
        ("other", "1.0.0"),
        ("survey", "1.0.0"),
        ("survey", "1.1.0"),
    ]


def test_why_versions_were_yanked_is_read_for_listings_alone(filled: FakeObjects) -> None:
    """A range asks which ones were, by name."""
    archive = ObjectArchive(filled, "a")
    archive.yank("survey", "1.1.0", reason="wrong")
    filled.calls.clear()

    newest = archive.newest_record("survey", ">=1")

    assert newest["version"] == "1.0.0"
    assert [key.rpartition("/")[2] for call, key in filled.calls if call == "get"] == [
        "survey-v1.0.0.yml"
    ]
    assert [one.yanked for one in archive.list_releases("survey")] == [None, "wrong"]


class Short(FakeObjects):
    """A bucket whose bodies end early."""

    def get(self, key: str, **named: Any) -> Body:
        """Say the whole, and give less."""
        body = super().get(key, **named)
        body.readinto(memoryview(bytearray(5)))
        return body


class Huge(FakeObjects):
    """A bucket that says of every object that it is huge."""

    def get(self, key: str, **named: Any) -> Body:
        """Say more than there is."""
        body = super().get(key, **named)
        body.end += 1 << 40
        return body


@pytest.mark.parametrize(
    ("kind", "error", "match"),
    [(Short, TruncatedError, "ended after"), (Huge, TooLargeError, "allowed")],
)
def test_a_record_comes_whole_or_not_at_all(
    kind: type[FakeObjects], error: type[Exception], match: str, project: Path
) -> None:
    """A body that ends early is no damaged record, and no memory is taken for what cannot be one."""
    bucket = kind()
    archive = ObjectArchive.create(bucket, "a")
    publish(archive, project, Wanted("survey", Version.parse("1.0.0")))

    with pytest.raises(error, match=match):
        archive.newest_record("survey", "==1.0.0")


def test_an_archive_begins_in_no_other_and_among_nothing_else(filled: FakeObjects) -> None:
    """As one in a directory; the place that consoles make for a prefix is nothing."""
    filled.put("stuff/x", b"1")
    filled.put("new/", b"")

    with pytest.raises(RefusedError, match="lies in the archive s3://fake/a,"):
        ObjectArchive.create(filled, "a/ws/inner")
    with pytest.raises(ArchiveError, match="not empty"):
        ObjectArchive.create(filled, "stuff")
    with pytest.raises(ArchiveError, match="not empty"):
        ObjectArchive.create(filled)

    assert ObjectArchive.create(filled, "new").host == "s3://fake/new"
    assert ObjectArchive.create(filled, "a").host == "s3://fake/a"
