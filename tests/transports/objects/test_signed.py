"""Requests of our own: how they are signed, how parts and pages go."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from store.errors import DriftError, StorageError, StoreError, TransportError
from store.testing.misbehaving import Part, Status
from store.testing.object_servers import ACCESS_KEY, SECRET_KEY, MotoServer
from store.testing.servers import Server
from store.testing.storage_objects import LARGE, content
from store.transports.base import Retrying, TransferOptions
from store.transports.objects.account import Keys, account_of
from store.transports.objects.base import Absent, ObjectClient
from store.transports.objects.connection import Connection
from store.transports.objects.opening import open_objects
from store.transports.objects.signed import SignedObjects
from store.transports.objects.signing import signed

PAGE = """<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
<EncodingType>url</EncodingType><IsTruncated>{more}</IsTruncated>
<NextContinuationToken>{token}</NextContinuationToken>
<Contents><Key>{key}</Key><Size>3</Size><ETag>"e"</ETag><LastModified>2024-11-01T08:00:00.000Z</LastModified>
</Contents></ListBucketResult>"""


@pytest.fixture
def server() -> Iterator[Server]:
    """A server on loopback."""
    with Server() as running:
        yield running


def at(server: Server, options: TransferOptions | None = None) -> ObjectClient:
    """Return what asks a server by requests of our own."""
    known = Connection(server.url, access_key=ACCESS_KEY, secret_key=SECRET_KEY, region="r")
    return SignedObjects(account_of(known), "bucket", options or TransferOptions())


def test_a_request_is_signed_as_amazon_shows_it() -> None:
    """The example "GET Object" of the page that tells how."""
    keys = Keys("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")

    sent = signed(
        "GET",
        "https://examplebucket.s3.amazonaws.com/test.txt",
        {"Range": "bytes=0-9"},
        keys=keys,
        region="us-east-1",
        now=datetime(2013, 5, 24, tzinfo=UTC).timestamp(),
    )

    assert sent["authorization"].endswith(
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )


def test_a_listing_goes_on_page_by_page(server: Server) -> None:
    """Keys are decoded; a store that gives the same page for ever is told."""
    more = PAGE.format(more="true", token="t", key="a%2Bb+c").encode()
    server.serve("/bucket/", more)

    listing = at(server).list()

    assert next(listing).key == "a+b c"
    with pytest.raises(TransportError, match="same page"):
        list(listing)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"<Other/>",
        b"<ListBucketResult><Contents><Size>x</Size></Contents></ListBucketResult>",
    ],
)
def test_what_is_no_listing_is_told(server: Server, body: bytes) -> None:
    """It is no empty bucket."""
    server.serve("/bucket/", body)

    with pytest.raises(TransportError, match="no listing"):
        list(at(server).list())


def test_a_listing_that_does_not_say_how_it_goes_on_is_none(server: Server) -> None:
    """It would be taken for the whole, and what it does not show for missing."""
    page = PAGE.format(more="true", token="", key="a")
    server.serve("/bucket/", page.encode())

    with pytest.raises(TransportError, match="more to list"):
        list(at(server).list())


@pytest.fixture
def client(moto_server: MotoServer) -> SignedObjects:
    """A client of an empty bucket."""
    opened = open_objects(
        f"s3://{moto_server.new_bucket()}", connection=moto_server.connection
    ).reader()
    assert isinstance(opened, SignedObjects)
    return opened


class Changing:
    """A source that ends, or fails, before it should.

    Args:
        error: What reading raises at the end, or None.
    """

    def __init__(self, error: Exception | None) -> None:
        self._error = error
        self._rest = LARGE

    def read(self, size: int) -> bytes:
        """Give what is left, then fail."""
        piece, self._rest = self._rest[:size], self._rest[size:]
        if not piece and self._error is not None:
            raise self._error
        return piece

    def tell(self) -> int:
        """Say where it stands."""
        return len(LARGE) - len(self._rest)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Say that there are more bytes than there are."""
        return len(LARGE) + 1000 if whence else offset


@pytest.mark.parametrize("error", [None, OSError(5, "no more")])
def test_an_upload_that_fails_leaves_nothing(
    client: SignedObjects, error: Exception | None
) -> None:
    """Neither an object nor parts of one."""
    with pytest.raises(StorageError):
        client.put("large", Changing(error))  # type: ignore[arg-type]

    assert list(client.list()) == []
    assert b"<UploadId>" not in client.ask("GET", None, {"uploads": ""}).read()


def test_an_upload_under_a_condition_that_fails_leaves_nothing(client: SignedObjects) -> None:
    """What was there stays."""
    client.put("large", b"there")

    with pytest.raises(DriftError):
        client.put("large", LARGE, condition=Absent())

    assert client.head("large").size == 5
    assert b"<UploadId>" not in client.ask("GET", None, {"uploads": ""}).read()


def test_bandwidth_and_seats_are_kept(moto_server: MotoServer) -> None:
    """Of large bodies as of any other."""
    options = TransferOptions(limit_rate=50_000_000, per_host=2)
    address = f"s3://{moto_server.new_bucket()}"
    client = open_objects(address, options, connection=moto_server.connection)
    client.put("large", LARGE)

    for asked in (client, client.reader()):
        with asked.get("large", start=len(LARGE) - 10) as body:
            assert body.readinto(memoryview(bytearray(100))) == 10


def test_an_answer_that_begins_no_upload_is_told(server: Server, quick: TransferOptions) -> None:
    """Whatever its status says."""
    server.serve("/bucket/large", b"<html>", fault=Status(500))

    with pytest.raises(StoreError):
        at(server, quick).put("large", LARGE)


@pytest.mark.parametrize(
    ("said", "fault", "start"),
    [
        ("the very part", Part("bytes 100-199/1000", 100, 199, status=200), 100),
        ("another part", Part("bytes 101-200/1000", 101, 200, status=200), 0),
        ("another length", Part("bytes 100-199/1000", 100, 198, status=200), 0),
        ("no range", Part(None, 100, 199, status=200), 0),
    ],
)
def test_a_part_that_is_called_a_whole_is_taken_where_a_digest_is_known(
    quick: TransferOptions, said: str, fault: Part, start: int
) -> None:
    """As rclone's server answers: with the very range and length; else the whole is asked for."""
    body = bytes(range(250)) * 4
    with Server() as server:
        known = Connection(server.url, access_key=ACCESS_KEY, secret_key=SECRET_KEY, region="r")
        client = open_objects("s3://bucket", quick, connection=known)
        for pinned, expected in ((True, start), (False, 0)):
            server.serve("/bucket/key", body, fault=[fault])

            with client.reader(pinned=pinned).get("key", start=100, end=200) as got:
                found = got.start

            assert found == (0 if said == "no range" else expected)
        client.close()


def test_an_object_that_the_library_cannot_read_is_read_without_it(server: Server) -> None:
    """As one whose writer has put raw UTF-8 into its metadata; the library is left alone from then on."""
    raw = {"x-amz-meta-who": "J\u00fcrg".encode().decode("latin-1")}
    server.serve("/bucket/k", b"content", headers=raw)
    server.serve("/bucket/l", b"more")
    known = Connection(server.url, access_key=ACCESS_KEY, secret_key=SECRET_KEY, region="r")
    client = open_objects(
        "s3://bucket", TransferOptions(retrying=Retrying(attempts=1)), connection=known
    )

    assert client.head("k").size == 7
    assert content(client, "k") == b"content"
    assert content(client, "l") == b"more"
    client.close()
