"""What a file is called on the other side where nobody says so."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path, PurePath
from typing import BinaryIO

from store.buckets.storage import LocalPath
from store.errors import QueryError
from store.files.names import inside


def remote_for(local_or_file: LocalPath | BinaryIO) -> str:
    """Return the key of a file: its path as it was given, or of one that leads elsewhere its last component.

    Raises:
        QueryError: An open file has no name.
    """
    name = local_or_file
    if not isinstance(name, str | os.PathLike):
        name = getattr(local_or_file, "name", None)  # type: ignore[assignment]
    if not isinstance(name, str | os.PathLike):
        raise QueryError("the open file has no name: say what it is to be called, with remote=")
    path = posixpath.normpath(Path(name).as_posix())
    return posixpath.basename(path) if path.startswith(("/", "..")) else path


def key_of(remote: object) -> str:
    """Return a key as text, of a path with slashes as on every system.

    Raises:
        QueryError: It is neither a text nor a path.
    """
    if isinstance(remote, PurePath):
        return remote.as_posix()
    if not isinstance(remote, str):
        raise QueryError(f"a key is a text or a path, not {remote!r:.100}", query=remote)
    return remote


def dest_for(remote: str, local: LocalPath | None) -> Path:
    """Return where an object is to lie: a path that was given, or below a directory.

    Args:
        remote: The object's key.
        local: The file, or a directory that is there; None takes the key below the working directory.

    Raises:
        UnsafeNameError: The key would lead out of the directory.
    """
    if local is None:
        return inside(Path(), remote)
    path = Path(local)
    if path.is_dir():
        return inside(path, posixpath.basename(remote))
    return path
