"""Says where the file of one object is to lie."""

from __future__ import annotations

import posixpath
from pathlib import Path

from store.buckets.naming import path_of
from store.buckets.storage import LocalPath
from store.errors import UnsafeNameError
from store.files.names import inside
from store.files.unfinished import is_ours


def dest_for(remote: str, local: LocalPath | None) -> Path:
    """Return where an object is to lie: a path that was given, or below a directory.

    Args:
        remote: The object's key.
        local: The file, or a directory: one that is there, or a text with a slash at its end; None takes the
            key below the working directory.

    Raises:
        UnsafeNameError: The key would lead out of the directory, or is called as what is not finished here.
    """
    if local is None:
        return _below(Path(), remote)
    path = path_of(local)
    if path.is_dir() or (isinstance(local, str) and local.endswith("/")):
        return _below(path, posixpath.basename(remote))
    return path


def _below(directory: Path, name: str) -> Path:
    """Return a path, unless a later run would take what lies there for what was left over."""
    path = inside(directory, name)
    if any(map(is_ours, name.split("/"))):
        raise UnsafeNameError(
            f"{path} is refused: so is called what is not finished yet; say what the file is to be called",
            name=name,
        )
    return path
