"""Opens, and begins, the archive at an address of a bucket."""

from __future__ import annotations

from store.releases.objects import ObjectArchive
from store.transports.objects.base import ObjectClient


def open_bucket(host: str, user: str | None = None, password: str | None = None) -> ObjectArchive:
    """Open the archive at ``s3://bucket/prefix`` or ``bucket:NAME/prefix``.

    How the store is reached, keys included, is found where that of buckets is: ``[connection.NAME]`` of the
    settings, the environment, the AWS files.

    Args:
        host: The address.
        user: Kept as it is.
        password: Of no use here.

    Raises:
        ArchiveError: There is none.
        StoreError: The bucket cannot be reached.
    """
    del password
    client, prefix = _client_of(host)
    return ObjectArchive(client, prefix, user)


def begin_bucket(host: str) -> ObjectArchive:
    """Begin an archive at ``s3://bucket/prefix`` or ``bucket:NAME/prefix``.

    Raises:
        StoreError: The bucket cannot be reached, or refuses.
    """
    client, prefix = _client_of(host)
    return ObjectArchive.create(client, prefix)


def _client_of(host: str) -> tuple[ObjectClient, str]:
    """Return the client of a bucket, and the prefix that an address names."""
    from store.config.reading import read_settings
    from store.transports.base import TransferOptions
    from store.transports.objects.opening import locate, open_objects

    options = TransferOptions.from_settings(read_settings().settings)
    address, _ = locate(host, options)
    return open_objects(host, options), address.key
