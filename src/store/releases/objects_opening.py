"""Opens, and begins, the archive at an address of a bucket."""

from __future__ import annotations

import importlib

from store.releases.objects import ObjectArchive
from store.transports.objects.base import ObjectClient


def open_bucket(host: str, user: str | None = None, password: str | None = None) -> ObjectArchive:  # noqa: ARG001
    """Open the archive at ``s3://bucket/prefix``; keys are found where those of buckets are.

    Raises:
        ArchiveError: There is none.
        StoreError: The bucket cannot be reached.
    """
    client, prefix = _client_of(host)
    return ObjectArchive(client, prefix, user)


def begin_bucket(host: str) -> ObjectArchive:
    """Begin an archive at ``s3://bucket/prefix``.

    Raises:
        StoreError: The bucket cannot be reached, or refuses.
    """
    client, prefix = _client_of(host)
    return ObjectArchive.create(client, prefix)


def _client_of(host: str) -> tuple[ObjectClient, str]:
    """Return the client of a bucket, and the prefix that an address names."""
    from store.config.reading import read_settings
    from store.transports.base import TransferOptions

    opening = importlib.import_module("store.transports.objects.opening")
    addresses = importlib.import_module("store.transports.objects.addresses")
    address = addresses.ObjectAddress.parse(host)
    options = TransferOptions.from_settings(read_settings().settings)
    return opening.open_objects(address, options), address.key
