"""Which names take part in a sync."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.buckets.patterns import wanted_by
from store.buckets.syncing import sync_directory, sync_remote_to_local
from store.errors import QueryError
from store.testing.objects import FakeObjects


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("*.txt", "a.txt", True),
        ("*.txt", "deep/down/a.txt", True),
        ("*.txt", "a.txt.gz", False),
        ("data/*.txt", "data/a.txt", True),
        ("data/*.txt", "data/deep/a.txt", False),
        ("data/*.txt", "more/data/a.txt", False),
        ("data/**/*.txt", "data/a.txt", True),
        ("data/**/*.txt", "data/deep/down/a.txt", True),
        ("data/**", "data/deep/a", True),
        (".git", ".git/config", True),
        (".git", "sub/.git/config", True),
        (".git/", ".git", False),
        ("?.o", "a.o", True),
        ("?.o", "ab.o", False),
        ("[a].o", "[a].o", True),
    ],
)
def test_a_pattern_means_what_people_expect(pattern: str, name: str, *, matches: bool) -> None:
    """A star stays within a component; a pattern without a slash is held against each of them."""
    wanted = wanted_by([pattern])

    assert wanted is not None
    assert wanted(name) is matches


def test_what_is_excluded_is_out_though_it_is_included() -> None:
    """To exclude is the stronger word."""
    wanted = wanted_by(["*.txt"], ["draft*"])

    assert wanted is not None
    assert wanted("a.txt")
    assert not wanted("draft.txt")
    assert not wanted("a.bin")


def test_without_patterns_nothing_is_asked() -> None:
    """Most syncs take all."""
    assert wanted_by() is None


def test_an_empty_pattern_is_refused() -> None:
    """It would match everything, or nothing."""
    with pytest.raises(QueryError, match="is no pattern"):
        wanted_by([], ["/"])


@pytest.mark.parametrize("pattern", ["data", "tab?here"])
def test_both_sides_leave_the_same_out(tmp_path: Path, pattern: str) -> None:
    """A key that is spelled otherwise on disk is held against the pattern by itself."""
    objects = FakeObjects()
    for key in ("data", "data/x", "keep", "tab\there"):
        objects.put(key, key.encode())
    there = tmp_path / "there"
    sync_remote_to_local(objects, there, memory=tmp_path / "m")

    down = sync_remote_to_local(
        objects, there, memory=tmp_path / "m", delete=True, exclude=[pattern], dry_run=True
    )
    up = sync_directory(objects, there, memory=tmp_path / "m", exclude=[pattern], dry_run=True)

    assert (down.plan.steps, up.plan.steps) == ((), ())


def test_a_pattern_of_the_spelling_on_disk_matches_nothing(tmp_path: Path) -> None:
    """So that nothing is taken for gone in the bucket."""
    objects = FakeObjects()
    for key in ("data", "data/x"):
        objects.put(key, key.encode())
    there = tmp_path / "there"
    sync_remote_to_local(objects, there, memory=tmp_path / "m")

    up = sync_directory(objects, there, memory=tmp_path / "m", exclude=["%%*"], dry_run=True)

    assert up.plan.steps == ()
