"""The server of the testing kit behaves, and misbehaves only on order."""

from __future__ import annotations

import http.client
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Literal

import pytest

from store.testing.answering import Exchange, Fault
from store.testing.misbehaving import Drip, Redirect, Stall, Status
from store.testing.ranging import BrokenPart, ForParts, OtherPart, Whole
from store.testing.servers import Server, unused_address

DATA = bytes(range(256)) * 4


@pytest.fixture
def server() -> Iterator[Server]:
    """A running server."""
    with Server() as running:
        yield running


def ask(
    server: Server, path: str, headers: Mapping[str, str] | None = None, method: str = "GET"
) -> tuple[int, dict[str, str], bytes]:
    """Return the status, headers (names in lower case) and body of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request(method, path, headers=dict(headers or {}))
        answer = connection.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, told, answer.read()
    finally:
        connection.close()


def test_it_gives_what_it_was_told_to(server: Server) -> None:
    """The bytes come with their length, tag and time; another path is 404."""
    url = server.serve("/a", DATA)

    status, headers, body = ask(server, "/a?x=1")

    assert url == f"{server.url}/a"
    assert (status, body) == (200, DATA)
    assert headers["content-length"] == str(len(DATA))
    assert headers["etag"].startswith('"')
    assert headers["last-modified"] == "Fri, 01 Nov 2024 08:00:00 GMT"
    assert ask(server, "/b")[0] == 404


def test_it_remembers_what_it_was_asked(server: Server) -> None:
    """Method, path, query and headers are recorded, and counted by path."""
    server.serve("/a", DATA)

    ask(server, "/a?x=1", {"X-One": "1"})
    ask(server, "/b", method="HEAD")

    assert (server.count(), server.count("/a"), server.count("/c")) == (2, 1, 0)
    assert (server.requests[0].path, server.requests[0].query) == ("/a", "x=1")
    assert server.requests[0].headers["x-one"] == "1"
    assert server.asked("/b")[0].method == "HEAD"


def test_a_head_has_no_body(server: Server) -> None:
    """It tells the length all the same."""
    server.serve("/a", DATA)

    status, headers, body = ask(server, "/a", method="HEAD")

    assert (status, headers["content-length"], body) == (200, str(len(DATA)), b"")


@pytest.mark.parametrize(
    ("asked", "status", "body"),
    [
        ({"Range": "bytes=10-"}, 206, DATA[10:]),
        ({"Range": "bytes=10-19"}, 206, DATA[10:20]),
        ({"Range": "bytes=10-99999"}, 206, DATA[10:]),
        ({"Range": "bytes=-5"}, 206, DATA[-5:]),
        ({"Range": "bytes=1024-"}, 416, b""),
        ({"Range": "bytes=1-2,4-5"}, 200, DATA),
        ({"Range": "lines=1-"}, 200, DATA),
        ({"Range": "bytes=10-", "If-Range": '"tag"'}, 206, DATA[10:]),
        ({"Range": "bytes=10-", "If-Range": '"other"'}, 200, DATA),
        ({"Range": "bytes=10-", "If-Range": 'W/"tag"'}, 200, DATA),
        ({"If-None-Match": '"x", W/"tag"'}, 304, b""),
        ({"If-None-Match": "*"}, 304, b""),
        ({"If-None-Match": '"x"'}, 200, DATA),
        ({"If-Modified-Since": "Fri, 01 Nov 2024 08:00:00 GMT"}, 304, b""),
        ({"If-Modified-Since": "Fri, 02 Nov 2024 08:00:00 GMT"}, 200, DATA),
    ],
)
def test_ranges_and_conditions_are_kept(
    server: Server, asked: dict[str, str], status: int, body: bytes
) -> None:
    """As RFC 9110 has it."""
    server.serve("/a", DATA, etag='"tag"')

    found = ask(server, "/a", asked)

    assert (found[0], found[2]) == (status, body)


def test_what_is_not_wanted_is_not_sent(server: Server) -> None:
    """Without tag, time and ranges the answer has none of them."""
    server.serve("/a", DATA, etag=None, last_modified=None, ranges=False)

    status, headers, _ = ask(server, "/a", {"Range": "bytes=1-", "If-None-Match": '"x"'})

    assert status == 200
    assert not {"etag", "last-modified", "accept-ranges"} & set(headers)


def test_headers_can_be_set(server: Server) -> None:
    """One's own come besides those that are sent anyway."""
    server.serve("/a", DATA, headers={"Content-Disposition": "attachment"})

    assert ask(server, "/a")[1]["content-disposition"] == "attachment"


def test_faults_are_used_up(server: Server) -> None:
    """A sequence is one fault a request, after which all is well; one alone holds for ever."""
    server.serve("/a", DATA, fault=[Status(503), None, Status(500)])
    server.serve("/b", fault=Status(418))

    assert [ask(server, "/a")[0] for _ in range(4)] == [503, 200, 500, 200]
    assert [ask(server, "/b")[0] for _ in range(2)] == [418, 418]


def test_a_path_can_lead_elsewhere(server: Server) -> None:
    """A redirect has the place it was given, or none."""
    server.redirect("/a", "/b", 308)
    server.serve("/c", fault=Redirect(None))

    status, headers, _ = ask(server, "/a")

    assert (status, headers["location"]) == (308, "/b")
    assert "location" not in ask(server, "/c")[1]


