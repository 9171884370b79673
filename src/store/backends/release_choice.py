"""Which file of a release a query means, and what it is held against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from store.errors import QueryError, UnverifiedError
from store.integrity.digest import Digests

if TYPE_CHECKING:
    # Dear to load, and only where a release is asked for.
    from store.releases.mapping import Blob
    from store.releases.records import Record

_SHOWN: Final = 50
"""How many files are told where one must be named."""


def chosen_blob(record: Record, path: str | None, dataset: str | None) -> Blob:
    """Return the file that is meant.

    Raises:
        ResourceNotFoundError: There is none.
        QueryError: Several might be.
    """
    if path is not None and dataset is not None:
        raise QueryError(
            f"a file is named by 'path' ({path!r}) or by 'dataset' ({dataset!r}), not by both: drop one"
        )
    if path is not None:
        return record.blob(path)
    if dataset is not None:
        return record.dataset(dataset)
    if len(record.blobs) == 1:
        return record.blobs[0]
    if len(record.datasets) == 1:
        return record.dataset(next(iter(record.datasets)))
    raise QueryError(
        f"{record.title} has {len(record.blobs)} files: name one by 'path', or by 'dataset'",
        known=tuple(one.path for one in record.blobs[:_SHOWN]),
    )


def known_digests(record: Record, blob: Blob) -> Digests:
    """Return what a file is held against.

    Raises:
        UnverifiedError: The record tells no digest of it that can be trusted.
    """
    digest = blob.digest
    if digest is None or digest.weak:
        raise UnverifiedError(
            f"the record of {record.title} tells no SHA-256 of {blob.path!r}, as older ones do not: pin one,"
            " as in #sha256=<hex>"
        )
    return (digest,)
