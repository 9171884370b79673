"""The files of a project are found where no link leads elsewhere."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from store.errors import UnsafeNameError
from store.releases import sources
from store.releases.sources import file_in


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test know what another has looked at."""
    monkeypatch.setattr(sources, "_looked", ("", 0.0))


@pytest.mark.parametrize("path", ["file", "a/file", "a/b/file"])
def test_a_file_is_found_below_its_project(tmp_path: Path, path: str) -> None:
    """The project itself may be reached through a link."""
    (tmp_path / "project" / "a" / "b").mkdir(parents=True)
    (tmp_path / "way").symlink_to("project")

    assert file_in(tmp_path / "way", path) == f"{tmp_path}/way/{path}"


@pytest.mark.parametrize("path", ["way/file", "a/way/file", "../file", "/file"])
def test_a_way_that_leads_elsewhere_is_refused(tmp_path: Path, path: str) -> None:
    """A link at any place, or no plain path."""
    (tmp_path / "a").mkdir()
    for link in ("way", "a/way"):
        (tmp_path / link).symlink_to(tmp_path)

    with pytest.raises(UnsafeNameError):
        file_in(tmp_path, path)


def test_a_link_that_is_put_there_later_is_seen(tmp_path: Path) -> None:
    """A way is known for a moment, and no longer."""
    (tmp_path / "a").mkdir()
    file_in(tmp_path, "a/file")
    (tmp_path / "a").rmdir()
    (tmp_path / "a").symlink_to(tmp_path)
    time.sleep(1.5 * sources._MOMENT)

    with pytest.raises(UnsafeNameError):
        file_in(tmp_path, "a/file")


def test_another_way_is_looked_at_at_once(tmp_path: Path) -> None:
    """In the same moment, too."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").symlink_to("a")
    file_in(tmp_path, "a/file")

    with pytest.raises(UnsafeNameError):
        file_in(tmp_path, "b/file")
