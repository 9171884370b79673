"""Connections are made, kept, shared and told of when they fail."""

from __future__ import annotations

import os
import socket
import threading

import attrs
import pytest
import requests

from store.errors import (
    ConfigurationError,
    CredentialsError,
    ResourceNotFoundError,
    TransportError,
    TransportTimeoutError,
)
from store.testing.answering import Exchange, Fault
from store.testing.misbehaving import (
    Chunked,
    Garbage,
    HangUp,
    Status,
)
from store.testing.servers import Server
from store.testing.transports import read_from
from store.transports.base import Conditions, TransferOptions
from store.transports.deadlines import Deadline, keeping
from store.transports.http import HTTPRequestError, HttpTransport

DATA = bytes(range(256)) * 20


@attrs.frozen
class Hinted(Fault):
    """Sends interim answers before the final one, as RFC 9110 (section 15.2) allows."""

    interim: bytes

    def answer(self, exchange: Exchange) -> None:
        """Send them, and the data."""
        data = exchange.served.data
        exchange.send(self.interim)
        exchange.head(200, {**exchange.content_headers(), "Content-Length": str(len(data))})
        exchange.send(data)


def test_a_connection_is_used_again(server: Server, transport: HttpTransport) -> None:
    """What was read to its end, by length or chunks, gives its connection back."""
    for fault in (None, Chunked(), None):
        read_from(transport, server.serve("/a", DATA, fault=fault))

    assert server.connections == 1


def test_a_body_that_was_left_is_not_read_later(server: Server, transport: HttpTransport) -> None:
    """Its connection is closed, and the next request gets its own answer."""
    transport.open_stream(server.serve("/a", DATA)).close()

    assert read_from(transport, server.serve("/b", b"other")) == b"other"
    assert server.connections == 2


