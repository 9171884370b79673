"""An archive in a bucket asks for little, and takes nothing on trust."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.errors import (
    ArchiveError,
    IntegrityError,
    ReleaseExistsError,
    ReleaseRecordNotFoundError,
    ResourceNotFoundError,
)
from store.releases.downloading import Manner, download
from store.releases.mapping import project_of
from store.releases.names import DEFAULT_WORKSPACE
from store.releases.objects import ObjectArchive
from store.releases.publishing import Published, Wanted, publish
from store.releases.records import compose
from store.releases.versions import Version
from store.testing.objects import FakeObjects

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
