"""Makes the client that fits a connection."""

from __future__ import annotations

from store.errors import ConfigurationError
from store.transports.base import TransferOptions
from store.transports.objects.account import account_of
from store.transports.objects.addresses import ObjectAddress
from store.transports.objects.base import ObjectClient
from store.transports.objects.connection import Connection
from store.transports.objects.obstored import ObstoreObjects
from store.transports.objects.s3 import S3Objects
from store.transports.objects.stores import Stores, library, usable

_METHODS = ("get", "put", "list", "delete", "copy")


def made(
    connection: Connection, place: ObjectAddress, options: TransferOptions, shown: str | None = None
) -> ObjectClient:
    """Return the client of a bucket that a connection reaches.

    Args:
        connection: How it is reached.
        place: The bucket's address.
        options: How bytes are to be moved.
        shown: How the bucket is called; None for its address.

    Raises:
        UnknownNameError: The extra ``s3`` is not installed.
        ConfigurationError: The connection cannot be used so.
    """
    address = shown or place.root
    if usable():
        library(address)
    account = account_of(connection) if connection.kind == "s3" else None
    stores = Stores(place.bucket, address, options, connection=connection, account=account)
    if account is not None and (account.keys is not None or account.anonymous):
        return S3Objects(account, place.bucket, stores, options, address)
    return ObstoreObjects(address, stores, options)


def given(store: object, place: ObjectAddress, options: TransferOptions) -> ObjectClient:
    """Return the client of a bucket for which a store of obstore's was made already.

    Args:
        store: obstore's store.
        place: The bucket's address.
        options: How bytes are to be moved; timeouts are the store's own.

    Raises:
        ConfigurationError: It is no store of obstore's.
    """
    if not all(callable(getattr(store, one, None)) for one in _METHODS):
        raise ConfigurationError(
            f"{type(store).__name__} is no connection: give a Connection, the name of one in the settings, or"
            " a store of obstore's"
        )
    return ObstoreObjects(
        place.root, Stores(place.bucket, place.root, options, given=store), options
    )
