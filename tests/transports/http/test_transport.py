"""Only content is taken for content."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.config.credentials import Credentials
from store.errors import (
    TransportError,
)
from store.testing.answering import Fault
from store.testing.misbehaving import (
    Chunked,
    Encoded,
    Lengths,
    Part,
)
from store.testing.servers import Server
from store.testing.transports import TransportSuite, read, read_from, read_some
from store.transports.base import Conditions, TransferOptions, Transport
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


def test_a_plain_request_says_little(server: Server, transport: HttpTransport) -> None:
    """It names us, asks for bytes as they are, and nothing else."""
    read_from(transport, server.serve("/a", DATA))

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

    assert read_from(transport, url) == DATA


def test_encodings_that_were_not_asked_for_are_refused(
    server: Server, transport: HttpTransport
) -> None:
    """Gzipped bytes are not the resource, and the error says so."""
    with pytest.raises(HTTPRequestError, match="encoding 'gzip'"):
        transport.open_stream(server.serve("/a.whl", DATA, fault=Encoded()))
