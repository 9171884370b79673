"""Notes which files in a folder lay there before any release came.

A release may have a file that lies in the folder already, with the same content. No release has brought it
then: it stays when the next one comes, and is not replaced unless that was asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from store import jsontext
from store.files.atomic import discard, write_bytes
from store.files.failures import storage_errors
from store.integrity.regular import read_regular
from store.releases.matching import stands
from store.releases.records import Record


def yours_among(
    folder: Path, release: Record, held: Sequence[Record], noted: frozenset[str]
) -> frozenset[str]:
    """Return the paths of files that no release has brought, though one has them.

    Args:
        folder: The folder.
        release: What is to come; no directory of its paths is a link.
        held: The releases whose files may lie there, those that were noted left out.
        noted: The paths that were noted.

    Raises:
        StorageError: A file cannot be read.
    """
    known = noted.union(blob.path for one in held for blob in one.blobs)
    return noted.union(
        blob.path for blob in release.blobs if blob.path not in known and stands(folder, blob)
    )


def read_note(path: Path) -> frozenset[str]:
    """Return the paths that a note names; none where there is no such note.

    Raises:
        StorageError: It cannot be read.
    """
    with storage_errors(path):
        try:
            said = jsontext.loads(read_regular(path))
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return frozenset()
    return frozenset(map(str, said)) if isinstance(said, list) else frozenset()


def write_note(path: Path, paths: Iterable[str], *, durable: bool) -> None:
    """Note paths in the place of those that were noted.

    Args:
        path: The note.
        paths: What it is to name; for none it is removed.
        durable: Whether it lasts when this returns.

    Raises:
        StorageError: It cannot be written.
    """
    wanted = sorted(paths)
    if not wanted:
        discard(path)
        return
    if frozenset(wanted) == read_note(path):
        return
    with storage_errors(path):
        write_bytes(path, json.dumps(wanted).encode(), durable=durable, via=path.parent)
