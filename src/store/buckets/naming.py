"""What a file is called on the other side where nobody says so."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path, PurePath
from typing import BinaryIO

from store.buckets.storage import LocalPath
from store.errors import QueryError
from store.transports.objects.naming import spellable


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
    return key_of(
        posixpath.basename(path) if path.startswith(("/", "../")) or path == ".." else path
    )


def key_of(remote: object) -> str:
    """Return a key as text, of a path with slashes as on every system.

    Raises:
        QueryError: It is neither a text nor a path.
        UnsafeNameError: It is no UTF-8 text, or longer than stores take.
    """
    if isinstance(remote, PurePath):
        return spellable(remote.as_posix())
    if not isinstance(remote, str):
        raise QueryError(f"a key is a text or a path, not {remote!r:.100}", query=remote)
    return spellable(remote)


def directory_of(remote: object) -> str | None:
    """Return a directory of the bucket as text; None and "" stand for the whole bucket.

    Raises:
        QueryError: See `key_of`.
    """
    return None if remote is None else key_of(remote)


def beginning_of(directory: object) -> str:
    """Return what keys begin with: a text as it stands, of a path all that is below it.

    Raises:
        QueryError: See `key_of`.
    """
    text = key_of(directory)
    if not isinstance(directory, PurePath):
        return text
    return "" if text == "." else f"{text}/"


def path_of(local: object) -> Path:
    """Return a local path.

    Raises:
        QueryError: It is none: bytes and numbers are not, nor is an empty text.
    """
    found = os.fspath(local) if isinstance(local, os.PathLike) else local
    if not isinstance(found, str):
        raise QueryError(f"a local file is a text or a path, not {local!r:.100}", query=local)
    if not found:
        raise QueryError(
            "the path of a local file or directory is empty: write '.' for the working directory",
            query=local,
        )
    return Path(found)


def source_of(local_or_file: object) -> Path | BinaryIO:
    """Return what is to be put: a file's path, or what can be read.

    Raises:
        QueryError: It is neither; bytes are not taken for a path, nor for the content.
    """
    if isinstance(local_or_file, bytes | bytearray | memoryview):
        raise QueryError(
            f"{bytes(local_or_file[:40])!r} is neither a path nor an open file: give io.BytesIO(…) for a"
            " content, os.fsdecode(…) for a path",
            query=repr(local_or_file[:40]),
        )
    if not hasattr(local_or_file, "read"):
        return path_of(local_or_file)
    return local_or_file  # type: ignore[return-value]
