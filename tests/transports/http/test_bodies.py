"""A body is ended from outside at once, and gives nothing that it does not hold."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from store.errors import StoreError, TransportError
from store.testing.misbehaving import Chunked
from store.testing.ranging import BrokenPart
from store.testing.servers import Server
from store.testing.transports import read
from store.transports.base import Stream, TransferOptions
from store.transports.bulk import Asked
from store.transports.http import HttpTransport

DATA = os.urandom(4_000_000)


class Certified(Protocol):
    """A server that speaks TLS, and the certificate to trust it by."""

    server: Server
    bundle: Path


@pytest.fixture(params=["http", "https"])
def origin(
    request: pytest.FixtureRequest,
    server: Server,
    certified: Certified,
    monkeypatch: pytest.MonkeyPatch,
) -> Server:
    """A server, in the clear or behind TLS."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certified.bundle))
    return certified.server if request.param == "https" else server


@pytest.fixture(params=["usual", "handed"])
def transport(request: pytest.FixtureRequest, options: TransferOptions) -> Iterator[HttpTransport]:
    """Opens bodies in the usual way, or through the short one."""
    bounds = options.bounds._replace(read_timeout=20.0)
    with HttpTransport(options._replace(bounds=bounds)) as opened:
        yield opened


@pytest.fixture
def way(request: pytest.FixtureRequest) -> str:
    """How a body is opened."""
    return "handed" if "handed" in request.node.name else "usual"


def opened(transport: HttpTransport, url: str, way: str) -> Stream:
    """Open a body."""
    if way == "usual":
        return transport.open_stream(url)
    bulk = transport.bulk(url, connections=1, largest=10)
    assert bulk is not None
    found: list[Stream] = []

    def tell(_: Asked, answer: object) -> bool:
        assert isinstance(answer, Stream)
        found.append(answer)
        return True

    bulk.run(iter([Asked(0, url)]), tell)
    return found[0]


def rest_of(stream: Stream) -> bytes:
    """Read until there is no more, or an error."""
    buffer, came = memoryview(bytearray(100_000)), bytearray()
    try:
        while count := stream.readinto(buffer):
            came += buffer[:count]
    except StoreError:
        pass
    return bytes(came)


def test_what_comes_after_an_end_from_outside_is_of_the_body(
    origin: Server, transport: HttpTransport, way: str
) -> None:
    """What lies in the system's buffers may still come: of TLS, never what is sealed."""
    url = origin.serve("/a", DATA)
    with opened(transport, url, way) as stream:
        buffer = memoryview(bytearray(1000))
        first = bytes(buffer[: stream.readinto(buffer)])
        time.sleep(0.05)  # more comes, and lies there

        stream.abort()

        came = first + rest_of(stream)
        assert DATA.startswith(came)
        assert len(came) < len(DATA)


def test_whoever_waits_for_a_body_is_let_go(
    origin: Server, transport: HttpTransport, way: str
) -> None:
    """Long before the server is taken to be silent."""
    url = origin.serve("/a", DATA, fault=BrokenPart(50_000, "stall"))
    stream = opened(transport, url, way)
    ending = threading.Timer(0.05, stream.abort)
    ending.start()
    begun = time.monotonic()

    with stream, pytest.raises(TransportError):
        read(stream)

    assert time.monotonic() - begun < 5.0
    ending.join()


def test_an_end_from_outside_may_come_at_any_time(
    origin: Server, transport: HttpTransport, way: str
) -> None:
    """After the body was read, too, or closed; it spoils no later request."""
    url = origin.serve("/a", DATA)
    with opened(transport, url, way) as stream:
        assert rest_of(stream) == DATA
        stream.abort()
    stream.abort()
    closed = opened(transport, url, way)
    closed.close()
    closed.abort()

    with opened(transport, url, way) as stream:
        assert rest_of(stream) == DATA


def test_chunks_are_ended_from_outside_too(server: Server, options: TransferOptions) -> None:
    """Whatever frames the body."""
    url = server.serve("/a", DATA, fault=Chunked(size=1000))
    with HttpTransport(options).open_stream(url) as stream:
        stream.readinto(memoryview(bytearray(10)))

        stream.abort()

        assert len(rest_of(stream)) < len(DATA)
