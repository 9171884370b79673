"""Finds the files of a project that are to be published."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from store.clock import SYSTEM_CLOCK
from store.files.names import inside
from store.releases.names import check_path

_MOMENT: Final = 0.1
"""How long a way that was looked at is taken for as it was, in seconds: thousands of small files lie in few
directories, and who can put a link there in that time can do so between any look and its use."""

_looked: tuple[str, float] = ("", 0.0)
"""The last directory to which no link led, and when."""


def file_in(source: Path, path: str) -> str:
    """Return where a file of a project lies, as long as no directory on the way to it is a link.

    Whoever opens the file refuses a link in its own place.

    Args:
        source: The project's directory; it may itself be reached through links.
        path: Where the file lies there, with ``/`` between components.

    Raises:
        UnsafeNameError: The path leads elsewhere, or passes through a link.
    """
    global _looked  # noqa: PLW0603 - one tuple, set at once
    root = f"{source}/"
    way = root + check_path(path)[: path.rfind("/") + 1]
    now = SYSTEM_CLOCK.monotonic()
    seen, when = _looked
    if way != seen or now - when > _MOMENT:
        end = path.find("/")
        while end > 0:
            if os.path.islink(root + path[:end]):  # noqa: PTH114 - text, for thousands of them
                inside(source, path[:end])  # tells what is wrong
            end = path.find("/", end + 1)
        _looked = way, now
    return root + path
