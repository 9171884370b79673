"""A connection that is reset while a file goes up: nothing is lost, and a retry finishes."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.buckets.syncing import sync_directory
from store.buckets.transfers import get_file, put_file
from store.errors import TransportError
from store.testing.bucket_trees import lay
from store.testing.cutting import Cutting
from store.testing.object_servers import RcloneServer
from store.transports.base import Bounds, Retrying, TransferOptions
from store.transports.objects.base import ObjectClient
from store.transports.objects.opening import open_objects

SMALL = hashlib.sha256(b"small").digest() * 2000
LARGE = hashlib.sha256(b"large").digest() * (18 << 15)
"""64 KB in one request, and 18 MiB in parts."""

BOUNDS = Bounds(read_timeout=5.0, deadline=20.0)
ONCE = TransferOptions(bounds=BOUNDS, retrying=Retrying(attempts=1))
AGAIN = TransferOptions(bounds=BOUNDS, retrying=Retrying(attempts=4, base=0.0))


@pytest.fixture
def cutting(rclone_server: RcloneServer) -> Iterator[Cutting]:
    """Stand before a real server."""
    with Cutting(rclone_server.port) as proxy:
        yield proxy


@pytest.fixture
def bucket(rclone_server: RcloneServer) -> str:
    """Make a bucket of the test's own."""
    return rclone_server.new_bucket()


def opened(
    server: RcloneServer, bucket: str, options: TransferOptions, through: Cutting | None = None
) -> contextlib.closing[ObjectClient]:
    """Open the bucket, straight or through the proxy."""
    connection = server.connection
    if through is not None:
        connection = connection._replace(endpoint=through.url)
    return contextlib.closing(open_objects(f"s3://{bucket}", options, connection=connection))


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["small", "large"])
def test_a_put_that_is_reset_is_sent_again(
    rclone_server: RcloneServer, cutting: Cutting, bucket: str, tmp_path: Path, content: bytes
) -> None:
    """Twice in the middle of its body; what lies there then is the whole."""
    cutting.cuts = 2

    with opened(rclone_server, bucket, AGAIN, cutting) as client:
        put_file(client, "key", content, options=AGAIN)

    assert cutting.cuts < 0
    with opened(rclone_server, bucket, ONCE) as client:
        assert get_file(client, "key", tmp_path / "back").verified
    assert (tmp_path / "back").read_bytes() == content


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["small", "large"])
def test_a_put_that_stays_broken_leaves_what_was_there(
    rclone_server: RcloneServer, cutting: Cutting, bucket: str, tmp_path: Path, content: bytes
) -> None:
    """It is told, and the old object is whole; so is the new one once the line is better."""
    with opened(rclone_server, bucket, ONCE) as client:
        put_file(client, "key", b"the old one")
    cutting.cuts = 100

    with opened(rclone_server, bucket, ONCE, cutting) as client:
        with pytest.raises(TransportError):
            put_file(client, "key", content, options=ONCE)
        get_file(client, "key", tmp_path / "old")
        cutting.cuts = 0
        put_file(client, "key", content, options=ONCE)
        get_file(client, "key", tmp_path / "new")

    assert (tmp_path / "old").read_bytes() == b"the old one"
    assert (tmp_path / "new").read_bytes() == content


def test_a_sync_whose_puts_are_reset_is_finished_by_the_next(
    rclone_server: RcloneServer, cutting: Cutting, bucket: str, tmp_path: Path
) -> None:
    """What was to be deleted is there until all else is."""
    files = {f"{number}": hashlib.sha256(b"%d" % number).digest() * 2000 for number in range(8)}
    here = lay(tmp_path / "here", files)
    with opened(rclone_server, bucket, ONCE) as client:
        client.put("gone", b"gone")
    memory = tmp_path / "memory"

    with opened(rclone_server, bucket, ONCE, cutting) as client:
        cutting.cuts = 3
        with pytest.raises(TransportError):
            sync_directory(client, here, max_delete=1, memory=memory, options=ONCE)
        keys = {meta.key for meta in client.list()}
        cutting.cuts = 0
        sync_directory(client, here, max_delete=1, memory=memory, options=ONCE)
        after = {meta.key: meta.size for meta in client.list()}

    assert "gone" in keys
    assert after == {name: len(content) for name, content in files.items()}
    assert len(list(here.iterdir())) == len(files)
