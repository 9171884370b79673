"""Many small bodies are asked for over few connections, and only the plain ones are taken."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

import attrs
import pytest

from store.clock import SYSTEM_CLOCK
from store.config.credential import Credential
from store.config.credentials import Credentials
from store.errors import (
    ResourceNotFoundError,
    TransportError,
    TransportTimeoutError,
    TruncatedError,
)
from store.testing.answering import Exchange, Fault
from store.testing.misbehaving import (
    Chunked,
    Drip,
    Encoded,
    Garbage,
    HangUp,
    Lengths,
    Part,
    Redirect,
    Reset,
    ShortBody,
    Stall,
    Status,
)
from store.testing.ranging import BrokenPart
from store.testing.servers import Server, unused_address
from store.testing.transports import read
from store.transports.base import Stream, TransferOptions
from store.transports.bulk import Answer, Asked, Came
from store.transports.crowding import sit
from store.transports.deadlines import Deadline, keeping
from store.transports.http import HttpTransport

LARGEST = 100_000
"""The largest body that is small here, in bytes."""


class Certified(Protocol):
    """A server that speaks TLS, and the certificate to trust it by."""

    server: Server
    bundle: Path


@attrs.frozen
class Raw(Fault):
    """Sends bytes as they are in place of an answer."""

    text: bytes
    hang_up: bool = False

    def answer(self, exchange: Exchange) -> None:
        """Send them."""
        exchange.send(self.text)
        if self.hang_up:
            exchange.hang_up()


@attrs.frozen
class GoodBye(Fault):
    """Answers well and closes the connection; says so, or does not."""

    said: bool

    def answer(self, exchange: Exchange) -> None:
        """Answer, and close."""
        data = exchange.served.data
        headers = {"Content-Length": str(len(data))}
        if self.said:
            headers["Connection"] = "close"
        exchange.head(200, headers)
        exchange.send(data)
        exchange.hang_up()


def small(number: int) -> bytes:
    """The body of a number."""
    return b"%d " % number * (number % 50)


def served(server: Server, count: int, **how: Any) -> list[str]:
    """Serve some small bodies; return their addresses."""
    return [server.serve(f"/{number}", small(number), **how) for number in range(count)]


def asked(
    transport: HttpTransport,
    urls: Iterable[str],
    *,
    connections: int = 8,
    ahead: int = 1,
    tell: Callable[[Asked, Answer], bool] = lambda *_: True,
) -> dict[int, Answer]:
    """Ask for all, and return what became of each, told exactly once."""
    wanted = [Asked(number, url) for number, url in enumerate(urls)]
    answers: dict[int, Answer] = {}
    bulk = transport.bulk(wanted[0].address, connections=connections, largest=LARGEST, ahead=ahead)
    assert bulk is not None

    def told(one: Asked, answer: Answer) -> bool:
        assert one.number not in answers
        answers[one.number] = answer
        return tell(one, answer)

    bulk.run(iter(wanted), told)
    return answers


def data_of(answer: Answer) -> bytes | None:
    """The bytes that came, or None."""
    return bytes(answer.data) if isinstance(answer, Came) else None


@pytest.mark.parametrize("ahead", [1, 2, 8])
def test_many_come_over_few_connections(
    server: Server, transport: HttpTransport, ahead: int
) -> None:
    """Each once, and the connections are kept for the next run."""
    urls = served(server, 200)

    for _ in range(2):
        answers = asked(transport, urls, ahead=ahead)

        assert [data_of(answers[number]) for number in range(200)] == [
            small(number) for number in range(200)
        ]
    assert server.count() == 400
    assert 1 <= server.connections <= 8
    assert all(answer.seconds >= 0 for answer in answers.values() if isinstance(answer, Came))


def test_many_requests_are_under_way_on_one_connection(
    server: Server, transport: HttpTransport
) -> None:
    """Once it has given an answer; they are answered in their order, however the bytes are cut."""
    arrived: list[int] = []
    urls = served(server, 30, fault=Drip(40, every=0.0005))

    def tell(one: Asked, _: Answer) -> bool:
        arrived.append(one.number)
        return True

    answers = asked(transport, urls, connections=1, ahead=4, tell=tell)

    assert arrived == list(range(30))
    assert [data_of(answers[number]) for number in range(30)] == [
        small(number) for number in range(30)
    ]
    assert server.connections == 1


@pytest.mark.parametrize("size", [60_000, LARGEST - 1])
def test_bodies_of_any_size_follow_each_other(
    server: Server, transport: HttpTransport, size: int
) -> None:
    """Those that fill the buffer, and small ones between them."""
    bodies = [os.urandom(size if number % 3 else number) for number in range(20)]
    urls = [server.serve(f"/{number}", body) for number, body in enumerate(bodies)]

    answers = asked(transport, urls, connections=1, ahead=8)

    assert [data_of(answers[number]) for number in range(20)] == bodies


def test_more_connections_are_opened_only_where_the_server_is_waited_for(
    server: Server, transport: HttpTransport
) -> None:
    """What keeps this thread busy would come no sooner over another."""
    asked(transport, served(server, 5, fault=Stall(None, seconds=0.05)), connections=4)

    assert server.connections == 4


def test_a_request_says_what_others_say(server: Server, transport: HttpTransport) -> None:
    """Those of the usual way, to a byte."""
    url = server.serve("/a", b"data")
    asked(transport, [f"{url}?x=%20"])
    with transport.open_stream(f"{url}?x=%20") as stream:
        read(stream)

    short, usual = server.requests
    assert short.query == usual.query == "x=%20"
    assert short.headers == {
        name: value for name, value in usual.headers.items() if name != "connection"
    }


def test_no_more_connections_are_made_than_there_is_work(
    server: Server, transport: HttpTransport
) -> None:
    """Nor than are allowed."""
    asked(transport, served(server, 20), connections=3)

    assert 1 <= server.connections <= 3


NOT_PLAIN: dict[str, Fault] = {
    "chunks": Chunked(),
    "chunks and a length": Chunked(with_length=True),
    "no length": Lengths(),
    "two lengths": Lengths(("4", "5")),
    "the same length twice": Lengths(("4", "4")),
    "no number": Lengths(("four",)),
    "gzip": Encoded(),
    "a part": Part("bytes 0-3/4"),
    "a redirect": Redirect("/other"),
    "401": Status(401),
    "407": Status(407),
    "304": Status(304),
    "another protocol": Garbage(),
    "HTTP/1.0": Raw(b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\ndata", hang_up=True),
    "an early hint": Raw(
        b"HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndata"
    ),
    "a folded header": Raw(b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 4\r\n\r\ndata"),
    "a bare line feed": Raw(b"HTTP/1.1 200 OK\nContent-Length: 4\n\ndata", hang_up=True),
    "a head without end": Raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000, hang_up=True),
    "a long line": Raw(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000, hang_up=True),
    "no answer": HangUp(),
    "a reset": Reset(None),
    "a reset in the body": Reset(2),
    "a short body": ShortBody(2),
    "half a head": Raw(b"HTTP/1.1 200 OK\r\nContent-Le", hang_up=True),
    "silence": Stall(None, seconds=2.0),
    "silence in the head": Raw(b"HTTP/1.1 200 OK\r\n"),
    "silence in the body": BrokenPart(2, "stall"),
}


@pytest.mark.parametrize(("ahead", "place"), [(1, 0), (8, 0), (8, 4)])
@pytest.mark.parametrize("fault", NOT_PLAIN)
def test_what_is_not_plain_is_given_back(
    server: Server, transport: HttpTransport, fault: str, ahead: int, place: int
) -> None:
    """And nothing else with it, though requests were under way behind it."""
    urls = served(server, 10)
    urls.insert(place, server.serve("/odd", b"data", fault=NOT_PLAIN[fault]))

    answers = asked(transport, urls, connections=2, ahead=ahead)

    assert answers.pop(place) is None
    assert [data_of(answers[number]) for number in sorted(answers)] == [
        small(number) for number in range(10)
    ]
    assert server.count("/odd") == 1 or ahead > 1


@pytest.mark.parametrize("status", [400, 429, 500, 503])
def test_another_no_is_told_with_the_wait_that_is_asked_for(
    server: Server, transport: HttpTransport, status: int
) -> None:
    """Whoever asks in the usual way heeds it, and asks no sooner."""
    url = server.serve("/a", fault=Status(status, retry_after=30))

    answers = asked(transport, [url, *served(server, 3)], connections=1)

    error = answers[0]
    assert isinstance(error, TransportError)
    assert error.status == status
    assert error.retry_after == (30 if status in {429, 503} else None)
    assert server.count("/a") == 1


@pytest.mark.parametrize("status", [404, 410])
def test_what_is_not_there_is_told(server: Server, transport: HttpTransport, status: int) -> None:
    """A final no, with the address and without its secrets; the others come."""
    url = server.serve("/a", fault=Status(status))

    answers = asked(transport, [f"{url}?token=secret", *served(server, 3)], connections=1)

    error = answers[0]
    assert isinstance(error, ResourceNotFoundError)
    assert url in str(error)
    assert "secret" not in str(error)
    assert all(isinstance(answers[number], Came) for number in (1, 2, 3))


def test_a_second_answer_is_not_taken_for_another_ones(
    server: Server, transport: HttpTransport
) -> None:
    """What goes on after its announced end spoils its connection, and nothing else."""
    evil = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
    url = server.serve("/evil", b"good", fault=Raw(evil + b"good" + evil + b"evil"))

    answers = asked(transport, [url, *served(server, 5)], connections=1)

    assert answers[0] is None
    assert [data_of(answers[number + 1]) for number in range(5)] == [
        small(number) for number in range(5)
    ]


@pytest.mark.parametrize("ahead", [1, 4])
@pytest.mark.parametrize("size", [LARGEST + 1, 3_000_000])
@pytest.mark.parametrize("tls", [False, True])
def test_a_large_body_is_handed_on(
    *,
    server: Server,
    certified: Certified,
    options: TransferOptions,
    monkeypatch: pytest.MonkeyPatch,
    size: int,
    tls: bool,
    ahead: int,
) -> None:
    """Open, with what is known of it; it is asked for once, and the others do not wait for it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certified.bundle))
    origin = certified.server if tls else server
    data = os.urandom(size)
    url = origin.serve("/large", data, headers={"Content-Type": "text/x"})

    with HttpTransport(options) as transport:
        answers = asked(transport, [*served(origin, 5), url, *served(origin, 9)], ahead=ahead)

        stream = answers.pop(5)
        assert isinstance(stream, Stream)
        assert (stream.size, stream.address, stream.offset) == (size, url, 0)
        assert (stream.accepts_ranges, stream.content_type) == (True, "text/x")
        assert stream.etag is not None
        assert stream.last_modified == "Fri, 01 Nov 2024 08:00:00 GMT"
        with stream:
            assert read(stream) == data
            assert read(stream) == b""
    assert len(answers) == 14
    assert all(isinstance(answer, Came) for answer in answers.values())
    assert origin.count("/large") == 1 or ahead > 1


