"""Every call ends within its deadline, whatever the server or the resolver does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from store.clock import SYSTEM_CLOCK
from store.errors import TransportError, TransportTimeoutError
from store.testing.answering import Exchange, Fault
from store.testing.servers import Server
from store.testing.transports import read
from store.transports.base import Bounds, TransferOptions
from store.transports.deadlines import Deadline, keeping
from store.transports.http import HttpTransport

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
OPTIONS = TransferOptions(bounds=Bounds(connect_timeout=5, read_timeout=5, stall_timeout=5))


@attrs.frozen
class ForEver(Fault):
    """Sends the same again and again, and never comes to an end.

    Attributes:
        first: What is sent first.
        again: What is sent then.
        pause: Between two pieces, in seconds.
    """

    first: bytes
    again: bytes
    pause: float = 0.0

    def answer(self, exchange: Exchange) -> None:
        """Send until the client goes away."""
        exchange.send(self.first)
        while not exchange.stopping.wait(self.pause):
            exchange.send(self.again)


@pytest.fixture
def transport() -> Iterator[HttpTransport]:
    """A transport whose own timeouts are longer than the tests'."""
    made = HttpTransport(OPTIONS)
    yield made
    made.close()


def seconds_taken(transport: HttpTransport, url: str, deadline: float) -> float:
    """Return how long it takes until a body that never ends is given up."""
    begun = SYSTEM_CLOCK.monotonic()
    with (
        keeping(Deadline(SYSTEM_CLOCK, deadline)),
        pytest.raises(TransportTimeoutError),
        transport.open_stream(url) as stream,
    ):
        read(stream)
    return SYSTEM_CLOCK.monotonic() - begun


@pytest.mark.parametrize(
    "fault",
    [
        ForEver(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        ForEver(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.02),
        ForEver(b"HTTP/1.1 200 OK\r\n", b"X", 0.02),
        ForEver(CHUNKED, b"0", 0.02),
        ForEver(CHUNKED + b"1\r\nx\r\n0\r\n", b"X: y\r\n"),
        ForEver(CHUNKED + b"1\r\nx\r\n0\r\n", b"X", 0.02),
        ForEver(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"X", 0.02),
    ],
    ids=["1xx", "slow 1xx", "header", "chunk size", "trailers", "slow trailer", "body"],
)
def test_what_trickles_for_ever_ends_with_the_deadline(
    server: Server, transport: HttpTransport, fault: Fault
) -> None:
    """A timeout of the socket alone would begin anew with every byte."""
    url = server.serve("/a", fault=fault)

    assert 0.2 < seconds_taken(transport, url, 0.3) < 2


def test_whoever_sends_bytes_until_the_deadline_is_not_called_silent(
    server: Server, transport: HttpTransport
) -> None:
    """What ended the wait is said: to allow more time between bytes would not help."""
    slow = ForEver(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"X", 0.02)
    trickling = server.serve("/a", fault=slow)
    silent = server.serve("/b", fault=ForEver(b"HTTP/1.1 200 OK\r\n", b"", 0.02))

    for url in (trickling, silent):
        with (
            keeping(Deadline(SYSTEM_CLOCK, 0.3)),
            pytest.raises(TransportTimeoutError, match=r"the deadline of 0\.3 s has passed"),
            transport.open_stream(url) as stream,
        ):
            read(stream)


def test_headers_without_end_end_without_a_deadline_too(server: Server) -> None:
    """Whoever only sends headers is as good as silent."""
    url = server.serve("/a", fault=ForEver(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.02))
    bounds = Bounds(connect_timeout=0.1, read_timeout=5, stall_timeout=0.2)

    with pytest.raises(TransportTimeoutError):
        HttpTransport(OPTIONS._replace(bounds=bounds)).open_stream(url)


def test_a_resolver_that_hangs_is_left_behind(
    transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system's knows no timeout."""
    done = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: done.wait(10))

    taken = seconds_taken(transport, "http://slow.example.test/a", 0.3)
    done.set()

    assert taken < 2


@pytest.mark.parametrize("failure", [OSError("no"), UnicodeError("long"), socket.gaierror(-2, "?")])
def test_a_name_that_does_not_resolve_is_an_error_of_ours(
    transport: HttpTransport, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    """Whatever the resolver raises in its own thread."""

    def refuse(*_: object) -> Any:
        raise failure

    monkeypatch.setattr(socket, "getaddrinfo", refuse)

    with pytest.raises(TransportError):
        transport.open_stream("http://nowhere.example.test/a")


def test_the_second_address_of_a_host_is_tried(
    server: Server, transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody listens at the first."""
    real, url = socket.getaddrinfo, server.serve("/a", b"data")
    rows = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, server.port))
        for address in ("127.0.0.2", "127.0.0.1")
    ]
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *a, **k: rows if a[0] == "two.example.test" else real(*a, **k)
    )

    with transport.open_stream(url.replace("127.0.0.1", "two.example.test")) as stream:
        assert read(stream) == b"data"


def test_a_deadline_within_another_never_ends_later() -> None:
    """A call's own deadline holds unless what it is a part of ends sooner."""
    outer = Deadline(SYSTEM_CLOCK, 5)

    assert Deadline(SYSTEM_CLOCK, 60, within=outer).left() <= 5
    assert Deadline(SYSTEM_CLOCK, None, within=outer).seconds == 5
    assert Deadline(SYSTEM_CLOCK, 1, within=outer).left() <= 1


def seconds_until_cut(transport: HttpTransport, url: str) -> float:
    """Return how long a call goes on after its deadline was cut."""
    deadline = Deadline(SYSTEM_CLOCK, None)
    ended: list[float] = []

    def ask() -> None:
        with keeping(deadline), pytest.raises(TransportError):
            transport.open_stream(url)
        ended.append(SYSTEM_CLOCK.monotonic())

    thread = threading.Thread(target=ask)
    thread.start()
    SYSTEM_CLOCK.sleep(0.3)
    begun = SYSTEM_CLOCK.monotonic()
    deadline.cut()
    thread.join(10)
    return ended[0] - begun


def test_a_connection_that_is_being_made_is_not_waited_for_after_a_cut(
    unanswering: str, transport: HttpTransport
) -> None:
    """As by Ctrl-C, which ends all that is under way."""
    assert seconds_until_cut(transport, unanswering) < 2


def test_a_name_is_not_waited_for_after_a_cut(
    transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system's resolver, which cannot be cut off, is left behind."""
    answering = threading.Event()

    def resolve(*_: object, **__: object) -> list[object]:
        answering.wait(20)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    try:
        assert seconds_until_cut(transport, "http://slow.invalid/a") < 2
    finally:
        answering.set()
