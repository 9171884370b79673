"""How the kit's server answers: well, or as a fault has it."""

from __future__ import annotations

import abc
import hashlib
import http.server
import re
import socket
import struct
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, Self

import attrs

_RANGE = re.compile(r"bytes=(\d+)-(\d*)", re.ASCII)
_SUFFIX = re.compile(r"bytes=-(\d+)", re.ASCII)

_STEP = 0.01
"""How often something is sent where a rate is kept, in seconds."""


@attrs.frozen
class Request:
    """What the server was asked.

    Attributes:
        method: ``GET``, ``HEAD``, …
        path: The path as it was sent, without the query.
        query: What followed the question mark, or an empty text.
        headers: The headers, their names in lower case.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]


class Owner(Protocol):
    """What a handler needs of its server."""

    stopping: threading.Event

    def note(self, request: Request) -> None:
        """Remember a request."""
        ...

    def find(self, path: str) -> Served | None:
        """Return what is given at a path."""
        ...

    def note_sent(self, path: str, count: int) -> None:
        """Remember that bytes of a body were sent."""
        ...

    @property
    def rate(self) -> float | None:
        """How many bytes of bodies a second a connection is given at most, or None."""
        ...

    @property
    def authorization(self) -> str | None:
        """What an ``Authorization`` must be, or None."""
        ...


class Fault(abc.ABC):
    """A way to answer wrongly; a fault of one's own implements `answer`."""

    @abc.abstractmethod
    def answer(self, exchange: Exchange) -> None:
        """Answer a request."""


@attrs.define
class Served:
    """What is given at a path.

    Attributes:
        data: The bytes.
        headers: Headers besides.
        etag: The entity tag as it is sent, or None.
        last_modified: The time of change as an HTTP date, or None.
        ranges: Whether parts are given.
        always: The fault of every answer, or None.
        once: The faults of the next answers, one each.
    """

    data: bytes
    headers: Mapping[str, str]
    etag: str | None
    last_modified: str | None
    ranges: bool
    always: Fault | None
    once: list[Fault | None]

    @classmethod
    def of(
        cls,
        data: bytes,
        *,
        fault: Fault | Sequence[Fault | None] | None,
        headers: Mapping[str, str],
        etag: str | None,
        last_modified: str | None,
        ranges: bool,
    ) -> Self:
        """Return what `Server.serve` was told."""
        if etag == "":
            etag = f'"{hashlib.sha256(data).hexdigest()}"'
        return cls(
            data=data,
            headers=headers,
            etag=etag,
            last_modified=last_modified,
            ranges=ranges,
            always=None if isinstance(fault, Sequence) else fault,
            once=list(fault) if isinstance(fault, Sequence) else [],
        )

    def next_fault(self) -> Fault | None:
        """Return the fault of the next answer, or None for a good one."""
        return self.once.pop(0) if self.once else self.always


