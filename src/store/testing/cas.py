"""A real HTTP server on loopback that keeps content under ``/cas``.

::

    with CasServer() as server:
        server.keep(b"hello")
        tier = Tier(server.url)

It answers GET, HEAD and PUT of ``/cas/<sha256>`` as bazel-remote does, and misbehaves on order: see `Mood`.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Final, Literal, Self

_PREFIX: Final = "/cas/"
_LONGEST: Final = 10.0
"""How long a slow answer is held back at most, in seconds."""

Mood = Literal["well", "slow", "failing", "wrong", "cut", "read-only", "locked", "deaf", "asking"]
"""How it behaves: ``slow`` answers nothing until it is stopped; ``failing`` answers 500; ``wrong`` gives
other bytes of the same length; ``cut`` ends the connection in the middle of a body; ``read-only`` answers a
PUT with 405, ``locked`` with 403, and ``deaf`` not at all; ``asking`` answers 401 to whoever sends no
credentials."""


class CasServer:
    """A content-addressed store over HTTP/1.1, started at once and stopped by `stop` or a ``with``.

    Attributes:
        url: Where it is, without a slash at the end.
        kept: What it keeps, by SHA-256 in hex; a test may put there what it likes.
        requests: Method and name of every request, in order.
        authorizations: The ``Authorization`` of every request, or None.
        mood: How it behaves from now on.
    """

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.requests: list[tuple[str, str]] = []
        self.authorizations: list[str | None] = []
        self.mood: Mood = "well"
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.cas = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="store-cas", daemon=True
        )
        self._thread.start()

    def keep(self, content: bytes) -> str:
        """Keep bytes, and return their name."""
        name = hashlib.sha256(content).hexdigest()
        self.kept[name] = content
        return name

    def asked(self, method: str | None = None) -> list[str]:
        """Return the names of the requests that came, of one method or of all."""
        with self._lock:
            return [name for one, name in self.requests if method in {None, one}]

    def note(self, method: str, name: str, authorization: str | None) -> None:
        """Remember a request; for handlers."""
        with self._lock:
            self.requests.append((method, name))
            self.authorizations.append(authorization)

    def stop(self) -> None:
        """Listen no more; a second time does nothing."""
        if not self.stopping.is_set():
            self.stopping.set()
            self._server.shutdown()
            self._server.server_close()
            self._thread.join(_LONGEST)

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


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    cas: CasServer

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing when a client goes away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        """Give a content."""
        self._give(body=True)

    def do_HEAD(self) -> None:
        """Say whether a content is there."""
        self._give(body=False)

    def do_PUT(self) -> None:
        """Keep a content, if it is what its name says."""
        cas, name = self._begin("PUT")
        data = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        refusal = {"failing": 500, "read-only": 405, "locked": 403}.get(cas.mood)
        if self._is_asked():
            refusal = 401
        if refusal is None and hashlib.sha256(data).hexdigest() != name:
            refusal = 400
        if refusal is None:
            cas.kept[name] = data
        self._answer(refusal or 201)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""

    def _begin(self, method: str) -> tuple[CasServer, str]:
        cas, name = self.server.cas, self.path.removeprefix(_PREFIX)
        cas.note(method, name, self.headers.get("Authorization"))
        if cas.mood == "slow" or (cas.mood == "deaf" and method == "PUT"):
            cas.stopping.wait(_LONGEST)
        return cas, name

    def _is_asked(self) -> bool:
        """Whether credentials are asked for, and lack."""
        return self.server.cas.mood == "asking" and "Authorization" not in self.headers

    def _give(self, *, body: bool) -> None:
        cas, name = self._begin(self.command)
        data = cas.kept.get(name)
        if self._is_asked():
            self._answer(401)
        elif cas.mood == "failing":
            self._answer(500)
        elif data is None or not self.path.startswith(_PREFIX):
            self._answer(404)
        else:
            self._answer(200, _as(data, cas.mood), len(data), body=body)

    def _answer(
        self, status: int, data: bytes = b"", length: int | None = None, *, body: bool = True
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(data) if length is None else length))
        self.send_header("Content-Type", "application/octet-stream")
        if length is not None and len(data) < length:
            self.send_header("Connection", "close")
        self.end_headers()
        if body:
            with contextlib.suppress(OSError):
                self.wfile.write(data)


def _as(data: bytes, mood: Mood) -> bytes:
    """Return what is sent of a content."""
    if mood == "wrong":
        return bytes(byte ^ 1 for byte in data)
    return data[: len(data) // 2] if mood == "cut" else data
