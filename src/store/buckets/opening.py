"""Finds the client for whatever a caller calls a connection."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from store.buckets.summaries import bucket_of
from store.errors import ConfigurationError
from store.transports.base import TransferOptions
from store.transports.objects.addresses import BUCKET
from store.transports.objects.base import ObjectClient
from store.transports.objects.connection import Connection

_KINDS: Final = {"S3Store": "s3", "GCSStore": "gs", "AzureStore": "az"}
"""The scheme of each of obstore's stores."""


class Opened(NamedTuple):
    """A bucket that can be asked.

    Attributes:
        name: The bucket's.
        client: Its objects.
        options: How bytes are moved.
    """

    name: str
    client: ObjectClient
    options: TransferOptions


def open_bucket(
    connection: Connection | str | ObjectClient | object | None,
    name: object,
    options: TransferOptions | None = None,
) -> Opened:
    """Return the client of a bucket's objects; nothing is asked yet.

    Args:
        connection: A `Connection`, the name of one in the settings, a store of obstore's, a client of ours;
            None takes ``[connection.s3]`` of the settings, environment and AWS files.
        name: The bucket's name.
        options: How bytes are moved; None takes the settings'.

    Raises:
        ConfigurationError: The name is none, the settings cannot be read, or a client is of another bucket.
        StoreError: See `store.transports.objects.opening.open_objects`.
    """
    from store.transports.objects.opening import connection_named, open_objects

    if not isinstance(name, str) or not re.fullmatch(BUCKET, name):
        raise ConfigurationError(
            f"{name!r} is no bucket's name: give it without a scheme and without slashes",
            key="name",
        )
    if options is None:
        from store.config.reading import read_settings

        options = TransferOptions.from_settings(read_settings().settings)
    if isinstance(connection, ObjectClient):
        if bucket_of(connection) != name:
            raise ConfigurationError(
                f"the client is of {connection.address}, and not of the bucket {name!r}", key="name"
            )
        return Opened(name, connection, options)
    if isinstance(connection, str):
        connection = connection_named(connection, options)
    if isinstance(connection, Connection):
        kind = str(connection.kind)
    else:
        kind = _KINDS.get(type(connection).__name__, "s3")
        _check_store(connection, name)
    client = open_objects(f"{kind}://{name}", options, connection=connection)
    return Opened(name, client, options)


def _check_store(store: object, name: str) -> None:
    """Refuse a store of obstore's that is of another bucket, or of a part of one.

    Raises:
        ConfigurationError: It is.
    """
    config = getattr(store, "config", None) or {}
    own = config.get("bucket") or config.get("container_name") or name
    prefix = getattr(store, "prefix", None)
    if own != name or prefix:
        part = f" below {prefix!r}" if prefix else ""
        raise ConfigurationError(
            f"the store is of {own!r}{part}, and not of the bucket {name!r}: make one of the whole bucket",
            key="name",
        )
