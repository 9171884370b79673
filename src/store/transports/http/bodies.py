"""Reads the body of an HTTP answer, held against its announced length."""

from __future__ import annotations

import contextlib
import http.client
import io
from typing import Any, Final

import requests
import urllib3

from store.addresses import public
from store.clock import SYSTEM_CLOCK
from store.transports.base import Stream
from store.transports.crowding import Seat
from store.transports.deadlines import Deadline, begun, keeping
from store.transports.http.connecting import shut_down
from store.transports.http.errors import HTTPTimeoutError, HTTPTruncatedError
from store.transports.http.mapping import raised
from store.transports.http.sessions import Quiet
from store.transports.limiting import Limiter

_FOREIGN: Final = (OSError, http.client.HTTPException, urllib3.exceptions.HTTPError, ValueError)
"""What reading may raise; a ``ValueError`` where a connection was closed meanwhile."""


class HttpStream(Stream):
    """The body of an answer.

    A body of known length is read from the connection straight into the caller's buffer: of urllib3's
    ways to read, those that give what is there without waiting for a full buffer make a new ``bytes`` of
    each piece. Chunks, and bodies that end with the connection, are left to urllib3.

    Args:
        response: The answer, its body unread.
        address: What was asked in the end.
        length: The length in bytes of what is to come, or None.
        read_timeout: How long the server may be silent, in seconds.
        deadline: When the call must have ended.
        seat: The seat at the origin, left when the body ends; or None.
        limiter: The bandwidth to keep to, or None.
    """

    def __init__(
        self,
        response: requests.Response,
        address: str,
        *,
        length: int | None,
        read_timeout: float,
        deadline: Deadline,
        seat: Seat | None = None,
        limiter: Limiter | None = None,
    ) -> None:
        self.address = public(address)
        self._seat = seat
        self._limiter = limiter
        self._response: requests.Response | None = response
        self._raw: Any = response.raw
        self._rest = length
        self._length = length
        self._patience = read_timeout
        self._deadline = deadline
        inner = getattr(self._raw, "_fp", None)
        self._file: Any = getattr(inner, "fp", None)
        self._direct = length is not None and isinstance(self._file, io.BufferedReader)
        self._socket = getattr(getattr(self._file, "raw", None), "_sock", None)
        if length == 0:
            self._release()

    def readinto(self, buffer: memoryview) -> int:
        """Fill the buffer with the next bytes, as many as are there; see `Stream.readinto`."""
        if self._response is None or self._rest == 0:
            return 0
        self._keep_to_the_deadline()
        limiter = self._limiter
        try:
            count = self._read(buffer if limiter is None else buffer[: limiter.piece])
        except _FOREIGN as error:
            failure = raised(error, self.address)
        else:
            count = self._counted(count)
            if limiter is not None:
                limiter.take(count, self._deadline)
            return count
        self.close()
        raise failure

    def close(self) -> None:
        """Give the connection back where the body was read to its end, else close it."""
        response, self._response = self._response, None
        if response is not None:
            with contextlib.suppress(*_FOREIGN), Quiet():
                response.close()
            self._leave()

    def abort(self) -> None:
        """Shut the connection down, so that whoever waits for it waits no longer."""
        if self._socket is not None and self._response is not None:
            shut_down(self._socket)

    def _read(self, buffer: memoryview) -> int:
        if self._rest is not None and len(buffer) > self._rest:
            buffer = buffer[: self._rest]
        if self._direct:
            count: int = self._file.readinto1(buffer)
            return count
        # Chunk sizes and trailers may come for ever, too.
        step = begun(SYSTEM_CLOCK, self._patience)
        with Quiet(), keeping(step):
            data: bytes = self._raw.read1(len(buffer), decode_content=False)
        buffer[: len(data)] = data
        return len(data)

    def _counted(self, count: int) -> int:
        if self._rest is None:
            if count == 0:
                self._release()
            return count
        self._rest -= count
        if count == 0:
            self.close()
            found = (self._length or 0) - self._rest
            raise HTTPTruncatedError(
                f"{self.address}: the body ended after {found} of {self._length} announced bytes",
                url=self.address,
                expected=self._length,
                found=found,
            )
        if self._rest == 0:
            self._look_beyond()
            self._release()
        return count

    def _look_beyond(self) -> None:
        """Refuse a body that goes on after its announced end, as far as more is there already.

        What is left in the connection would be taken for the answer to the next request.
        """
        if self._socket is None:
            return
        extra = b""
        with contextlib.suppress(*_FOREIGN):  # TLS says with an error that there is nothing
            self._socket.settimeout(0)
            extra = self._file.peek(1)
        if extra:
            self.close()
            raise HTTPTruncatedError(
                f"{self.address}: the body goes on after its {self._length} announced bytes",
                url=self.address,
                expected=self._length,
                found=(self._length or 0) + len(extra),
            )

    def _release(self) -> None:
        """Give the connection back: everything was read."""
        response, self._response = self._response, None
        if response is None:
            return
        inner = getattr(self._raw, "_fp", None)
        with contextlib.suppress(*_FOREIGN), Quiet():
            if self._socket is not None and self._socket.fileno() >= 0:
                self._socket.settimeout(self._patience)
            if inner is not None:
                inner.close()
            self._raw.release_conn()
        self._leave()

    def _leave(self) -> None:
        if self._seat is not None:
            self._seat.leave()

    def _keep_to_the_deadline(self) -> None:
        left = self._deadline.left()
        if left <= 0:
            self.close()
            raise HTTPTimeoutError(
                f"{self.address}: {self._deadline} has passed",
                url=self.address,
            )
        if left < self._patience and self._socket is not None:
            self._socket.settimeout(left)
