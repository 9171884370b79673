"""Refuses to replace what is no regular file."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from store.errors import RefusedError

_FEW: Final = 3
"""Up to how many files of a directory are looked at each; of more the directory is read once."""


def refuse_to_replace(path: str | Path) -> None:
    """Make sure that a file may take a place: nothing is there, or a regular file.

    A directory is passed over: that nothing takes its place the system sees to.

    Args:
        path: The place.

    Raises:
        RefusedError: A link, a device, a FIFO or a socket lies there; it is left alone.
    """
    try:
        mode = os.lstat(path).st_mode
    except (OSError, ValueError):
        return  # nothing is there, or whoever writes will be told
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise _refused(path)


def refuse_to_replace_any(paths: Iterable[str | Path]) -> None:
    """Make sure of many places: see `refuse_to_replace`. A directory is read once, however many are in it.

    Raises:
        RefusedError: See `refuse_to_replace`.
    """
    wanted: dict[str, set[str]] = {}
    for path in paths:
        parent, name = os.path.split(path)
        wanted.setdefault(parent, set()).add(name)
    for parent, names in wanted.items():
        if len(names) <= _FEW:
            for name in names:
                refuse_to_replace(os.path.join(parent, name))  # noqa: PTH118 - texts
            continue
        try:
            with os.scandir(parent or ".") as entries:
                for one in entries:
                    plain = one.is_file(follow_symlinks=False) or one.is_dir(follow_symlinks=False)
                    if not plain and one.name in names:
                        raise _refused(one.path)
        except (OSError, ValueError):
            continue  # whoever writes there will be told


def _refused(path: str | Path) -> RefusedError:
    return RefusedError(
        f"{path} is no regular file (but a link, a device or a FIFO) and is not replaced: choose another"
        " path, or remove it first",
        limit="regular",
    )
