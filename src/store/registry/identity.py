"""Tells one database file from another by its path, unopened."""

from __future__ import annotations

import os
import stat


def identity(path: str) -> tuple[int, int] | None:
    """Return what tells the file at a path from every other; None where there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116 - text, on the warm path
    except OSError:
        return None
    return status.st_dev, status.st_ino


def is_regular(path: str) -> bool:
    """Whether a file lies at a path, or a link to one: nothing that SQLite would wait for."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116 - text, on the warm path
    except OSError:
        return False
