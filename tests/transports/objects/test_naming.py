"""What may name an object: never nothing, which names the bucket."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from store.buckets import Bucket
from store.errors import LocatorError, UnsafeNameError
from store.testing.object_servers import MotoServer
from store.testing.objects import FakeObjects
from store.transports.base import TransferOptions
from store.transports.objects.addresses import ObjectAddress
from store.transports.objects.naming import named
from store.transports.objects.opening import open_objects

CALLS: list[Callable[[Bucket], object]] = [
    lambda bucket: bucket.delete_file(""),
    lambda bucket: bucket.__delitem__(""),
    lambda bucket: bucket.add_string("text", ""),
    lambda bucket: bucket.get_file("", "listing"),
    lambda bucket: bucket.copy_file("", "copy"),
]


def test_a_key_that_is_there_is_taken_as_it_stands() -> None:
    """Whatever it holds."""
    assert named("../a b") == "../a b"


@pytest.mark.parametrize("call", CALLS)
def test_an_empty_key_does_not_befall_the_bucket(
    moto_server: MotoServer, call: Callable[[Bucket], object]
) -> None:
    """DELETE of nothing deleted an empty bucket, GET of nothing got its listing."""
    with Bucket(moto_server.connection, moto_server.new_bucket()) as bucket:
        with pytest.raises(UnsafeNameError, match="names no object"):
            call(bucket)

        assert "" not in bucket
        assert bucket.list_files() == []


@pytest.mark.parametrize("call", CALLS)
def test_the_fake_refuses_it_alike(call: Callable[[Bucket], object]) -> None:
    """So that a test with it does not promise more than a server."""
    with pytest.raises(UnsafeNameError):
        call(Bucket(FakeObjects("bucket"), "bucket"))


def test_what_reads_in_pieces_refuses_it(moto_server: MotoServer) -> None:
    """By requests of our own, which a fetch makes: the listing is no file."""
    client = open_objects(
        ObjectAddress("s3", moto_server.new_bucket()),
        TransferOptions(),
        connection=moto_server.connection,
    )
    with pytest.raises(UnsafeNameError):
        client.reader().get("")


def test_an_address_without_a_connection_says_how_one_is_written() -> None:
    """It has one slash, and a connection's name."""
    with pytest.raises(LocatorError, match="write 'bucket:NAME/key'"):
        ObjectAddress.parse("bucket:")
