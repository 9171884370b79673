"""Where buckets are measured: at rclone's server, or at one that runs already."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Protocol
from uuid import uuid4

from store.buckets.client import create_bucket
from store.testing.object_servers import RcloneServer
from store.transports.base import TransferOptions
from store.transports.objects.connection import Connection
from store.transports.objects.opening import open_objects

ENDPOINT = "STORE_BENCH_S3_ENDPOINT"
"""The variable that names a server that runs already; its keys are those of the usual ``AWS_*``."""


class Place(Protocol):
    """A server of buckets.

    Attributes:
        endpoint: Where it is.
        connection: How it is reached.
    """

    endpoint: str
    connection: Connection

    def new_bucket(self) -> str:
        """Return the name of an empty bucket."""
        ...


class Running:
    """A server that runs already, such as a gateway of Ceph's."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.connection = Connection(
            endpoint,
            access_key=os.environ["AWS_ACCESS_KEY_ID"],
            secret_key=os.environ["AWS_SECRET_ACCESS_KEY"],
            region="us-east-1",
        )

    def new_bucket(self) -> str:
        """Make an empty bucket."""
        name = f"bench-{uuid4().hex[:12]}"
        client = open_objects(f"s3://{name}", TransferOptions(), connection=self.connection)
        with contextlib.closing(client):
            create_bucket(client, options=TransferOptions())
        return name


@contextlib.contextmanager
def place() -> Iterator[Place]:
    """Give the server that is named, else one of rclone's, stopped at the end."""
    endpoint = os.environ.get(ENDPOINT)
    if endpoint:
        yield Running(endpoint)
        return
    with RcloneServer() as server:
        yield server
