"""What was changed since it was published mends nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.errors import DriftError, UnsafeNameError
from store.releases.checking import check_release
from store.releases.filesystem import FileSystemArchive
from store.releases.interface import ArchiveInterface
from store.releases.names import DEFAULT_WORKSPACE
from store.releases.objects import ObjectArchive
from store.releases.publishing import Published
from store.releases.records import PID_KEY, Record
from store.releases.values import Naming
from store.testing.objects import FakeObjects
from store.transports.objects.base import ObjectMeta

SHELF = f"{DEFAULT_WORKSPACE}/survey/blobs"
EDITED = b"z\n"


@pytest.fixture(params=["directory", "bucket"])
def place(request: pytest.FixtureRequest, archive: FileSystemArchive) -> Any:
    """An archive, in a directory or in a bucket."""
    kind: str = request.param
    return archive if kind == "directory" else ObjectArchive.create(FakeObjects(), "")


def lose(archive: Any, pid: str) -> None:
    """Remove a blob of the survey."""
    name = f"{SHELF}/{pid[:2]}/{pid}"
    if isinstance(archive, ObjectArchive):
        archive._client.delete([name])
    else:
        (archive.archive_path / name).unlink()


def missing_in(archive: ArchiveInterface, record: Record, via: Path) -> list[tuple[str, bool]]:
    """Return what is wrong of the survey, and whether it is only missing."""
    faults = check_release(archive, record, workspace=DEFAULT_WORKSPACE, via=via)
    return [(one.path, "missing" in one.reason) for one in faults]


def test_another_content_never_gets_a_good_id(
    place: Any, release: Callable[..., Published], project: Path, tmp_path: Path
) -> None:
    """The directory was edited after it was looked at: the blob stays missing, and that is told."""
    record = release("1.0.0", to=place).record
    lose(place, record.blob("a.txt").pid or "")
    (project / "a.txt").write_bytes(EDITED)

    with pytest.raises(DriftError, match=r"a\.txt is not what was published"):
        place.mend_blobs(record, DEFAULT_WORKSPACE, project, {"a.txt"})

    assert missing_in(place, record, tmp_path) == [("a.txt", True)]


class Editing(FakeObjects):
    """A bucket that is slow enough for the file to be edited on the way."""

    file: Path | None = None

    def put(self, key: str, source: Any, **how: Any) -> ObjectMeta:
        """Edit it, and put what comes."""
        if self.file is not None:
            self.file.write_bytes(EDITED)
        return super().put(key, source, **how)


def test_a_file_that_changes_on_its_way_to_a_bucket_mends_nothing(
    release: Callable[..., Published], project: Path, tmp_path: Path
) -> None:
    """It is held against its digest while it is sent: nothing is written."""
    client = Editing()
    place = ObjectArchive.create(client, "")
    record = release("1.0.0", to=place).record
    lose(place, record.blob("a.txt").pid or "")
    client.file = project / "a.txt"

    with pytest.raises(DriftError, match="changed meanwhile"):
        place.mend_blobs(record, DEFAULT_WORKSPACE, project, {"a.txt"})

    assert missing_in(place, record, tmp_path) == [("a.txt", True)]


def test_an_older_record_is_held_too(archive: FileSystemArchive, project: Path) -> None:
    """A SHA-1 that is the id of a file is given to no other content."""
    sha1 = hashlib.sha1(b"as it was\n", usedforsecurity=False).hexdigest()
    node = {"/path/": "a.txt", "/item/": "File", "/bpid/": sha1}
    data = {"title": "old-v1.0.0", "version": "1.0.0", "project": {"a.txt": node}, PID_KEY: "x"}
    record = Record.from_data(data)

    with pytest.raises(DriftError, match="not what was published"):
        archive.mend_blobs(record, DEFAULT_WORKSPACE, project, {"a.txt"})

    shelf = archive.archive_path / DEFAULT_WORKSPACE / "old" / "blobs"
    assert not (shelf / sha1[:2] / sha1).exists()


def test_no_file_is_read_through_a_link(place: Any, project: Path, tmp_path: Path) -> None:
    """What lies behind a link to a directory is no file of the project, whoever asks for it."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"s\n")
    (project / "link").symlink_to(outside)
    naming = Naming("survey", "survey-v1.0.0", DEFAULT_WORKSPACE)

    with pytest.raises(UnsafeNameError, match="is a link"):
        place.upload_blob(project, naming, {}, path="link/secret")
    with pytest.raises(UnsafeNameError, match="is a link"):
        place.process_and_upload_blob("link/secret", project, "survey", "survey-v1.0.0")
