"""The clients of object stores, held to the suite that strangers inherit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import obstore.store
import pytest

from store.testing.object_servers import SECRET_KEY, MotoServer, ObjectServer, RcloneServer
from store.testing.objects import FakeObjects
from store.testing.storages import StorageSuite
from store.transports.objects.base import ObjectClient
from store.transports.objects.opening import open_objects

OF_RCLONE = {
    "test_a_key_is_itself_or_refused": "rclone's server takes 'a/' for 'a'",
}


class TestFakeObjects(StorageSuite):
    """The fake, in memory."""

    def make(self) -> ObjectClient:
        """Return a fake."""
        return FakeObjects()


class _OnServer(StorageSuite):
    """A client of a bucket of its own at a server."""

    secrets = (SECRET_KEY,)
    server: ObjectServer

    def make(self) -> ObjectClient:
        """Return the usual client."""
        bucket = self.server.new_bucket()
        return open_objects(f"s3://{bucket}", connection=self.server.connection)


class TestMoto(_OnServer):
    """The usual client, at moto."""

    @pytest.fixture(autouse=True)
    def _at(self, moto_server: MotoServer) -> None:
        self.server = moto_server


class TestSignedAtMoto(TestMoto):
    """Requests of our own alone, at moto."""

    def make(self) -> ObjectClient:
        """Return what reads large objects."""
        return super().make().reader()


class TestObstoreAtMoto(TestMoto):
    """The library alone, at moto: a store of its own is given."""

    deviations: ClassVar[Mapping[str, str]] = {}

    def make(self) -> ObjectClient:
        """Return a client of obstore's own store."""
        known = self.server.connection
        store = obstore.store.S3Store(
            bucket := self.server.new_bucket(),
            config={
                "endpoint": self.server.endpoint,
                "access_key_id": str(known.access_key),
                "secret_access_key": str(known.secret_key),
                "region": "us-east-1",
            },
            client_options={"allow_http": True},
        )
        return open_objects(f"s3://{bucket}", connection=store)


class TestRclone(_OnServer):
    """The usual client, at ``rclone serve s3``."""

    honours_conditions = False
    gives_ranges = False
    deviations: ClassVar[Mapping[str, str]] = OF_RCLONE

    @pytest.fixture(autouse=True)
    def _at(self, rclone_server: RcloneServer) -> None:
        self.server = rclone_server


class TestSignedAtRclone(TestRclone):
    """Requests of our own alone, at ``rclone serve s3``."""

    def make(self) -> ObjectClient:
        """Return what reads large objects."""
        return super().make().reader()