def test_a_name_that_does_not_resolve_is_told(
    transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host is named, and the error may pass."""

    def resolve(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(HTTPRequestError, match="does not resolve") as caught:
        transport.open_stream("http://nowhere.invalid/a?token=hidden")

    assert caught.value.transient is None
    assert isinstance(caught.value, requests.ConnectionError)


def test_a_host_that_does_not_answer_is_a_timeout(
    unanswering: str, options: TransferOptions
) -> None:
    """A connection that does not come about is left after the connect timeout."""
    bounds = options.bounds._replace(connect_timeout=0.1)

    with pytest.raises(TransportTimeoutError, match="no connection") as caught:
        HttpTransport(options._replace(bounds=bounds)).open_stream(unanswering)

    assert isinstance(caught.value, requests.ConnectTimeout | requests.Timeout)


@pytest.mark.parametrize("fault", [Garbage(), Garbage(b"HTTP/1.1 abc\r\n\r\n"), HangUp()], ids=str)
def test_what_is_not_http_is_told(server: Server, transport: HttpTransport, fault: Fault) -> None:
    """An answer in another language, or none, is a broken connection."""
    with pytest.raises(requests.ConnectionError) as caught:
        transport.open_stream(server.serve("/a", DATA, fault=fault))

    assert isinstance(caught.value, TransportError)


def test_a_deadline_may_pass_between_two_reads(
    server: Server, transport: HttpTransport, options: TransferOptions
) -> None:
    """Nothing is read after it."""
    deadline = Deadline(options.clock, 5.0)
    with keeping(deadline):
        stream = transport.open_stream(server.serve("/a", DATA))

    deadline._end = 0.0
    with pytest.raises(TransportTimeoutError, match="deadline of 5 s"):
        stream.readinto(memoryview(bytearray(10)))


def test_many_threads_share_a_transport(server: Server, transport: HttpTransport) -> None:
    """Each gets its own body."""
    urls = [server.serve(f"/{number}", DATA + bytes([number])) for number in range(8)]
    found: dict[str, bytes] = {}

    def get(url: str) -> None:
        found[url] = read_from(transport, url)

    threads = [threading.Thread(target=get, args=(url,)) for url in urls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [found[url][-1] for url in urls] == list(range(8))


def test_a_child_opens_connections_of_its_own(server: Server, transport: HttpTransport) -> None:
    """After a fork parent and child both get their bodies, over different connections."""
    url = server.serve("/a", DATA)
    read_from(transport, url)

    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if read_from(transport, url) == DATA else 2
        finally:
            os._exit(status)
    _, ended = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(ended) == 0
    assert read_from(transport, url) == DATA


def test_a_proxy_is_asked_for_what_it_does_not_except(
    server: Server, other: Server, options: TransferOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``HTTP_PROXY`` gets whole addresses; a host in ``NO_PROXY`` is asked itself."""
    monkeypatch.setenv("http_proxy", other.url)
    monkeypatch.setenv("no_proxy", "127.0.0.0/8")
    other.serve("http://example.invalid/a", DATA[::-1])

    transport = HttpTransport(options)

    assert read_from(transport, "http://example.invalid/a") == DATA[::-1]
    assert read_from(transport, server.serve("/a", DATA)) == DATA
    assert other.count() == 1


@pytest.mark.parametrize(
    ("answer", "error"), [(407, CredentialsError), (502, requests.exceptions.ConnectionError)]
)
def test_a_proxy_that_does_not_connect_is_told(
    options: TransferOptions,
    monkeypatch: pytest.MonkeyPatch,
    answer: int,
    error: type[Exception],
) -> None:
    """A proxy that wants a password is another case than one that is broken."""

    def refuse(listener: socket.socket) -> None:
        for _ in range(1):
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 %d No\r\n\r\n" % answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=refuse, args=(listener,))
        thread.start()
        proxy = f"http://me:hidden@127.0.0.1:{listener.getsockname()[1]}"
        monkeypatch.setenv("https_proxy", proxy)
        with pytest.raises(error) as caught:
            HttpTransport(options).open_stream("https://example.invalid/a")
        thread.join()

    assert "hidden" not in str(caught.value)


def test_addresses_that_cannot_be_asked_are_refused(transport: HttpTransport) -> None:
    """No request is made of them, and no other attempt."""
    for address in ("http://[broken/", "http://host:port/", "http:///a", "http://a\x00b/"):
        with pytest.raises(HTTPRequestError) as caught:
            transport.open_stream(address)
        assert caught.value.transient is False


def test_bad_conditions_are_refused(server: Server, transport: HttpTransport) -> None:
    """A tag with a line break would be another header: nothing is sent."""
    with pytest.raises(HTTPRequestError):
        transport.open_stream(
            server.serve("/a", DATA), conditions=Conditions(if_none_match='"x"\r\nX-Evil: 1')
        )

    assert server.count() == 0


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_bundle_that_is_not_there_is_told(
    options: TransferOptions, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """The error is the setting's, and names the path."""
    monkeypatch.setenv(variable, "/nowhere/bundle.pem")

    with pytest.raises(ConfigurationError, match=r"/nowhere/bundle\.pem"):
        HttpTransport(options).open_stream("https://127.0.0.1:1/a")


@pytest.mark.parametrize("status", [404, 410])
def test_requests_errors_are_raised_too(
    server: Server, transport: HttpTransport, status: int
) -> None:
    """Whoever was promised requests' errors catches them."""
    with pytest.raises(requests.HTTPError) as caught:
        transport.open_stream(server.serve("/a", fault=Status(status)))

    assert isinstance(caught.value, ResourceNotFoundError)


@pytest.mark.parametrize(
    "interim",
    [
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 3,
        b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\nC: d\r\n\r\n",
    ],
)
def test_what_comes_before_the_answer_is_passed_over(
    server: Server, transport: HttpTransport, interim: bytes
) -> None:
    """It is none yet; and the connection serves what is asked next."""
    url = server.serve("/a", DATA, fault=Hinted(interim))

    assert read_from(transport, url) == DATA
    assert read_from(transport, url) == DATA
    assert server.connections == 1


def test_another_protocol_is_no_hint(server: Server, transport: HttpTransport) -> None:
    """What follows 101 is not HTTP."""
    url = server.serve("/a", DATA, fault=Hinted(b"HTTP/1.1 101 Switching Protocols\r\n\r\n"))

    with pytest.raises(TransportError, match="101"):
        read_from(transport, url)
