"""Looks whether the blobs of a record are at a CDCS."""

from __future__ import annotations

from collections.abc import Collection

from store.errors import ArchiveError, RefusedError, ResourceNotFoundError
from store.releases.curator import Curator
from store.releases.mapping import Blob
from store.releases.pids import EMPTY, here
from store.releases.records import Record
from store.releases.transfer import Job, Update, move_all

_THREADS = 8
"""How many blobs are asked for at once."""


def check_blobs(curator: Curator, record: Record, sure: Collection[str]) -> None:
    """Refuse to publish a release of which a blob is not at this server, or has another size than its file.

    An identifier that another host has minted must lead to a blob here: no other host is asked, since what is
    published must not depend on it.

    Args:
        curator: The session.
        record: The record.
        sure: The ids of blobs that are known to be there: they are not asked for.

    Raises:
        RefusedError: It is so.
        StoreError: The server cannot be asked.
    """
    missing = [one.path for one in record.blobs if not one.pid]
    if missing:
        more = f" and {len(missing) - 1} more are" if len(missing) > 1 else " is"
        raise _refused(record, f"{missing[0]!r}{more} not uploaded")

    def look(blob: Blob, update: Update) -> None:
        """Ask for one blob."""
        del update
        pid = blob.pid or ""
        if pid == EMPTY:
            size: int | None = 0
        else:
            try:
                size = curator.blob_size(here(pid, curator), about=blob.size)
            except (ArchiveError, ResourceNotFoundError) as error:
                raise _refused(
                    record, f"{curator.host} has no blob {pid[:200]!r}, as {blob.path!r} is"
                ) from error
        if None not in {size, blob.size} and size != blob.size:
            raise _refused(
                record, f"the blob of {blob.path!r} has {size} bytes, and not {blob.size}"
            )

    asked = {(one.pid, one.size): one for one in record.blobs if one.pid not in sure}
    move_all([Job(one, one.path) for one in asked.values()], look, threads=_THREADS)


def _refused(record: Record, reason: str) -> RefusedError:
    return RefusedError(
        f"{record.title} is not published: {reason}: call upload_blobs_and_update_mapping first",
        limit="blobs",
    )
