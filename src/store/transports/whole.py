"""A body that came whole, for whoever reads bodies as they come."""

from __future__ import annotations

from collections.abc import Mapping

from store.addresses import public
from store.transports.base import Stream
from store.transports.bulk import NO_FIELDS


class WholeStream(Stream):
    """A small body, read from memory.

    Args:
        address: What was asked.
        data: The bytes.
        fields: The head of its answer, names in lower case.
    """

    def __init__(
        self, address: str, data: memoryview, fields: Mapping[bytes, bytes] = NO_FIELDS
    ) -> None:
        self.address = public(address)
        self.size = len(data)
        self.etag = _text(fields, b"etag")
        self.last_modified = _text(fields, b"last-modified")
        self.content_type = _text(fields, b"content-type")
        self._rest = data

    def readinto(self, buffer: memoryview) -> int:
        """Fill the buffer with the next bytes; see `Stream.readinto`."""
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def close(self) -> None:
        """Let go of the bytes."""
        self._rest = self._rest[:0]


def _text(fields: Mapping[bytes, bytes], name: bytes) -> str | None:
    value = fields.get(name)
    return None if value is None else value.decode("latin-1")
