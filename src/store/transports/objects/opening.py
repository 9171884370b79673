"""Opens a bucket's objects by its address, or by a connection."""

from __future__ import annotations

import difflib

from store.errors import ConfigurationError, LocatorError, UnknownNameError
from store.transports.base import TransferOptions
from store.transports.objects.addresses import NAMED, ObjectAddress
from store.transports.objects.base import ObjectClient
from store.transports.objects.connection import Connection
from store.transports.objects.failures import offline


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
        options: How bytes are to be moved; ``options.connections`` holds the named connections
            (`TransferOptions.from_settings` fills it). None for the defaults.
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
    options = options or TransferOptions()
    if connection is None or isinstance(connection, Connection | str):
        place, reached = located(address, options, connection)
        shown = _shown(_plain(address), reached)
    else:
        place, reached = _plain(address), None
        shown = place.root
    if options.offline:
        raise offline(shown)
    from store.transports.objects import clients

    if reached is None:
        return clients.given(connection, place, options)
    return clients.made(reached, place, options, shown)


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
    return located(address, options or TransferOptions(), None)


def located(
    address: str | ObjectAddress, options: TransferOptions, connection: Connection | str | None
) -> tuple[ObjectAddress, Connection]:
    """Do what `locate` does, for a connection that may be given; see `open_objects`."""
    place = _plain(address)
    name = connection if isinstance(connection, str) else None
    if place.scheme == NAMED:
        name, given = place.bucket, None
    else:
        given = connection if isinstance(connection, Connection) else None
    if given is None:
        known = options.connections
        if name is None and place.scheme in known:
            name = place.scheme
        given = Connection(kind=place.scheme) if name is None else connection_named(name, options)  # type: ignore[arg-type]
    if place.scheme == NAMED:
        return _renamed(place, given), given
    if given.kind != place.scheme:
        raise LocatorError(
            f"{place.root} is reached by a connection of the kind {given.kind}: write"
            f" '{given.kind}://{place.bucket}', or say kind = \"{place.scheme}\""
        )
    return place, given


def connection_named(name: str, options: TransferOptions) -> Connection:
    """Return the connection of a name, as the table ``[connection.NAME]`` says it.

    Raises:
        UnknownNameError: The settings have no such table.
        ConfigurationError: It cannot be read.
    """
    from store.config.connecting import connection_values
    from store.config.tables import located as with_place

    table = options.connections.get(name)
    if table is None:
        known = tuple(sorted(options.connections))
        near = difflib.get_close_matches(name, known, n=1)
        meant = f"did you mean {near[0]!r}? " if near else ""
        raise UnknownNameError(
            f"there is no connection {name!r}: {meant}write a table [connection.{name}] with endpoint, bucket"
            " and keys into the settings",
            kind="connection",
            name=name,
            known=known,
        )
    try:
        return Connection(**connection_values(name, table))
    except ConfigurationError as error:
        raise with_place(error, table) from None


def _plain(address: str | ObjectAddress) -> ObjectAddress:
    return address if isinstance(address, ObjectAddress) else ObjectAddress.parse(address)


def _shown(address: ObjectAddress, connection: Connection) -> str:
    """Return what a bucket is called: by its connection's name where that was given, to be found again."""
    bucket = ""
    if address.scheme == NAMED and connection.bucket is None:
        bucket = address.key.partition("/")[0]
    return address._replace(key=bucket, version=None).brief


def _renamed(place: ObjectAddress, connection: Connection) -> ObjectAddress:
    """Return what ``bucket:NAME/key`` stands for."""
    if connection.bucket is not None:
        return place._replace(scheme=connection.kind, bucket=connection.bucket)
    bucket, _, key = place.key.partition("/")
    if not bucket:
        raise LocatorError(
            f'the connection {place.bucket!r} names no bucket: write bucket = "…" into its table, or'
            f" 'bucket:{place.bucket}/BUCKET/key'"
        )
    return ObjectAddress.parse(f"{connection.kind}://{bucket}")._replace(
        key=key, version=place.version
    )
