"""HTTP is spoken as RELIABILITY has it."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import attrs
import pytest
import requests

from store.config.credentials import Credential, Credentials
from store.errors import (
    ConfigurationError,
    CredentialsError,
    RedirectError,
    ResourceNotFoundError,
    TransportError,
    TransportTimeoutError,
)
from store.testing.answering import Exchange, Fault
from store.testing.misbehaving import (
    Chunked,
    Encoded,
    Garbage,
    HangUp,
    Lengths,
    Part,
    Redirect,
    Status,
)
from store.testing.servers import Server
from store.testing.transports import TransportSuite, read, read_some
from store.transports.base import Conditions, TransferOptions, Transport
from store.transports.deadlines import Deadline, keeping
from store.transports.http import HTTPRequestError, HttpTransport

DATA = bytes(range(256)) * 20


class TestHttpTransport(TransportSuite):
    """http is a transport."""

    @pytest.fixture(autouse=True)
    def _serve(self, server: Server) -> None:
        self.server = server

    def make(self) -> Transport:
        """Return a new transport."""
        return HttpTransport(TransferOptions(credentials=Credentials(use_keyring=False)))

    def publish(self, origin: Path, name: str, content: bytes) -> str:
        """Have the server give a body."""
        return self.server.serve(f"/{name}", content)

    def missing(self, origin: Path) -> str:
        """Return an address that the server knows nothing of."""
        return f"{self.server.url}/nothing"


@pytest.fixture
def transport(options: TransferOptions) -> HttpTransport:
    """A transport that waits for nothing long."""
    return HttpTransport(options)


def fetch(transport: Transport, url: str) -> bytes:
    """Return a whole body."""
    with transport.open_stream(url) as stream:
        return read(stream)


def test_a_plain_request_says_little(server: Server, transport: HttpTransport) -> None:
    """It names us, asks for bytes as they are, and nothing else."""
    fetch(transport, server.serve("/a", DATA))

    headers = server.requests[0].headers
    assert headers["user-agent"].startswith("store/")
    assert (headers["accept"], headers["accept-encoding"]) == ("*/*", "identity")
    assert set(headers) - {"user-agent", "accept", "accept-encoding", "host"} == set()


def test_conditions_become_headers(server: Server, transport: HttpTransport) -> None:
    """Each condition is sent as RFC 9110 has it; a date only where there is no tag."""
    url = server.serve("/a", DATA)
    tagged = Conditions(
        if_range='"x"', if_none_match='"y"', if_modified_since="Z", accept="text/html"
    )

    transport.open_stream(url, 3, conditions=tagged).close()
    transport.open_stream(url, conditions=Conditions(if_modified_since="Z")).close()

    first, second = (one.headers for one in server.requests)
    assert (first["range"], first["if-range"]) == ("bytes=3-", '"x"')
    assert (first["if-none-match"], first["accept"]) == ('"y"', "text/html")
    assert "if-modified-since" not in first
    assert second["if-modified-since"] == "Z"
    assert "range" not in second


def test_an_unchanged_date_spares_the_body(server: Server, transport: HttpTransport) -> None:
    """A 304 under a condition is an answer, without a body."""
    known = Conditions(if_modified_since="Fri, 01 Nov 2024 08:00:00 GMT")

    with transport.open_stream(server.serve("/a", DATA), conditions=known) as stream:
        assert (stream.not_modified, stream.size) == (True, None)
        assert read(stream) == b""


def test_the_media_type_is_told(server: Server, transport: HttpTransport) -> None:
    """As the server spelled it."""
    url = server.serve("/a", DATA, headers={"Content-Type": "text/x-odd"})

    with transport.open_stream(url) as stream:
        assert stream.content_type == "text/x-odd"


def test_a_whole_body_for_a_range_begins_at_zero(server: Server, transport: HttpTransport) -> None:
    """A 200 to a Range is the whole, and it is said so."""
    with transport.open_stream(server.serve("/a", DATA, ranges=False), 100) as stream:
        assert (stream.offset, stream.size, stream.accepts_ranges) == (0, len(DATA), False)
        assert read(stream) == DATA


@pytest.mark.parametrize(
    "fault",
    [
        Part(None, 100),
        Part(f"bytes 0-{len(DATA) - 1}/{len(DATA)}", 100),
        Part(f"bytes 100-{len(DATA) - 1}/{len(DATA) + 1}", 100),
        Part("bytes 100-200/*", 100),
        Part(f"bytes 100-{len(DATA) - 1}/{len(DATA)}", 101),
    ],
)
def test_another_part_is_refused(server: Server, transport: HttpTransport, fault: Fault) -> None:
    """A 206 that does not answer the Range that was asked is no content."""
    url = server.serve("/a", DATA, fault=fault)

    with pytest.raises(TransportError, match=r"asked for|Content-Range|bytes for"):
        transport.open_stream(url, 100)


def test_an_offset_beyond_the_end_is_told(server: Server, transport: HttpTransport) -> None:
    """416 is an error with its status."""
    with pytest.raises(TransportError) as caught:
        transport.open_stream(server.serve("/a", DATA), len(DATA) + 1)

    assert caught.value.status == 416


@pytest.mark.parametrize("fault", [None, Chunked(), Lengths()], ids=str)
def test_every_framing_gives_the_body(
    server: Server, transport: HttpTransport, fault: Fault | None
) -> None:
    """By length, in chunks, or until the connection ends; a closed stream has ended."""
    url = server.serve("/a", DATA, fault=fault)

    stream = transport.open_stream(url)
    assert stream.size == (None if fault else len(DATA))
    assert read_some(stream, 1000) == DATA[:1000]
    assert read(stream) == DATA[1000:]
    assert stream.readinto(memoryview(bytearray(1))) == 0
    stream.close()


def test_encoded_files_are_files(server: Server, transport: HttpTransport) -> None:
    """The raw bytes of ``x.gz`` are the resource, though the server calls them an encoding."""
    url = server.serve("/x.tar.gz", DATA, headers={"Content-Encoding": "x-gzip"})

    assert fetch(transport, url) == DATA


def test_encodings_that_were_not_asked_for_are_refused(
    server: Server, transport: HttpTransport
) -> None:
    """Gzipped bytes are not the resource, and the error says so."""
    with pytest.raises(HTTPRequestError, match="encoding 'gzip'"):
        transport.open_stream(server.serve("/a.whl", DATA, fault=Encoded()))


def test_a_connection_is_used_again(server: Server, transport: HttpTransport) -> None:
    """What was read to its end, by length or chunks, gives its connection back."""
    for fault in (None, Chunked(), None):
        fetch(transport, server.serve("/a", DATA, fault=fault))

    assert server.connections == 1


def test_a_body_that_was_left_is_not_read_later(server: Server, transport: HttpTransport) -> None:
    """Its connection is closed, and the next request gets its own answer."""
    transport.open_stream(server.serve("/a", DATA)).close()

    assert fetch(transport, server.serve("/b", b"other")) == b"other"
    assert server.connections == 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(server: Server, transport: HttpTransport, status: int) -> None:
    """To relative and absolute places; the stream tells where it came from in the end."""
    server.serve("/ü", DATA)
    server.redirect("/b", "/%C3%BC?x=1", status)
    url = server.redirect("/a", f"{server.url}/b", status)
    server.serve("/%C3%BC", DATA)

    with transport.open_stream(url) as stream:
        assert stream.address == f"{server.url}/%C3%BC"
        assert read(stream) == DATA


def test_a_location_in_utf8_is_understood(server: Server, transport: HttpTransport) -> None:
    """Bytes that are not ASCII are taken for UTF-8, as browsers do."""
    server.serve("/%C3%BC", DATA)

    url = server.serve("/a", fault=Redirect("/ü".encode().decode("latin-1")))

    assert fetch(transport, url) == DATA


def test_too_many_redirects_are_refused(server: Server, transport: HttpTransport) -> None:
    """Five are followed, and the sixth is not."""
    for number in range(6):
        server.redirect(f"/{number}", f"/{number + 1}")
    server.serve("/6", DATA)

    assert fetch(transport, f"{server.url}/1") == DATA
    with pytest.raises(RedirectError):
        transport.open_stream(f"{server.url}/0")


@attrs.frozen
class Endless(Fault):
    """Leads elsewhere, with a body that never comes."""

    location: str

    def answer(self, exchange: Exchange) -> None:
        """Announce much and send nothing."""
        exchange.head(302, {"Location": self.location, "Content-Length": "1000000000"})
        exchange.stopping.wait(30)
        exchange.hang_up()


def test_bodies_of_redirects_are_not_read(server: Server, transport: HttpTransport) -> None:
    """A redirect is followed at once, whatever it announces."""
    server.serve("/b", DATA)

    assert fetch(transport, server.serve("/a", fault=Endless("/b"))) == DATA


def test_credentials_stay_with_their_origin(server: Server, other: Server) -> None:
    """An address's user and password, and an origin's token, go to that origin alone."""
    given = Credentials(
        {other.url: Credential(secret="theirs", source="explicit")},
        use_environment=False,
        use_keyring=False,
        use_netrc=False,
    )
    transport = HttpTransport(TransferOptions(credentials=given))
    third = Server()
    with third:
        third.serve("/c", DATA)
        other.redirect("/b", f"{third.url}/c")
        server.redirect("/a", f"{other.url}/b")
        server.redirect("/start", "/a")

        fetch(transport, server.url.replace("//", "//me:mine@") + "/start")

        sent = [one.headers.get("authorization") for one in server.requests]
        assert sent == ["Basic bWU6bWluZQ=="] * 2
        assert other.requests[0].headers["authorization"] == "Bearer theirs"
        assert "authorization" not in third.requests[0].headers


def test_user_and_password_of_the_address_are_shown_to_the_server(
    transport: HttpTransport,
) -> None:
    """With them a server that asks for them gives the body, and refuses without."""
    with Server(user="me", password="m:ne") as server:
        url = server.serve("/a", DATA)

        assert fetch(transport, url.replace("//", "//me:m%3Ane@")) == DATA
        with pytest.raises(CredentialsError, match="STORE_TOKEN_HTTP_127_0_0_1"):
            transport.open_stream(url)


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


def test_a_host_that_does_not_answer_is_a_timeout(options: TransferOptions) -> None:
    """A connection that does not come about is left after the connect timeout."""
    bounds = attrs.evolve(options.bounds, connect_timeout=0.1)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
        try:
            with pytest.raises(TransportTimeoutError, match="no connection") as caught:
                HttpTransport(attrs.evolve(options, bounds=bounds)).open_stream(
                    f"http://127.0.0.1:{listener.getsockname()[1]}/"
                )
        finally:
            for one in waiting:
                one.close()

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
        found[url] = fetch(transport, url)

    threads = [threading.Thread(target=get, args=(url,)) for url in urls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [found[url][-1] for url in urls] == list(range(8))


def test_a_child_opens_connections_of_its_own(server: Server, transport: HttpTransport) -> None:
    """After a fork parent and child both get their bodies, over different connections."""
    url = server.serve("/a", DATA)
    fetch(transport, url)

    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if fetch(transport, url) == DATA else 2
        finally:
            os._exit(status)
    _, ended = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(ended) == 0
    assert fetch(transport, url) == DATA


def test_a_proxy_is_asked_for_what_it_does_not_except(
    server: Server, other: Server, options: TransferOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``HTTP_PROXY`` gets whole addresses; a host in ``NO_PROXY`` is asked itself."""
    monkeypatch.setenv("http_proxy", other.url)
    monkeypatch.setenv("no_proxy", "127.0.0.0/8")
    other.serve("http://example.invalid/a", DATA[::-1])

    transport = HttpTransport(options)

    assert fetch(transport, "http://example.invalid/a") == DATA[::-1]
    assert fetch(transport, server.serve("/a", DATA)) == DATA
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
