"""Marks that say that a version is yanked, and what lies about in an archive."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.errors import QueryError
from store.releases.filesystem import FileSystemArchive
from store.releases.names import DEFAULT_WORKSPACE
from store.releases.objects import ObjectArchive
from store.releases.publishing import Published, Wanted, publish
from store.releases.versions import Version
from store.testing.objects import FakeObjects

Release = Callable[..., Published]


def test_a_mark_that_is_taken_away_meanwhile_is_none(
    archive: FileSystemArchive, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks for a range just then gets the version, and no error; a link to nowhere is a mark."""
    release("1.0.0")
    release("1.1.0")
    archive.yank("survey", "1.0.0")
    marks = archive.archive_path / DEFAULT_WORKSPACE / "survey" / ".store" / "yanked"
    (marks / "1.0.0").unlink()
    (marks / "1.0.0").symlink_to("nowhere")
    real = os.listdir

    def earlier(path: Any) -> list[str]:
        """Name what was there a moment ago."""
        return [*real(path), "1.1.0"] if str(path) == str(marks) else real(path)

    monkeypatch.setattr(os, "listdir", earlier)

    assert [one.yanked for one in archive.list_releases("survey")] == ["", None]
    assert archive.newest_record("survey", ">=1")["version"] == "1.1.0"


@pytest.mark.parametrize("kind", ["directory", "bucket"])
@pytest.mark.parametrize(
    ("reason", "kept"),
    [
        ("é" * 2048 + "x", "é" * 2048),
        ("x" + "é" * 2048, "x" + "é" * 2047),
        ("why\udcff", "why?"),
        ("", ""),
    ],
)
def test_a_reason_is_cut_behind_a_whole_letter(
    archive: FileSystemArchive, release: Release, kind: str, reason: str, kept: str
) -> None:
    """4096 bytes are kept; what is no text becomes a question mark."""
    place: Any = archive if kind == "directory" else ObjectArchive.create(FakeObjects(), "")
    release("1.0.0", to=place)

    place.yank("survey", "1.0.0", reason=reason)

    assert [one.yanked for one in place.list_releases("survey")] == [kept]


def test_a_link_that_leads_in_a_circle_is_no_workspace(
    archive: FileSystemArchive, release: Release
) -> None:
    """It is passed over, as a file is."""
    release("1.0.0")
    (archive.archive_path / "circle").symlink_to("circle")
    (archive.archive_path / DEFAULT_WORKSPACE / "circle").symlink_to("circle")

    assert [one.title for one in archive.list_releases()] == ["survey"]


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_name_that_is_too_long_is_told_before_anything_goes(
    archive: FileSystemArchive, project: Path, *, dry_run: bool
) -> None:
    """A title of 128 letters may be had, but not with any version."""
    wanted = Wanted("a" * 128, Version.parse(f"1.0.0-{'b' * 116}"))

    with pytest.raises(QueryError, match="too long"):
        publish(archive, project, wanted, dry_run=dry_run)

    assert not (archive.archive_path / DEFAULT_WORKSPACE).exists()
    shorter = wanted._replace(version=Version.parse(f"1.0.0-{'b' * 115}"))
    assert publish(archive, project, shorter, dry_run=dry_run).record.title.endswith("b")
