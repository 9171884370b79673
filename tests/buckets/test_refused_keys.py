"""A key that a server does not take is told as that, and not as a fault of the way there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from store.buckets.bucket import Bucket
from store.errors import StoreError, TransportError, UnsafeNameError
from store.testing.object_servers import MotoServer, RcloneServer
from store.transports.base import Retrying, TransferOptions

QUICK = TransferOptions(retrying=Retrying(attempts=2, base=0.01))


@pytest.fixture
def rclone(rclone_server: RcloneServer, house: Path) -> Iterator[Bucket]:
    """Make an empty bucket of a server that keeps objects as files."""
    with Bucket(rclone_server.connection, rclone_server.new_bucket(), options=QUICK) as bucket:
        yield bucket


@pytest.mark.parametrize("key", ["a/../b", "x//y", "./c", "/lead"])
def test_a_key_that_a_server_refuses_is_named(rclone: Bucket, key: str) -> None:
    """With what helps: another name, or to leave it out; nothing lies there either."""
    for call in (
        lambda: rclone.add_string("1", key),
        lambda: rclone.get_file(key, "out"),
    ):
        with pytest.raises(UnsafeNameError, match="takes no such key") as raised:
            call()
        assert raised.value.name == key
        assert raised.value.exit_status == 5
        assert str(raised.value).endswith("rename the file, or exclude it (--exclude)")
    assert key not in rclone


@pytest.mark.parametrize("size", [1, 9 << 20])
def test_a_key_that_a_server_does_not_understand_is_named(
    moto_server: MotoServer, house: Path, size: int
) -> None:
    """It was said to be missing, where it was to be written."""
    with Bucket(moto_server.connection, moto_server.new_bucket(), options=QUICK) as bucket:
        with pytest.raises(UnsafeNameError, match="takes no such key"):
            bucket.add_string("x" * size, "new\nline")
        assert "new\nline" not in bucket


@pytest.mark.parametrize("key", ["a/b", "a/b/c"])
def test_what_lies_in_the_way_is_named(rclone: Bucket, key: str) -> None:
    """Where a server keeps objects as files, and fails at one below another."""
    rclone.add_string("1", "a")

    with pytest.raises(TransportError) as raised:
        rclone.add_string("2", key)

    assert "'a' is there; rename one of them" in str(raised.value)
    assert raised.value.status == 500


def test_a_failure_of_the_way_has_its_step(house: Path) -> None:
    """In Python too, where no command line tells it."""
    from store.testing.servers import unused_address
    from store.transports.objects.connection import Connection

    connection = Connection(unused_address().rstrip("/"), access_key="a", secret_key="b")
    with Bucket(connection, "bucket", create=False, options=QUICK) as bucket:
        for call in (bucket.list_files, lambda: bucket.get_file("k", "out")):
            with pytest.raises(StoreError, match=r"is the endpoint right\?$"):
                call()
