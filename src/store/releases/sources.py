"""Finds the files of a project that are to be published."""

from __future__ import annotations

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
    directory = check_path(path).rpartition("/")[0]
    if directory:
        inside(source, directory)
    return f"{source}/{path}"
