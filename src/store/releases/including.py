"""Says which paths of a project a pattern means."""

from __future__ import annotations

import fnmatch
import re
from typing import Final

from store.releases.holding_back import held_back

_WILD: Final = re.compile(r"[*?\[]")
"""What makes a path a pattern."""


def is_pattern(text: str) -> bool:
    """Whether a text is a pattern, and no path alone."""
    return _WILD.search(text) is not None


def matches(path: str, pattern: str) -> bool:
    """Whether a path is that of a pattern, or matches it; ``*`` matches slashes, too."""
    return path == pattern or fnmatch.fnmatchcase(path, pattern)


def includes(pattern: str, path: str) -> bool:
    """Whether a path is included: a pattern of anything means nothing that is held back."""
    if not matches(path, pattern):
        return False
    return path == pattern or _names_such(pattern) or not _names_such(path)


def reaches(pattern: str, directory: str, *, shut: bool) -> bool:
    """Whether something below a directory that is left out may be included.

    Args:
        pattern: The pattern, or path.
        directory: The directory's path.
        shut: Whether only what begins with the directory's path leads into it: it was excluded.
    """
    way = f"{directory}/"
    if pattern.startswith(way):
        return True
    wild = _WILD.search(pattern)
    if shut or wild is None or (_names_such(directory) and not _names_such(pattern)):
        return False
    return way.startswith(pattern[: wild.start()])


def _names_such(path: str) -> bool:
    return any(held_back(one) is not None for one in path.split("/"))
