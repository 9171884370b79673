"""A body whose beginning was read by one hand, and the rest by another."""

from __future__ import annotations

from typing import Any, Final

from store.addresses import public
from store.clock import SYSTEM_CLOCK
from store.transports.base import Stream
from store.transports.crowding import Seat, sit
from store.transports.deadlines import current
from store.transports.http.connecting import shut_down
from store.transports.http.errors import HTTPTimeoutError, HTTPTruncatedError
from store.transports.http.mapping import raised
from store.transports.http.wire import Head

_FOREIGN: Final = (OSError, ValueError)


class HandedStream(Stream):
    """The rest of a plain answer, read from its connection without a library between.

    Nobody waits for its seat at the origin until it is read: whoever is to read it may be waiting behind
    others who wait for seats.

    Args:
        connection: urllib3's connection, whose socket is at the body.
        address: What was asked.
        head: What the answer's head said.
        begun: The bytes of the body that were read with the head.
        patience: How long the server may be silent, in seconds.
    """

    def __init__(
        self,
        connection: Any,  # noqa: ANN401 - urllib3's
        address: str,
        head: Head,
        begun: bytes,
        patience: float,
    ) -> None:
        self.address = public(address)
        self.size = head.length
        self.etag = head.etag
        self.last_modified = head.last_modified
        self.content_type = head.content_type
        self.accepts_ranges = head.ranges
        self._connection = connection
        self._begun = memoryview(begun)
        self._rest = head.length
        self._patience = patience
        self._seat: Seat | None = None

    def readinto(self, buffer: memoryview) -> int:
        """Fill the buffer with the next bytes; see `Stream.readinto`."""
        if self._rest == 0 or self._connection is None:
            return 0
        if self._seat is None:
            self._seat = sit(self.address)
        if self._begun:
            count = min(len(buffer), len(self._begun))
            buffer[:count] = self._begun[:count]
            self._begun = self._begun[count:]
        else:
            count = self._received(buffer[: self._rest])
        self._rest -= count
        if self._rest == 0:
            self.close()
        return count

    def abort(self) -> None:
        """Shut the connection down, so that whoever waits for it waits no longer."""
        connection = self._connection
        sock = None if connection is None else connection.sock
        if sock is not None:
            shut_down(sock)

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
        if self._seat is not None:
            self._seat.leave()

    def _received(self, buffer: memoryview) -> int:
        left = current(SYSTEM_CLOCK).left()
        if left <= 0:
            self.close()
            raise HTTPTimeoutError(f"{self.address}: the deadline has passed", url=self.address)
        try:
            self._connection.sock.settimeout(min(self._patience, left))
            count: int = self._connection.sock.recv_into(buffer)
        except _FOREIGN as error:
            failure = raised(error, self.address)
        else:
            if count:
                return count
            size = self.size or 0
            failure = HTTPTruncatedError(
                f"{self.address}: the body ended after {size - self._rest} of {size} announced bytes",
                url=self.address,
                expected=size,
                found=size - self._rest,
            )
        self.close()
        raise failure