def test_a_fault_of_ones_own_answers(server: Server) -> None:
    """Whatever it sends is sent."""

    class Teapot(Fault):
        def answer(self, exchange: Exchange) -> None:
            exchange.head(418, [("Content-Length", "2")])
            exchange.send(b"no")

    server.serve("/a", fault=Teapot())

    assert ask(server, "/a")[::2] == (418, b"no")


def test_it_can_ask_for_a_password() -> None:
    """With user and password every request needs them."""
    with Server(user="me", password="mine") as server:
        server.serve("/a", DATA)

        assert ask(server, "/a")[0] == 401
        assert ask(server, "/a", {"Authorization": "Basic bWU6bWluZQ=="})[2] == DATA


@pytest.mark.parametrize(
    "fault", [Stall(after=None), Stall(after=3), Drip(every=30)], ids=["at once", "later", "drip"]
)
def test_it_stops_at_once(fault: Fault) -> None:
    """Whoever waits is woken, every connection closed, and no thread stays."""
    before = threading.active_count()
    server = Server()
    server.serve("/a", DATA, fault=fault)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", "/a")
    while not server.count():
        pass

    server.stop()
    server.stop()

    connection.close()
    assert threading.active_count() == before
    with pytest.raises(OSError, match="refused"):
        http.client.HTTPConnection("127.0.0.1", server.port, timeout=10).connect()


def test_a_stall_may_end(server: Server) -> None:
    """After its time the rest comes."""
    server.serve("/a", DATA, fault=[Stall(after=3, seconds=0.01), Stall(None, seconds=0.01)])

    assert [ask(server, "/a")[2] for _ in range(2)] == [DATA, DATA]


def test_connections_are_counted_and_kept(server: Server) -> None:
    """Two requests over one connection are two requests and one connection."""
    server.serve("/a", DATA)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)

    for _ in range(2):
        connection.request("GET", "/a")
        assert connection.getresponse().read() == DATA
    connection.close()

    assert (server.count(), server.connections) == (2, 1)


def test_nobody_listens_at_an_unused_address() -> None:
    """A connection to it is refused."""
    with pytest.raises(urllib.error.URLError, match="refused"):
        urllib.request.urlopen(unused_address("/a"), timeout=10)


def test_it_counts_what_it_sent(server: Server) -> None:
    """Bytes of bodies are counted by path; heads are not."""
    server.serve("/a", DATA)
    server.serve("/b", DATA)

    ask(server, "/a", {"Range": "bytes=0-9"})
    ask(server, "/b")
    ask(server, "/b", method="HEAD")

    assert (server.sent("/a"), server.sent("/b"), server.sent("/c")) == (10, len(DATA), 0)
    assert server.sent() == 10 + len(DATA)


def test_it_keeps_to_a_rate() -> None:
    """A connection is given so many bytes a second, and no more."""
    with Server(rate=10 * len(DATA)) as slow:
        slow.serve("/a", DATA)
        begun = time.monotonic()

        assert ask(slow, "/a")[2] == DATA
        assert time.monotonic() - begun >= 0.09


@pytest.mark.parametrize(
    ("fault", "status", "told", "body"),
    [
        (Whole(), 200, None, DATA),
        (OtherPart(etag='"b"'), 206, "bytes 10-19/1024", DATA[10:20]),
        (OtherPart(etag=None, shift=1), 206, "bytes 11-20/1024", DATA[11:21]),
        (OtherPart(total=7, data=b"x" * 1024), 206, "bytes 10-19/7", b"x" * 10),
    ],
)
def test_it_gives_other_parts_on_order(
    server: Server, fault: Fault, status: int, told: str | None, body: bytes
) -> None:
    """What is asked for whole is given well."""
    server.serve("/a", DATA, fault=ForParts(fault))

    answered = ask(server, "/a", {"Range": "bytes=10-19"})

    assert (answered[0], answered[1].get("content-range"), answered[2]) == (status, told, body)
    assert ask(server, "/a")[2] == DATA


@pytest.mark.parametrize(
    ("how", "error"), [("short", http.client.IncompleteRead), ("reset", ConnectionResetError)]
)
def test_it_breaks_parts_off_on_order(
    server: Server, how: Literal["short", "reset"], error: type[Exception]
) -> None:
    """Faults of a sequence are used up, one a part."""
    server.serve("/a", DATA, fault=ForParts([None, BrokenPart(5, how)]))

    assert ask(server, "/a", {"Range": "bytes=10-19"})[2] == DATA[10:20]
    with pytest.raises(error):
        ask(server, "/a", {"Range": "bytes=10-19"})
    assert ask(server, "/a", {"Range": "bytes=10-19"})[2] == DATA[10:20]
    assert server.sent("/a") == 25


def test_it_stalls_in_the_middle_on_order() -> None:
    """A whole body may break off, too; the server's stop ends the wait."""
    with Server() as server:
        server.serve("/a", DATA, fault=ForParts([], whole=BrokenPart(5, "stall")))
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        connection.request("GET", "/a")
        answer = connection.getresponse()

        assert answer.read(5) == DATA[:5]

        server.stop()
        with pytest.raises(http.client.IncompleteRead):
            answer.read()
        connection.close()
