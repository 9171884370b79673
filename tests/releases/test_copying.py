"""A copy is the same release, in whatever archive it lies."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from store.errors import DriftError
from store.releases.checking import check_release
from store.releases.choosing import choose
from store.releases.copying import copy_release, same_content
from store.releases.filesystem import FileSystemArchive
from store.releases.locking import Locked, hold_against_lock
from store.releases.names import DEFAULT_WORKSPACE, Requirement
from store.releases.objects import ObjectArchive
from store.releases.publishing import Published
from store.releases.records import Record
from store.releases.transfer import Standing
from store.testing.objects import FakeObjects

CONTENT = b"1,2\n"
SHA = hashlib.sha256(CONTENT).hexdigest()
SHA1 = hashlib.sha1(CONTENT, usedforsecurity=False).hexdigest()
SURVEY = Requirement.parse("survey")


@pytest.fixture(params=[SHA, SHA1], ids=["sha256", "sha1"])
def older(request: pytest.FixtureRequest, tmp_path: Path) -> FileSystemArchive:
    """An archive with a record as the older tool wrote it: without SHA-256, modes and its own digest.

    It names blobs by SHA-1, or by SHA-256.
    """
    sha: str = request.param
    node: dict[str, Any] = {"/path/": "t.csv", "/attrs/": {}, "/item/": "File", "/bpid/": sha}
    data = {
        "title": "survey-v1.0.0",
        "title_versionless": "survey",
        "version": "1.0.0",
        "workflow": {},
        "requirements": [],
        "project": {"t.csv": node},
        "datasets": {},
    }
    shelf = tmp_path / "old" / DEFAULT_WORKSPACE / "survey"
    (shelf / "blobs" / sha[:2]).mkdir(parents=True)
    (shelf / "blobs" / sha[:2] / sha).write_bytes(CONTENT)
    (shelf / "survey-v1.0.0.yml").write_text(yaml.safe_dump(data))
    (tmp_path / "old" / ".rmearchive").touch()
    return FileSystemArchive(tmp_path / "old")


def copied(source: FileSystemArchive, target: Any, via: Path) -> str | None:
    """Copy the survey, and return its PID in the target."""
    record = choose(source, SURVEY)
    return copy_release(source, target, record, workspace=DEFAULT_WORKSPACE, via=via).pid


@pytest.mark.parametrize("kind", ["directory", "bucket"])
def test_an_older_record_is_carried_on_as_it_is(
    older: FileSystemArchive, tmp_path: Path, kind: str
) -> None:
    """No field is added: its digest stays, the next copy finds it, and no lock file takes it for drift."""
    target: Any = (
        FileSystemArchive.create(tmp_path / "new")
        if kind == "directory"
        else ObjectArchive.create(FakeObjects(), "releases")
    )
    first, again = copied(older, target, tmp_path), copied(older, target, tmp_path)
    there, here = choose(older, SURVEY), choose(target, SURVEY)

    locked = Locked.of(there, host="old", workspace=DEFAULT_WORKSPACE)
    hold_against_lock(here, (locked,), workspace=DEFAULT_WORKSPACE)

    assert (first is None, again) == (False, None)
    assert here.identity == there.identity
    assert here.data["project"] == there.data["project"]
    assert check_release(target, here, workspace=DEFAULT_WORKSPACE, via=tmp_path) == ()


def test_the_bar_of_a_copy_reaches_its_end(older: FileSystemArchive, tmp_path: Path) -> None:
    """Every byte counts twice: it comes, and it goes."""
    seen: list[Standing] = []
    target = FileSystemArchive.create(tmp_path / "new")
    data = {**choose(older, SURVEY).data}
    data["project"] = {"t.csv": {**data["project"]["t.csv"], "/bytes/": len(CONTENT)}}

    record = Record.from_data(data)
    copy_release(older, target, record, workspace=DEFAULT_WORKSPACE, via=tmp_path, show=seen.append)

    assert [one.received for one in seen] == sorted(one.received for one in seen)
    assert seen[-1].received == 2 * len(CONTENT)


def test_another_content_is_never_taken_for_the_same(
    older: FileSystemArchive, release: Callable[..., Published], tmp_path: Path
) -> None:
    """What both tell decides; the archive is left alone."""
    target = FileSystemArchive.create(tmp_path / "new")
    release("1.0.0", to=target)

    with pytest.raises(DriftError, match="another content"):
        copied(older, target, tmp_path)


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ({}, True),
        ({"/sha256/": SHA, "/bytes/": 4}, True),
        ({"/bpid/": "https://host/pid/1"}, True),
        ({"/mode/": "755"}, False),
        ({"/path/": "other"}, False),
    ],
)
def test_records_are_of_the_same_files_as_far_as_both_tell(
    older: FileSystemArchive, changed: dict[str, str], *, same: bool
) -> None:
    """What only one of them tells says nothing against it."""
    first = choose(older, SURVEY)
    data = dict(first.data)
    data["project"] = {"t.csv": {**data["project"]["t.csv"], **changed}}

    assert same_content(first, Record.from_data(data)) is same