def test_a_handed_body_that_breaks_off_is_told(server: Server, transport: HttpTransport) -> None:
    """By whoever reads it."""
    url = server.serve("/large", os.urandom(LARGEST + 1), fault=ShortBody(LARGEST))
    stream = asked(transport, [url])[0]
    assert isinstance(stream, Stream)

    with stream, pytest.raises(TruncatedError) as caught:
        read(stream)

    assert (caught.value.expected, caught.value.found) == (LARGEST + 1, LARGEST)


def test_a_handed_body_that_falls_silent_is_told(server: Server, transport: HttpTransport) -> None:
    """After the patience, or with the deadline."""
    url = server.serve("/large", os.urandom(LARGEST + 1), fault=BrokenPart(1000, "stall"))
    for seconds in (None, 0.05, -1.0):
        stream = asked(transport, [url])[0]
        assert isinstance(stream, Stream)

        with (
            stream,
            keeping(Deadline(SYSTEM_CLOCK, seconds)),
            pytest.raises(TransportTimeoutError),
        ):
            read(stream)


def test_a_handed_body_is_ended_from_outside(server: Server, transport: HttpTransport) -> None:
    """At once, and a second time does nothing."""
    url = server.serve("/large", os.urandom(LARGEST + 1), fault=BrokenPart(1000, "stall"))
    stream = asked(transport, [url])[0]
    assert isinstance(stream, Stream)
    ending = threading.Timer(0.02, stream.abort)
    ending.start()

    with stream, pytest.raises(TruncatedError):
        read(stream)

    ending.join()
    stream.abort()


