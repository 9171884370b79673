"""What goes wrong on the way is one typed error, or passes, within the deadline."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from store.errors import (
    CredentialsError,
    RateLimitedError,
    StoreError,
    TransportError,
    TransportTimeoutError,
    TruncatedError,
)
from store.testing.fakes import FakeClock
from store.testing.misbehaving import Part, Reset, ShortBody, Stall, Status
from store.testing.object_servers import ACCESS_KEY, SECRET_KEY, RcloneServer
from store.testing.servers import Server, unused_address
from store.testing.storage_objects import read
from store.transports.base import TransferOptions
from store.transports.objects.base import ObjectClient
from store.transports.objects.connection import Connection
from store.transports.objects.opening import open_objects

BODY = b"0123456789" * 100_000
PATIENCE = 4.5
"""Well above what the options of these tests allow, in seconds."""

Open = Callable[[str], ObjectClient]


@pytest.fixture
def server() -> Iterator[Server]:
    """A server on loopback."""
    with Server() as running:
        yield running


@pytest.fixture(params=["library", "signed"])
def opened(request: pytest.FixtureRequest, quick: TransferOptions) -> Open:
    """Opens a bucket at an endpoint: by the library, and by requests of our own."""

    def open_at(endpoint: str) -> ObjectClient:
        known = Connection(endpoint, access_key=ACCESS_KEY, secret_key=SECRET_KEY, region="r")
        client = open_objects("s3://bucket", quick, connection=known)
        return client.reader() if request.param == "signed" else client

    return open_at


def got(client: ObjectClient) -> bytes:
    """Return the whole object."""
    with client.get("body") as body:
        return read(body)


@pytest.mark.parametrize("fault", [Status(503), Status(500), Reset(after=None)])
def test_what_passes_is_tried_again(server: Server, opened: Open, fault: object) -> None:
    """Twice it fails, then all is well."""
    server.serve("/bucket/body", BODY, fault=[fault, fault])  # type: ignore[list-item]

    assert got(opened(server.url)) == BODY
    assert server.count() == 3


def test_what_is_tried_again_is_logged(
    server: Server, opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    """With the error; and each request where all is logged."""
    caplog.set_level("DEBUG")
    server.serve("/bucket/body", BODY, fault=[Status(503)])

    got(opened(server.url))

    assert "answered 503" in caplog.text
    assert "asked again in" in caplog.text
    assert "body" in caplog.text


def test_what_does_not_pass_is_told(server: Server, opened: Open) -> None:
    """With its status, after as many tries as were allowed."""
    server.serve("/bucket/body", BODY, fault=Status(503))

    with pytest.raises(TransportError) as caught:
        got(opened(server.url))

    assert caught.value.status == 503
    assert server.count() == 3


def test_to_come_back_much_later_is_told(server: Server, quick: TransferOptions) -> None:
    """Beyond the deadline nobody waits."""
    server.serve("/bucket/body", BODY, fault=Status(503, retry_after=3000))
    known = Connection(server.url, access_key=ACCESS_KEY, secret_key=SECRET_KEY, region="r")

    with pytest.raises(RateLimitedError) as caught:
        got(open_objects("s3://bucket", quick, connection=known).reader())

    assert caught.value.retry_after == 3000


def test_a_body_that_breaks_off_is_told(server: Server, opened: Open) -> None:
    """After some bytes; what came is not the object."""
    server.serve("/bucket/body", BODY, fault=ShortBody(after=1000))

    with pytest.raises((TruncatedError, TransportError)):
        got(opened(server.url))


@pytest.mark.parametrize("after", [None, 1000])
def test_a_stall_ends(server: Server, opened: Open, after: int | None) -> None:
    """Before or within the body, as soon as the server was silent for too long."""
    server.serve("/bucket/body", BODY, fault=Stall(after=after))
    begun = time.monotonic()

    with pytest.raises(TransportTimeoutError):
        got(opened(server.url))

    assert time.monotonic() - begun < PATIENCE


def test_nobody_listens(opened: Open) -> None:
    """It is told at once, without any secret."""
    with pytest.raises(TransportError) as caught:
        opened(unused_address("")).head("body")

    assert SECRET_KEY not in repr(caught.value)
    assert "refused" in str(caught.value)


def test_a_put_that_is_reset_is_told(server: Server, opened: Open) -> None:
    """Large or small."""
    with pytest.raises(TransportError):
        opened(server.url).put("body", BODY)


@pytest.mark.parametrize("status", [301, 307])
def test_a_bucket_elsewhere_is_told(server: Server, opened: Open, status: int) -> None:
    """A redirect is not followed with what was signed for another host."""
    server.serve("/bucket/body", BODY, fault=Status(status))

    with pytest.raises(StoreError, match="region"):
        got(opened(server.url))


def test_wrong_credentials_are_told(rclone_server: RcloneServer, quick: TransferOptions) -> None:
    """With what to do, and without the secret."""
    wrong = Connection(
        rclone_server.endpoint, access_key=ACCESS_KEY, secret_key="another-secret", region="r"
    )
    client = open_objects(f"s3://{rclone_server.new_bucket()}", quick, connection=wrong)

    for call in (client.list, client.reader().list):
        with pytest.raises(CredentialsError) as caught:
            list(call())
        assert "another-secret" not in repr(caught.value)
    with pytest.raises(CredentialsError):
        client.put("body", b"x")


def test_a_clock_that_is_off_is_told(rclone_server: RcloneServer, quick: TransferOptions) -> None:
    """Where the server looks at it."""
    clock = FakeClock(datetime(2001, 1, 1, tzinfo=UTC).timestamp())
    options = quick._replace(clock=clock)
    bucket = rclone_server.new_bucket()
    client = open_objects(f"s3://{bucket}", options, connection=rclone_server.connection).reader()

    with pytest.raises(CredentialsError, match="clock"):
        list(client.list())


def test_a_part_that_is_another_is_refused(server: Server, opened: Open) -> None:
    """A 206 whose Content-Range is not the one that was asked for is no content."""
    server.serve("/bucket/body", BODY, fault=Part("bytes 5-999999/1000000", first=5))

    with pytest.raises(TransportError) as caught:
        opened(server.url).get("body", start=2)

    assert caught.value.status == 206


def test_a_whole_in_place_of_a_part_is_read_from_its_beginning(
    server: Server, opened: Open
) -> None:
    """A server that passes the range over answers 200."""
    server.serve("/bucket/body", BODY, ranges=False)

    with opened(server.url).get("body", start=100) as body:
        assert (body.start, body.end) == (0, len(BODY))
        assert read(body) == BODY
