"""What lies on the way to many paths is looked at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.cache.layout import Layout
from store.cache.quarantine import Ways


@pytest.fixture
def ways(tmp_path: Path) -> Ways:
    """A cache with one directory in another."""
    (tmp_path / "content/v1").mkdir(parents=True)
    return Ways(Layout(tmp_path))


@pytest.mark.parametrize("directory", ["content", "content/v1", "content/v1/ab", "records/v1/ab"])
def test_directories_are_clear_where_they_are_there_or_missing(
    ways: Ways, tmp_path: Path, directory: str
) -> None:
    """And all above them, too."""
    assert ways.are_clear(f"{tmp_path}/{directory}")


def test_a_link_or_file_is_in_the_way(ways: Ways, tmp_path: Path) -> None:
    """Itself, and of all below it."""
    (tmp_path / "content/v1/link").symlink_to(tmp_path)
    (tmp_path / "content/file").write_text("")

    assert not ways.are_clear(f"{tmp_path}/content/v1/link/content/v1")
    assert not ways.are_clear(f"{tmp_path}/content/v1/link")
    assert not ways.are_clear(f"{tmp_path}/content/file/below")
    assert ways.are_clear(f"{tmp_path}/content/v1")


def test_the_cache_itself_may_be_a_link(tmp_path: Path) -> None:
    """That is the user's choice."""
    (tmp_path / "real/content").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real")

    assert Ways(Layout(tmp_path / "link")).are_clear(f"{tmp_path}/link/content")
