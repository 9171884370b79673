"""Brings a resource into a directory from its addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.transports.base import TransferOptions
from store.transports.receiving import receive

if TYPE_CHECKING:
    from store.backends.digested import DigestedResource


def bring(metadata: DigestedResource, dest: str, options: TransferOptions) -> str:
    """Receive a resource from the first of its addresses that gives it, held against all that is known of it.

    Args:
        metadata: The resource, which has ``urls``.
        dest: A directory.
        options: How bytes are to be moved.

    Returns:
        The file's path.

    Raises:
        StoreError: What the last address said, or that it is not what its digests or its size say.
    """
    received = receive(
        metadata.urls,
        dest,
        options=options,
        name=metadata.filename,
        digests=metadata.digests,
        size=metadata.size,
    )
    return str(received.path)
