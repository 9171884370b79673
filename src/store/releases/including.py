"""Says which paths of a project a pattern means."""

from __future__ import annotations

import fnmatch
import os
import re
from pathlib import Path
from typing import Final

from store.errors import QueryError
from store.releases.holding_back import held_back

_WILD: Final = re.compile(r"[*?\[]")
"""What makes a path a pattern."""


def path_below(root: Path, text: str) -> str:
    """Return a path, or a pattern of paths, as it counts from a project.

    Raises:
        QueryError: It leads elsewhere, or is the project itself.
    """
    path = os.path.normpath(text)
    for above in (root.absolute(), root.resolve()):
        if Path(path).is_absolute() and Path(path).is_relative_to(above):
            path = Path(path).relative_to(above).as_posix()
    if path in {".", ".."} or path.startswith(("../", "/")):
        raise QueryError(
            f"{text!r} is nothing in {root}: name a path, or a pattern, that counts from there",
            query=text,
        )
    return path


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
