"""A real HTTP server on loopback that misbehaves on order.

::

    with Server() as server:
        url = server.serve("/a.whl", data, fault=Stall(after=10))

What it serves has a strong ``ETag``, a ``Last-Modified`` and an honest ``Content-Length``, and answers
``Range``, ``If-Range`` and ``If-None-Match`` as RFC 9110 has it. How it misbehaves is told by the faults of
`store.testing.misbehaving`. It listens on 127.0.0.1 alone, at a port that was free.
"""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self

from store.testing.answering import Fault, Handler, Request, Served
from store.testing.misbehaving import Redirect

_PATIENCE = 5.0
"""How long stopping waits for a thread, in seconds."""


class Server:
    """An HTTP/1.1 server in threads, started at once and stopped by `stop` or at the end of a ``with``.

    Args:
        tls: Speak https with this context.
        user: With ``password``: ask every request for these (Basic), answer 401 without.
        password: See ``user``.
        rate: How many bytes of bodies a second each connection is given at most; None for no limit.

    Attributes:
        url: Where it is, without a slash at the end.
        requests: What it was asked, in order; the faulty included.
        connections: How many connections were made to it.
    """

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        user: str | None = None,
        password: str | None = None,
        rate: float | None = None,
    ) -> None:
        self._tls = tls
        self.rate = rate
        self._sent: Counter[str] = Counter()
        self.authorization: str | None = None
        if user is not None:
            pair = f"{user}:{password or ''}".encode()
            self.authorization = f"Basic {base64.b64encode(pair).decode()}"
        self.requests: list[Request] = []
        self.stopping = threading.Event()
        self._served: dict[str, Served] = {}
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self.connections = 0
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._accepting = threading.Thread(target=self._accept, name="store-server", daemon=True)
        self._accepting.start()

    def serve(
        self,
        path: str,
        data: bytes = b"",
        *,
        fault: Fault | Sequence[Fault | None] | None = None,
        headers: Mapping[str, str] | None = None,
        etag: str | None = "",
        last_modified: str | None = "Fri, 01 Nov 2024 08:00:00 GMT",
        ranges: bool = True,
    ) -> str:
        """Give bytes at a path from now on, in place of what was given there before.

        Args:
            path: The path, with its slash at the beginning and without a query.
            data: The bytes.
            fault: How each answer goes wrong; a sequence is used up, one a request (None for a good
                answer), after which all is well.
            headers: Headers to send besides, or instead of one that is sent anyway.
            etag: The entity tag as it is sent; an empty text makes one of the data, None sends none.
            last_modified: The time of change as an HTTP date, or None.
            ranges: Whether parts are given.

        Returns:
            The address.
        """
        served = Served.of(
            data,
            fault=fault,
            headers=headers or {},
            etag=etag,
            last_modified=last_modified,
            ranges=ranges,
        )
        with self._lock:
            self._served[path] = served
        return self.url + path

    def redirect(self, path: str, location: str, status: int = 302) -> str:
        """Lead from a path to another address, and return the path's own."""
        return self.serve(path, fault=Redirect(location, status))

    def count(self, path: str | None = None) -> int:
        """Return how many requests came: for a path (its query left out), or in all."""
        return len(self.asked(path))

    def asked(self, path: str | None = None) -> list[Request]:
        """Return the requests that came: for a path (its query left out), or all."""
        with self._lock:
            return [one for one in self.requests if path is None or one.path == path]

    def sent(self, path: str | None = None) -> int:
        """Return how many bytes of bodies were sent: for a path (its query left out), or in all."""
        with self._lock:
            return self._sent.total() if path is None else self._sent[path]

    def stop(self) -> None:
        """Close every connection and wait until all threads have ended; a second time does nothing."""
        if self.stopping.is_set():
            return
        self.stopping.set()
        # A connection of our own wakes whoever waits for the next one.
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), timeout=_PATIENCE).close()
        self._accepting.join(_PATIENCE)
        self._listener.close()
        with self._lock:
            connections, threads = list(self._open), list(self._threads)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(_PATIENCE)

    def __enter__(self) -> Self:
        """Return the server itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop the server."""
        self.stop()

    def note(self, request: Request) -> None:
        """Remember a request; for handlers."""
        with self._lock:
            self.requests.append(request)

    def note_sent(self, path: str, count: int) -> None:
        """Remember that bytes of a body were sent; for handlers."""
        with self._lock:
            self._sent[path] += count

    def find(self, path: str) -> Served | None:
        """Return what is given at a path, without a query; for handlers."""
        with self._lock:
            return self._served.get(path)

    def _accept(self) -> None:
        while not self.stopping.is_set():
            connection, _ = self._listener.accept()
            if self.stopping.is_set():
                connection.close()
                return
            thread = threading.Thread(target=self._handle, args=(connection,), daemon=True)
            with self._lock:
                self.connections += 1
                self._threads = [one for one in self._threads if one.is_alive()]
                self._threads.append(thread)
                thread.start()

    def _handle(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), self._kept(connection):  # a client may go away
            if self._tls is None:
                Handler(connection, connection.getpeername(), self)
                return
            secured = self._tls.wrap_socket(connection, server_side=True)
            with self._kept(secured):
                Handler(secured, secured.getpeername(), self)

    @contextlib.contextmanager
    def _kept(self, connection: socket.socket) -> Iterator[None]:
        """Let `stop` end a connection while it is in use, and close it afterwards."""
        with self._lock:
            self._open.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()


def unused_address(path: str = "/") -> str:
    """Return an http address of this machine at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return f"http://127.0.0.1:{port}{path}"