@pytest.mark.parametrize("ahead", [1, 8])
@pytest.mark.parametrize("said", [False, True])
def test_a_server_that_closes_after_each_answer_is_asked_again(
    server: Server, transport: HttpTransport, *, said: bool, ahead: int
) -> None:
    """Whether it says so or not: a connection that was closed while idle costs nothing."""
    urls = served(server, 20, fault=GoodBye(said))

    answers = asked(transport, urls, connections=2, ahead=ahead)

    assert [data_of(answers[number]) for number in range(20)] == [
        small(number) for number in range(20)
    ]


def test_connections_that_were_closed_while_they_lay_in_the_pool_are_replaced(
    server: Server, transport: HttpTransport
) -> None:
    """The next run comes through."""
    urls = served(server, 10)
    asked(transport, urls)
    with server._lock:
        for connection in server._open:
            connection.shutdown(2)

    answers = asked(transport, urls)

    assert all(isinstance(answer, Came) for answer in answers.values())


def test_a_server_that_drips_is_given_up(server: Server, options: TransferOptions) -> None:
    """A byte now and then is never silence, and yet too slow to be waited for."""
    url = server.serve("/a", b"x" * 2000, fault=Drip(1, every=0.05))
    bounds = options.bounds._replace(grace=0.3, minimum_rate=10_000.0)
    begun = time.monotonic()

    with HttpTransport(options._replace(bounds=bounds)) as transport:
        answers = asked(transport, [url, *served(server, 3)], connections=2)

    assert answers[0] is None
    assert time.monotonic() - begun < 20.0


