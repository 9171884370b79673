"""Finds the files of a project that are to be published."""

from __future__ import annotations

import os
from pathlib import Path

from store.files.names import inside
from store.releases.names import check_path


def file_in(source: Path, path: str) -> str:
    """Return where a file of a project lies, as long as no directory on the way to it is a link.

    Whoever opens the file refuses a link in its own place.

    Args:
        source: The project's directory; it may itself be reached through links.
        path: Where the file lies there, with ``/`` between components.

    Raises:
        UnsafeNameError: The path leads elsewhere, or passes through a link.
    """
    root = f"{source}/"
    end = check_path(path).find("/")
    while end > 0:
        if os.path.islink(root + path[:end]):  # noqa: PTH114 - text, for thousands of them
            inside(source, path[:end])  # tells what is wrong
        end = path.find("/", end + 1)
    return root + path
