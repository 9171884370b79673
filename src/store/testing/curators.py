"""A fake CDCS: a real HTTP server on loopback with all in memory.

::

    with FakeCurator(users={"ada": "secret"}) as curator:
        archive = CDCSArchive(curator.url, "ada", "secret")

It speaks as much of the REST interface of a CDCS as `store.releases` needs, with the habits of the real one:
queries in pages of ten, titles that may stand twice, no empty files, no ranges, and identifiers that go
silent when a template is given a second path. How it misbehaves is told by `FakeCurator.fail`.
"""

from __future__ import annotations

import http.server
import ssl
import threading
from collections.abc import Mapping
from fnmatch import fnmatchcase
from types import TracebackType
from typing import Literal, Self

import attrs

from store.testing.curator_answers import Answers
from store.testing.curator_asking import Asking

Trouble = str | int
"""How an answer goes wrong: the connection is dropped before anything is done (``drop``) or after it
(``drop-after``), a body is cut short (``short``) or is another one (``wrong``), a page for people comes
(``html``), or a status; an address is redirected to (307)."""


@attrs.frozen
class Asked:
    """What the server was asked.

    Attributes:
        method: ``GET``, ``POST``, …
        path: The path, without the query.
        query: What followed the question mark.
        authorization: What the asker said of itself, or None.
    """

    method: str
    path: str
    query: str
    authorization: str | None = attrs.field(repr=False)


@attrs.define
class _Planned:
    method: str
    path: str
    trouble: Trouble
    times: int


class FakeCurator:
    """A CDCS in memory, started at once and stopped by `stop` or at the end of a ``with``.

    Args:
        users: Who may log in, with their passwords; ``admin`` is of the staff.
        content: What the content of a record is called: ``content``, or ``xml_content`` as older servers
            have it.
        tokens: Whether tokens are given for passwords.
        pids: Whether identifiers are minted.
        minted_at: The address that stands in identifiers; None takes the server's own.
        checksum: What a blob's checksum is made with, or None for none.
        workspaces: The titles of workspaces besides the global one.
        tls: Speak https with this context.
        certified: Who anybody is that shows a certificate.

    Attributes:
        url: Where it is, without a slash at the end.
        state: What it keeps.
        asked: What it was asked, in order.
    """

    def __init__(
        self,
        *,
        users: Mapping[str, str] | None = None,
        content: Literal["content", "xml_content"] = "content",
        tokens: bool = True,
        pids: bool = True,
        minted_at: str | None = None,
        checksum: str | None = "sha256",
        workspaces: tuple[str, ...] = (),
        tls: ssl.SSLContext | None = None,
        certified: str | None = None,
    ) -> None:
        self.certified = certified
        self.asked: list[Asked] = []
        self._planned: list[_Planned] = []
        self._lock = threading.Lock()
        self._server = _bound(self)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"
        self.state = Answers(
            users={"admin": "admin"} if users is None else users,
            url=self.url,
            minted_at=minted_at or self.url,
            content=content,
            tokens=tokens,
            pids=pids,
            checksum=checksum,
            workspaces=workspaces,
        )
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    def fail(self, method: str, path: str, trouble: Trouble, *, times: int = 1) -> None:
        """Let answers go wrong.

        Args:
            method: Of which requests.
            path: Of which paths; ``*`` stands for anything.
            trouble: How.
            times: How many of them.
        """
        with self._lock:
            self._planned.append(_Planned(method, path, trouble, times))

    def forgive(self) -> None:
        """Let no further answer go wrong."""
        with self._lock:
            self._planned.clear()

    def count(self, method: str = "*", path: str = "*") -> int:
        """Return how many requests came: of a method, to a path; ``*`` stands for anything."""
        with self._lock:
            return sum(
                fnmatchcase(one.method, method) and fnmatchcase(one.path, path)
                for one in self.asked
            )

    def stop(self) -> None:
        """Stop; a second time does nothing."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

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

    def note(self, asked: Asked) -> Trouble | None:
        """Remember a request, and return how its answer is to go wrong; for its handlers."""
        with self._lock:
            self.asked.append(asked)
            for one in self._planned:
                fits = one.method == asked.method and fnmatchcase(asked.path, one.path)
                if one.times and fits:
                    one.times -= 1
                    return one.trouble
        return None


def _bound(curator: FakeCurator) -> http.server.ThreadingHTTPServer:
    """Return a server whose handlers know the fake."""
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), type("Bound", (_Handler,), {"curator": curator})
    )
    server.daemon_threads = True
    server.block_on_close = False
    return server


class _Handler(http.server.BaseHTTPRequestHandler):
    curator: FakeCurator
    protocol_version = "HTTP/1.1"
    timeout = 30
    wbufsize = -1
    disable_nagle_algorithm = True

    def _handle(self) -> None:
        said = self.headers.get("Authorization") or self._certified()
        path, _, query = self.path.partition("?")
        trouble = self.curator.note(Asked(self.command, path, query, said))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if trouble == "drop" or len(body) < int(self.headers.get("Content-Length") or 0):
            self.close_connection = True
            return
        if isinstance(trouble, int):
            self._send(trouble, b'{"message": "asked to fail"}', "application/json")
            return
        kind = self.headers.get("Content-Type", "")
        asking = Asking.of("GET" if self.command == "HEAD" else self.command, self.path, kind, body)
        if isinstance(trouble, str) and trouble.startswith("http"):
            self._send(307, b"", "text/plain", location=trouble)
            return
        status, content = self.curator.state.answer(asking, said)
        if trouble == "drop-after":
            self.close_connection = True
            return
        if trouble == "html":
            self._send(200, b"<html>Welcome</html>", "text/html")
            return
        if trouble == "wrong":
            content = bytes(255 - one for one in bytearray(content))
        binary = "octet-stream" if "download" in path or "/pid/rest/local" in path else "json"
        self._send(status, content, f"application/{binary}", short=trouble == "short")

    def _certified(self) -> str | None:
        shown = isinstance(self.connection, ssl.SSLSocket) and self.connection.getpeercert()
        return f"Certificate {self.curator.certified}" if shown else None

    def _send(
        self, status: int, content: bytes, kind: str, *, short: bool = False, location: str = ""
    ) -> None:
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content[: len(content) // 2] if short else content)
        self.close_connection = self.close_connection or short

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    do_GET = do_HEAD = do_POST = do_PATCH = do_DELETE = _handle  # noqa: N815 - the base looks for these