@pytest.fixture
def patient(options: TransferOptions) -> Iterator[HttpTransport]:
    """A transport that would wait for a server for half a minute."""
    bounds = options.bounds._replace(read_timeout=30.0)
    with HttpTransport(options._replace(bounds=bounds)) as opened:
        yield opened


def test_a_deadline_ends_all(server: Server, patient: HttpTransport) -> None:
    """What was not answered by then is told of as not had, or not at all."""
    urls = served(server, 5, fault=Stall(None))
    begun = time.monotonic()

    with keeping(Deadline(SYSTEM_CLOCK, 0.1)):
        answers = asked(patient, urls, connections=2)

    assert all(answer is None for answer in answers.values())
    assert time.monotonic() - begun < 20.0


def test_a_cut_deadline_ends_all_at_once(server: Server, patient: HttpTransport) -> None:
    """Nobody waits for it any more, and so nobody waits for a server."""
    urls = served(server, 5, fault=Stall(None))
    deadline = Deadline(SYSTEM_CLOCK, None)
    cutting = threading.Timer(0.05, deadline.cut)
    cutting.start()
    begun = time.monotonic()

    with keeping(deadline):
        asked(patient, urls, connections=2)

    assert time.monotonic() - begun < 20.0
    cutting.join()


def test_whoever_is_told_may_end_it(server: Server, transport: HttpTransport) -> None:
    """Nothing is asked for after that."""
    urls = served(server, 50)

    answers = asked(transport, urls, connections=1, tell=lambda one, _: one.number < 4)

    assert set(answers) <= set(range(7))
    assert server.count() < 10


def test_what_is_told_may_be_all_that_cannot_be_spelled(
    server: Server, transport: HttpTransport
) -> None:
    """It is given back, in its turn."""
    url, *urls = served(server, 3)

    answers = asked(transport, [url, f"{server.url}/a b", *urls, f"{server.url}/\u00e9"])

    assert [data_of(answers[number]) for number in range(5)] == [
        small(0),
        None,
        small(1),
        small(2),
        None,
    ]


def test_nobody_at_the_address_is_no_error_here(transport: HttpTransport) -> None:
    """Whoever asks in the usual way is told."""
    address = unused_address("/a")

    assert asked(transport, [address, address]) == {0: None, 1: None}


