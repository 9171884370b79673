"""Opens addresses of objects (s3, gs, az, bucket) for reading."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import ClassVar

from store.errors import DriftError
from store.transports.base import Conditions, Retrying, Stream, TransferOptions, Transport
from store.transports.objects.addresses import ObjectAddress
from store.transports.objects.answers import quoted
from store.transports.objects.base import Body, ObjectClient, ObjectMeta
from store.transports.objects.opening import locate, open_objects


class ObjectStream(Stream):
    """An object on its way.

    Args:
        address: Where it is, without secrets.
        meta: What the store says of it.
        body: Its bytes; None where there are none, since the condition held.
        accepts_ranges: Whether the store gives parts.
    """

    def __init__(
        self, address: str, meta: ObjectMeta, body: Body | None, *, accepts_ranges: bool
    ) -> None:
        self.address = address
        self.size = meta.size
        self.etag = None if meta.etag is None else quoted(meta.etag)
        self.last_modified = _date(meta.last_modified)
        self.offset = 0 if body is None else body.start
        self.not_modified = body is None
        self.accepts_ranges = accepts_ranges
        self._body = body

    def readinto(self, buffer: memoryview) -> int:
        """Fill the buffer with the next bytes; see `Stream.readinto`."""
        return 0 if self._body is None else self._body.readinto(buffer)

    def close(self) -> None:
        """Let the connection go."""
        body, self._body = self._body, None
        if body is not None:
            body.close()

    def abort(self) -> None:
        """Shut the connection down where that can be done from another thread."""
        body = self._body
        if body is not None:
            body.abort()


class ObjectTransport(Transport):
    """Reads objects; asks once, and leaves trying again to those above.

    Args:
        options: How bytes are to be moved; its ``connections`` say how stores are reached.
    """

    schemes: ClassVar[tuple[str, ...]] = ("az", "bucket", "gs", "s3")

    def __init__(self, options: TransferOptions | None = None) -> None:
        super().__init__(options)
        self._once = self.options._replace(retrying=Retrying(attempts=1))
        self._clients: dict[str, ObjectClient] = {}
        self._without_ranges: set[str] = set()

    def open_stream(
        self, address: str, offset: int = 0, *, conditions: Conditions | None = None
    ) -> Stream:
        """Open an object; see `Transport.open_stream`.

        Raises:
            LocatorError: The address names no object.
            MissingKeyError: There is nothing under the key.
        """
        place, _ = locate(address, self.options)
        client = self._client(address, place)
        wanted = conditions or Conditions()
        shown = str(place._replace(version=None))
        ranges = place.root not in self._without_ranges
        if wanted.if_none_match is not None or wanted.if_modified_since is not None:
            meta = client.head(place.key, version=place.version)
            if _is_known(meta, wanted):
                return ObjectStream(shown, meta, None, accepts_ranges=ranges)
        body = _opened(client, place, offset, wanted)
        if body.start != offset or (wanted.until is not None and body.end > wanted.until):
            # What was asked for under another version is no sign that the store gives no parts.
            ranges = (
                ranges and wanted.if_range is not None and body.meta.etag != _bare(wanted.if_range)
            )
            if not ranges:
                self._without_ranges.add(place.root)
        return ObjectStream(shown, body.meta, body, accepts_ranges=ranges)

    def close(self) -> None:
        """Close the idle connections."""
        clients, self._clients = self._clients, {}
        for client in clients.values():
            client.close()

    def _client(self, address: str, place: ObjectAddress) -> ObjectClient:
        """Return the client of a bucket, kept for the next object of it."""
        named = ObjectAddress.parse(address)
        key = f"{named.scheme}:{named.bucket}:{place.bucket}"
        found = self._clients.get(key)
        if found is None:
            found = open_objects(named, self._once).reader()
            found = self._clients.setdefault(key, found)
        return found


def _opened(client: ObjectClient, place: ObjectAddress, offset: int, wanted: Conditions) -> Body:
    """Open an object, or its part while it is the version that is wanted; else the whole of what is there."""
    etag = None if wanted.if_range is None else _bare(wanted.if_range)
    if etag is None:
        return client.get(place.key, start=offset, end=wanted.until, version=place.version)
    try:
        return client.get(
            place.key, start=offset, end=wanted.until, etag=etag, version=place.version
        )
    except DriftError:
        return client.get(place.key, version=place.version)


def _is_known(meta: ObjectMeta, wanted: Conditions) -> bool:
    """Whether the condition holds under which nothing is to come (RFC 9110, sections 13.1.2 and 13.1.3)."""
    if wanted.if_none_match is not None:
        return meta.etag is not None and meta.etag == _bare(wanted.if_none_match)
    if wanted.if_modified_since is None or meta.last_modified is None:
        return False
    try:
        since = parsedate_to_datetime(wanted.if_modified_since)
    except (ValueError, TypeError):
        return False
    return meta.last_modified.replace(microsecond=0) <= since.astimezone(UTC)


def _bare(etag: str) -> str:
    return etag.strip('"')


def _date(moment: datetime | None) -> str | None:
    return None if moment is None else format_datetime(moment.astimezone(UTC), usegmt=True)
