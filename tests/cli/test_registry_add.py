"""``store registry add`` says what becomes of a file that has other names."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.errors import StorageError
from store.registry.manager import Cache

Run = Callable[..., Any]


def test_other_names_of_a_moved_file_keep_their_own(cli: Run, house: Path) -> None:
    """They are as writable as they were, and no edit of theirs reaches the item."""
    source, other = house / "a.txt", house / "other.txt"
    source.write_text("data")
    os.link(source, other)
    mode = other.stat().st_mode

    added = Path(cli("registry", "add", "a", "a.txt", "--move").out.strip())

    assert not source.exists()
    assert other.stat().st_mode == mode
    other.write_text("edited")
    assert added.read_text() == "data"
    assert not added.stat().st_mode & stat.S_IWUSR


def test_a_file_without_other_names_is_moved_itself(cli: Run, house: Path) -> None:
    """No byte is copied."""
    (house / "a.txt").write_text("data")
    number = (house / "a.txt").stat().st_ino

    added = Path(cli("registry", "add", "a", "a.txt", "--move").out.strip())

    assert added.stat().st_ino == number


def test_a_link_is_one_file(cli: Run, house: Path) -> None:
    """Whoever edits the one edits the other: the help says so."""
    source = house / "a.txt"
    source.write_text("data")

    added = Path(cli("registry", "add", "a", "a.txt", "--link").out.strip())

    assert added.samefile(source)
    assert "who edits the one edits the other" in " ".join(
        cli("registry", "add", "--help").out.split()
    )


@pytest.mark.parametrize("how", ["copy", "move", "link"])
def test_what_is_not_there_is_told_alike(house: Path, how: Any) -> None:
    """As one of our errors, and no item is made."""
    with Cache(house / "registry") as cache:
        with pytest.raises(StorageError, match=r"nothing\.txt"):
            cache.put("a", house / "nothing.txt", how=how)
        assert len(cache) == 0
