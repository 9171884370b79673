"""Opens a bucket's objects by its address, or by a connection."""

from __future__ import annotations

from store.transports.base import TransferOptions
from store.transports.objects.addresses import ObjectAddress
from store.transports.objects.base import ObjectClient
from store.transports.objects.connection import Connection


def open_objects(
    address: str | ObjectAddress,
    options: TransferOptions | None = None,
    *,
    connection: Connection | str | object | None = None,
) -> ObjectClient:
    """Return the client of one bucket's objects.

    Nothing is asked yet: that a bucket is missing, or keys are wrong, is told by the first call.

    This is the one door: ``open_objects("s3://bucket", options)``, ``open_objects("bucket:NAME", options)``
    for the table ``[connection.NAME]`` of the settings, or
    ``open_objects("s3://bucket", options, connection=Connection(endpoint=…, access_key=…, secret_key=…))``.

    Args:
        address: The bucket's address. A key or prefix that stands behind it is not looked at: take it from
            `ObjectAddress.parse`, or from `locate`, which knows named connections.
        options: How bytes are to be moved: bounds, retries, rate, credentials' settings; ``options.connections``
            holds the named connections (`TransferOptions.from_settings` fills it). None for the defaults.
        connection: How it is reached: a `Connection`, the name of one in the settings, or a store of
            obstore's (used as it is). None takes ``[connection.s3]`` (``gs``, ``az``: as the address's
            scheme) where the settings have it, else environment and AWS files.

    Raises:
        LocatorError: It is no address of a bucket.
        UnknownNameError: The connection's name is not in the settings (``kind`` is ``connection``), or the
            extra ``s3`` is not installed (``kind`` is ``extra``, ``name`` is ``s3``).
        OfflineError: The network is not to be used; obstore is not imported then.
        ConfigurationError: The connection cannot be used so.
    """
    raise NotImplementedError


def locate(
    address: str | ObjectAddress, options: TransferOptions | None = None
) -> tuple[ObjectAddress, Connection]:
    """Return an address with its bucket and key told apart, and the connection that reaches it.

    ``bucket:NAME/key`` becomes the ``s3://bucket/key`` that it stands for.

    Raises:
        LocatorError: It is no address of a bucket or object.
        UnknownNameError: The named connection is not in the settings.
        ConfigurationError: Its table cannot be read.
    """
    raise NotImplementedError
