"""A small web server on loopback, and a cache, for the tests of the drivers."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import attrs
import pytest

from store.cache.backends.base import Cache
from store.transports.base import Retrying, TransferOptions


@attrs.frozen
class Reply:
    """What the server answers: the body, the status and headers beside the length."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class Asked:
    """A request as it came."""

    path: str
    headers: Mapping[str, str]


class QuietServer(ThreadingHTTPServer):
    """A server that says nothing when a client hangs up, as ours do with bodies they need not read."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing."""


class Web:
    """A web server whose pages a test lays down by path.

    Attributes:
        pages: By path a body, perhaps with a status and headers (what `Reply` is made of); or a list of
            such, for answers in turn, of which the last stays.
        asked: The requests, in order.
    """

    def __init__(self) -> None:
        self.pages: dict[str, tuple[Any, ...] | list[tuple[Any, ...]]] = {}
        self.asked: list[Asked] = []
        web = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                web.asked.append(
                    Asked(self.path, {name.lower(): value for name, value in self.headers.items()})
                )
                found = web.pages.get(self.path, (b"not here", 404))
                if isinstance(found, list):
                    found = found.pop(0) if len(found) > 1 else found[0]
                reply = Reply(*found)
                self.send_response(reply.status)
                if "Transfer-Encoding" not in reply.headers:
                    self.send_header("Content-Length", str(len(reply.body)))
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(reply.body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """Say nothing."""

        self._server = QuietServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}
        )
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def paths(self) -> list[str]:
        """The paths that were asked for, in order."""
        return [one.path for one in self.asked]

    def __enter__(self) -> Self:
        """Begin to answer."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def web() -> Iterator[Web]:
    """A web server that answers."""
    with Web() as server:
        yield server
    close_connections()


@pytest.fixture
def other_web() -> Iterator[Web]:
    """A second web server."""
    with Web() as server:
        yield server
    close_connections()


def close_connections() -> None:
    """Close the connections that the transports keep, so that no socket is left to the collector."""
    from store.transports.opening import close_all

    close_all()


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    """An empty cache of the default kind."""
    from store.cache.backends.filecache import FileCache

    with FileCache({"cache_dir": str(tmp_path / "cache")}) as opened:
        yield opened


@pytest.fixture
def patient() -> TransferOptions:
    """Options that try again without waiting long."""
    return TransferOptions(retrying=Retrying(attempts=3, base=0.001, longest=0.002))
