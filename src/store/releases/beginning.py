"""Begins an archive where there is none."""

from __future__ import annotations

from store.errors import RefusedError
from store.releases.filesystem import FileSystemArchive, path_of
from store.releases.interface import ArchiveInterface
from store.releases.opening import scheme_of


def begin(host: str) -> ArchiveInterface:
    """Begin an archive at an address; one that is there is opened.

    Args:
        host: A directory, or what else can hold an archive.

    Raises:
        RefusedError: Nothing can be begun at such an address.
        ArchiveError: The directory holds other things.
        StorageError: It cannot be made.
    """
    scheme = scheme_of(host)
    if scheme in {"", "file"}:
        return FileSystemArchive.create(path_of(host))
    if scheme == "s3":
        from store.releases.objects_opening import begin_bucket

        return begin_bucket(host)
    raise RefusedError(
        f"an archive cannot be begun at {host}: name a directory, or s3://bucket/prefix",
        limit="init",
    )
