"""A pattern says which directories must be walked, and no others are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.releases.including import includes, reaches

PARTS = st.lists(st.sampled_from(["a", "b", "ab", ".env"]), min_size=1, max_size=4)
PATTERNS = st.lists(st.sampled_from(["a", "b", "*", "?", "/", "[ab]", ".env"]), max_size=6)


@pytest.mark.parametrize(
    ("pattern", "directory", "found"),
    [
        ("*.csv", "out", True),
        ("ou*/a.csv", "out", True),
        ("out/*.csv", "out", True),
        ("out/deep/*.csv", "out", True),
        ("data/*.csv", "out", False),
        ("outer*", "out", False),
        ("out", "out", False),
        ("out/a.csv", "out", True),
        ("*.csv", ".git", False),
        (".git/*", ".git", True),
        ("*.pem", ".ssh", True),
    ],
)
def test_only_what_may_hold_something_is_reached(pattern: str, directory: str, found: bool) -> None:  # noqa: FBT001
    """Up to its first star a pattern is a path."""
    assert reaches(pattern, directory, shut=False) is found
    assert reaches(pattern, directory, shut=True) is pattern.startswith(f"{directory}/")


@given(PARTS, PATTERNS)
def test_whatever_is_included_is_reached(parts: list[str], pattern: list[str]) -> None:
    """No path matches a pattern that does not reach into every directory above it."""
    path, wanted = "/".join(parts), "".join(pattern)
    above = ["/".join(parts[:length]) for length in range(1, len(parts))]

    if includes(wanted, path):
        assert all(reaches(wanted, one, shut=False) for one in above)
