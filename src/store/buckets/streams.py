"""Lets the objects of a bucket come in the way all bodies come in."""

from __future__ import annotations

from typing import Final
from weakref import WeakKeyDictionary

from store.errors import DriftError, StoreError
from store.transports.base import Conditions, TransferOptions, Transport
from store.transports.objects.base import Body, ObjectClient, ObjectMeta
from store.transports.objects.transport import ObjectStream
from store.transports.ranges import PARTED_FROM
from store.transports.repeating import asking_once

_ranges: Final[WeakKeyDictionary[ObjectClient, bool]] = WeakKeyDictionary()


class ClientTransport(Transport):
    """Opens one object of a client, whatever address it is asked for.

    The first body is opened by `open_body`: with it comes what has to be known of the object. What follows,
    of a large one, is asked for through the client that is best for that.

    Args:
        client: The bucket's objects.
        key: The object's name.
        etag: The object is wanted only while it is this one.
        version: Its version id, where an older one is wanted.
        options: How bytes are to be moved.

    Attributes:
        pinned: Whether the whole is held against a digest; no longer where it has to begin anew.
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
        self.pinned = False

    def keep_to(self, meta: ObjectMeta) -> None:
        """Ask from now on for the object that was opened, and for no other that takes its place."""
        self._etag = self._etag or meta.etag

    def open_body(self) -> Body:
        """Open the object from its beginning; it is asked for once."""
        with asking_once():
            return self._client.get(self._key, etag=self._etag, version=self._version)

    def stream_of(self, address: str, body: Body) -> ObjectStream:
        """Return the stream of a body."""
        ranges = _gives_ranges(self._client.reader(pinned=self.pinned), body.meta)
        stream = ObjectStream(address, body.meta, body, accepts_ranges=ranges)
        stream.apart = (
            ranges  # rclone's server hashes what is read from the first byte on, and is slow so
        )
        return stream

    def open_stream(
        self, address: str, offset: int = 0, *, conditions: Conditions | None = None
    ) -> ObjectStream:
        """Open the object; where it is another one than the condition says, from its beginning.

        It is asked for once: whoever lets it come in tries again.

        What was kept of an older one is no reason to fail: the object that is wanted is asked for then.
        """
        asked = conditions or Conditions()
        wanted = self._etag if asked.if_range is None else asked.if_range.strip('"')
        if offset == 0 and asked.until is None:
            self.pinned = False  # it is begun anew: perhaps since its parts did not fit
        client = self._client.reader(pinned=self.pinned)
        with asking_once():
            try:
                body = client.get(
                    self._key, start=offset, end=asked.until, etag=wanted, version=self._version
                )
            except DriftError:
                if wanted == self._etag or asked.if_range is None:
                    raise
                body = client.get(self._key, etag=self._etag, version=self._version)
        return self.stream_of(address, body)


def _gives_ranges(client: ObjectClient, meta: ObjectMeta) -> bool:
    """Whether a store gives parts where it is asked for them: tried with one byte, once a client.

    It has to be known before a body is shared out: a store that answers each part with the whole
    (``rclone serve s3``, which reads all of it first) would be asked for the whole by each connection.
    """
    if meta.size < PARTED_FROM:
        return True
    known = _ranges.get(client)
    if known is None:
        last = meta.size - 1
        try:
            with (
                asking_once(),
                client.get(meta.key, start=last, end=meta.size, version=meta.version) as body,
            ):
                known = _ranges[client] = body.start == last
        except StoreError:
            return False
    return known
