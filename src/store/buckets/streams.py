"""Lets the objects of a bucket come in the way all bodies come in."""

from __future__ import annotations

from store.errors import DriftError
from store.transports.base import Conditions, Stream, TransferOptions, Transport
from store.transports.objects.base import Body, ObjectClient


class ObjectStream(Stream):
    """An object's body on its way.

    Args:
        address: The object's, without secrets.
        body: What its client opened.
    """

    def __init__(self, address: str, body: Body) -> None:
        meta = body.meta
        self.address = address
        self.body = body
        self.offset = body.start
        self.size = meta.size
        self.etag = None if meta.etag is None else f'"{meta.etag}"'
        self.accepts_ranges = True

    def readinto(self, buffer: memoryview) -> int:
        """Fill the buffer with the next bytes."""
        return self.body.readinto(buffer)

    def close(self) -> None:
        """Close the body."""
        self.body.close()


class ClientTransport(Transport):
    """Opens one object of a client, whatever address it is asked for.

    Args:
        client: The bucket's objects.
        key: The object's name.
        etag: The object is wanted only while it is this one.
        version: Its version id, where an older one is wanted.
        options: How bytes are to be moved.
    """

    def __init__(
        self,
        client: ObjectClient,
        key: str,
        *,
        etag: str | None = None,
        version: str | None = None,
        options: TransferOptions | None = None,
    ) -> None:
        super().__init__(options)
        self._client = client
        self._key = key
        self._etag = etag
        self._version = version

    def open_stream(
        self, address: str, offset: int = 0, *, conditions: Conditions | None = None
    ) -> ObjectStream:
        """Open the object; where it is another one than the condition says, from its beginning."""
        asked = conditions or Conditions()
        wanted = self._etag if asked.if_range is None else asked.if_range.strip('"')
        try:
            body = self._client.get(
                self._key, start=offset, end=asked.until, etag=wanted, version=self._version
            )
        except DriftError:
            if self._etag is not None or asked.if_range is None:
                raise
            body = self._client.get(self._key, version=self._version)
        return ObjectStream(address, body)