def test_tls_is_spoken_and_certificates_are_looked_at(
    certified: Certified, options: TransferOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is not known is not spoken to."""
    urls = served(certified.server, 30)
    with HttpTransport(options) as transport:
        assert set(asked(transport, urls).values()) == {None}
    assert certified.server.count() == 0
    monkeypatch.setenv("SSL_CERT_FILE", str(certified.bundle))

    with HttpTransport(options) as transport:
        answers = asked(transport, urls, connections=3)

    assert [data_of(answers[number]) for number in range(30)] == [
        small(number) for number in range(30)
    ]
    assert certified.server.count() == 30


def test_an_idle_connection_serves_the_usual_way_too(
    server: Server, transport: HttpTransport
) -> None:
    """And the other way round."""
    (url,) = served(server, 1)
    asked(transport, [url], connections=1)
    with transport.open_stream(url) as stream:
        assert read(stream) == small(0)
    asked(transport, [url], connections=1)

    assert server.connections == 1


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "ALL_PROXY"])
def test_there_is_no_short_way_through_a_proxy(
    server: Server, options: TransferOptions, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """Unless it is not asked for this host."""
    monkeypatch.setenv(variable, "http://proxy.example:3128")
    assert HttpTransport(options).bulk(server.url, connections=1, largest=1) is None

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert HttpTransport(options).bulk(server.url, connections=1, largest=1) is not None


@pytest.mark.parametrize(
    "change", [{"offline": True}, {"limit_rate": 1000}, {"user_agent": "\u00e9"}], ids=str
)
def test_there_is_no_short_way_where_more_has_to_be_heeded(
    server: Server, options: TransferOptions, change: dict[str, Any]
) -> None:
    """Each is asked for by itself."""
    transport = HttpTransport(options._replace(**change))

    assert transport.bulk(server.url, connections=1, largest=1) is None


@pytest.mark.parametrize("address", ["http://[::1/a", "http://host:99999/a", "http:///a"])
def test_there_is_no_short_way_to_nowhere(transport: HttpTransport, address: str) -> None:
    """Whoever asks in the usual way says what is wrong."""
    assert transport.bulk(address, connections=1, largest=1) is None


def test_missing_certificates_are_told_in_the_usual_way(
    options: TransferOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here there is just no way."""
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/at/all.pem")

    assert HttpTransport(options).bulk("https://127.0.0.1/", connections=1, largest=1) is None


def test_credentials_are_shown_to_their_origin(options: TransferOptions) -> None:
    """Those for it, and no others."""
    with Server(user="me", password="secret") as server:
        urls = served(server, 3)
        secret = Credential(user="me", secret="secret", source="explicit")
        for given, expected in ((server.url, small(1)), ("http://127.0.0.1:1", None)):
            credentials = Credentials({given: secret}, use_environment=False, use_netrc=False)
            with HttpTransport(options._replace(credentials=credentials)) as transport:
                answers = asked(transport, urls)

            assert data_of(answers[1]) == expected
        assert "authorization" not in server.requests[-1].headers


def test_credentials_for_some_paths_alone_are_left_to_the_usual_way(
    server: Server, options: TransferOptions
) -> None:
    """One secret for all paths of an origin would reach those that it was not given for."""
    secret = Credential(user="me", secret="secret", source="explicit")
    credentials = Credentials({f"{server.url}/private/": secret}, use_netrc=False)
    transport = HttpTransport(options._replace(credentials=credentials))

    assert transport.bulk(f"{server.url}/private/a", connections=1, largest=1) is None
    assert transport.bulk(f"{server.url}/public/a", connections=1, largest=1) is None
    assert transport.bulk("http://127.0.0.1:1/private/a", connections=1, largest=1) is not None


def test_seats_are_taken_and_left(server: Server, options: TransferOptions) -> None:
    """No more connections than the origin has seats for; without one, all is given back."""
    urls = served(server, 40)
    with HttpTransport(options._replace(per_host=2)) as transport:
        answers = asked(transport, urls)
        assert all(isinstance(answer, Came) for answer in answers.values())
        assert server.connections <= 2

        taken = [sit(server.url) for _ in range(2)]
        assert set(asked(transport, urls).values()) == {None}
        for seat in taken:
            seat.leave()
        assert isinstance(asked(transport, urls[:1])[0], Came)


def test_nothing_stays_open(server: Server, transport: HttpTransport) -> None:
    """No thread, and no descriptor but those of idle connections."""
    urls = [*served(server, 30), server.serve("/odd", fault=Reset(None))]
    before = len(list(Path("/proc/self/fd").iterdir()))

    asked(transport, urls, tell=lambda one, _: one.number < 25)
    transport.close()

    end = time.monotonic() + 3.0
    while time.monotonic() < end and (
        len(list(Path("/proc/self/fd").iterdir())) > before
        or "store-connect" in {one.name for one in threading.enumerate()}
    ):
        time.sleep(0.01)
    assert time.monotonic() < end


def test_a_connection_that_comes_about_too_late_is_closed(
    server: Server, transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run it was for has ended without it."""
    going_on = threading.Event()
    real = transport.sessions.pool(server.url).ConnectionCls.connect

    def late(self: Any) -> None:
        if server.connections:
            going_on.wait(5)
        real(self)

    monkeypatch.setattr(transport.sessions.pool(server.url).ConnectionCls, "connect", late)
    begun = time.monotonic()
    answers = asked(transport, served(server, 20), connections=2)
    assert all(isinstance(answer, Came) for answer in answers.values())
    assert time.monotonic() - begun < 20.0

    going_on.set()
    for thread in threading.enumerate():
        if thread.name == "store-connect":
            thread.join()
    transport.close()
    end = time.monotonic() + 3.0
    while server._open and time.monotonic() < end:
        time.sleep(0.01)
    assert not server._open