class Exchange:
    """A request and the means to answer it, for faults.

    Attributes:
        request: What was asked.
        served: What should be given.
        stopping: Is set when the server stops; whoever waits waits for it.
    """

    def __init__(self, handler: Handler, request: Request, served: Served) -> None:
        self.request = request
        self.served = served
        self.stopping = handler.owner.stopping
        self._handler = handler

    def head(self, status: int, headers: Mapping[str, str] | Sequence[tuple[str, str]]) -> None:
        """Send a status and headers, those that are given with the content besides."""
        pairs = list(headers.items()) if isinstance(headers, Mapping) else list(headers)
        named = {name.lower() for name, _ in pairs}
        own = [(name, value) for name, value in self.served.headers.items()]
        handler = self._handler
        handler.send_response(status)
        for name, value in [*pairs, *(one for one in own if one[0].lower() not in named)]:
            handler.send_header(name, value)
        handler.end_headers()

    def send(self, data: bytes) -> None:
        """Send bytes of a body as they are, no faster than the server's rate; none of them for ``HEAD``."""
        if self.request.method == "HEAD":
            return
        rate = self._handler.owner.rate
        size = len(data) if rate is None else max(1, int(rate * _STEP))
        for begin in range(0, len(data), size or 1):
            if rate is not None and self.stopping.wait(_STEP):
                return
            piece = data[begin : begin + size]
            # Noted first: who has received it may ask at once how much was sent.
            self._handler.owner.note_sent(self.request.path, len(piece))
            try:
                self._handler.wfile.write(piece)
            except OSError:
                self._handler.owner.note_sent(self.request.path, -len(piece))
                raise

    def hang_up(self, *, reset: bool = False) -> None:
        """Close the connection after this answer; with ``reset`` at once and rudely (RST)."""
        self._handler.close_connection = True
        if reset:
            connection = self._handler.connection
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def content_headers(self) -> dict[str, str]:
        """Return the headers of a good answer but for its length."""
        served = self.served
        headers = {"Content-Type": "application/octet-stream"}
        if served.etag is not None:
            headers["ETag"] = served.etag
        if served.last_modified is not None:
            headers["Last-Modified"] = served.last_modified
        if served.ranges:
            headers["Accept-Ranges"] = "bytes"
        given = {name.lower() for name in served.headers}
        return {name: value for name, value in headers.items() if name.lower() not in given}

    def well(self) -> None:
        """Answer as a good server does: conditions and ranges by RFC 9110."""
        headers = self.content_headers()
        if self._unchanged():
            self.head(304, headers)
            return
        data = self.served.data
        part = self.part()
        if part is None:
            self.head(200, {**headers, "Content-Length": str(len(data))})
            self.send(data)
            return
        first, last = part
        if first > last:
            self.head(416, {"Content-Range": f"bytes */{len(data)}", "Content-Length": "0"})
            return
        headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
        self.head(206, {**headers, "Content-Length": str(last - first + 1)})
        self.send(data[first : last + 1])

    def _unchanged(self) -> bool:
        asked, served = self.request.headers, self.served
        tags = asked.get("if-none-match")
        if tags is not None:
            known = (served.etag or "").removeprefix("W/")
            offered = {one.strip().removeprefix("W/") for one in tags.split(",")}
            return served.etag is not None and (known in offered or "*" in offered)
        since = asked.get("if-modified-since")
        return since is not None and since == served.last_modified

    def part(self) -> tuple[int, int] | None:
        """Return the first and last byte that are wanted, in the wrong order where there are none.

        None wants the whole.
        """
        asked, served = self.request.headers, self.served
        text = asked.get("range", "")
        condition = asked.get("if-range")
        size = len(served.data)
        weak = (condition or "").startswith("W/")
        if not served.ranges or (
            condition is not None and (weak or condition not in {served.etag, served.last_modified})
        ):
            return None
        if match := _RANGE.fullmatch(text):
            first, last = int(match[1]), min(int(match[2] or size), size - 1)
            return (first, last) if first < size else (1, 0)
        if match := _SUFFIX.fullmatch(text):
            return max(0, size - int(match[1])), size - 1
        return None


class Handler(http.server.BaseHTTPRequestHandler):
    """Reads requests and has them answered.

    Args:
        request: The connection.
        client_address: Who asks.
        owner: The server.
    """

    protocol_version = "HTTP/1.1"
    server_version = "store-testing"
    disable_nagle_algorithm = True
    wbufsize = 0

    def __init__(self, request: socket.socket, client_address: Any, owner: Owner) -> None:  # noqa: ANN401
        self.owner = owner
        super().__init__(request, client_address, owner)  # type: ignore[arg-type]

    def do_HEAD(self) -> None:
        """Answer a request for headers."""
        self.do_GET()

    def do_GET(self) -> None:
        """Answer a request for content."""
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, path, query, headers)
        self.owner.note(request)
        served = self.owner.find(path)
        required = self.owner.authorization
        if required is not None and headers.get("authorization") != required:
            self._empty(401, {"WWW-Authenticate": 'Basic realm="store"'})
        elif served is None:
            self._empty(404, {})
        else:
            exchange = Exchange(self, request, served)
            fault = served.next_fault()
            if fault is None:
                exchange.well()
            else:
                fault.answer(exchange)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing: what was asked is in ``requests``."""

    def _empty(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()
