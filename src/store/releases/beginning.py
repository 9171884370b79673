"""Begins an archive where there is none."""

from __future__ import annotations

from store.addresses import public
from store.errors import RefusedError
from store.releases.filesystem import FileSystemArchive
from store.releases.interface import ArchiveInterface
from store.releases.opening import address_of, scheme_of
from store.releases.pathing import path_of


def begin(host: str, user: str | None = None, *, ca_file: str | None = None) -> ArchiveInterface:
    """Begin an archive at an address; one that is there is opened.

    Args:
        host: A directory, or what else can hold an archive. A server is given the template of releases.
        user: Who asks, where the archive wants to know.
        ca_file: The path of the certificates to trust at a server (PEM), or None.

    Raises:
        QueryError: It is no address.
        RefusedError: Nothing can be begun at such an address.
        ArchiveError: The directory holds other things.
        StorageError: It cannot be made.
    """
    scheme = scheme_of(address_of(host))
    if scheme in {"", "file"}:
        return FileSystemArchive.create(path_of(host))
    if scheme in {"s3", "gs", "az", "bucket"}:
        from store.releases.objects_opening import begin_bucket

        return begin_bucket(host)
    if scheme in {"http", "https"}:
        from store.releases.cdcs_opening import begin_cdcs

        return begin_cdcs(host, user, ca_file=ca_file)
    raise RefusedError(
        f"an archive cannot be begun at {public(host)}: name a directory, s3://bucket/prefix, or the address"
        " of a CDCS",
        limit="init",
    )
