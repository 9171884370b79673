"""Objects are opened by their addresses, as any other resource."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from store.errors import LocatorError, OfflineError, UnknownNameError
from store.testing.object_servers import SECRET_KEY, MotoServer, ObjectServer, RcloneServer
from store.testing.transports import TransportSuite, read
from store.transports.base import Conditions, TransferOptions, Transport
from store.transports.objects.base import ObjectClient
from store.transports.objects.opening import open_objects
from store.transports.objects.transport import ObjectTransport
from store.transports.opening import transport_for
from store.transports.receiving import receive
from store.transports.resuming import resumable


def table_of(server: ObjectServer, **more: Any) -> dict[str, Any]:
    """Return a connection's table of the settings."""
    known = server.connection
    return {
        "endpoint": known.endpoint,
        "access_key": known.access_key,
        "secret_key": known.secret_key,
        **more,
    }


class _OnServer(TransportSuite):
    """Objects of a bucket at a server."""

    server: ObjectServer

    @pytest.fixture(autouse=True)
    def _bucket(self) -> None:
        self.bucket = self.server.new_bucket()
        self.client = open_objects(f"s3://{self.bucket}", connection=self.server.connection)

    def make(self) -> Transport:
        """Make it with the connection of the settings."""
        return ObjectTransport(TransferOptions(connections={"s3": table_of(self.server)}))

    def publish(self, origin: Path, name: str, content: bytes) -> str:
        """Put an object."""
        self.client.put(f"dir/{name}", content)
        return f"s3://{self.bucket}/dir/{name}"

    def missing(self, origin: Path) -> str:
        """Name a key that is not there."""
        return f"s3://{self.bucket}/nothing"

    def with_secret(self, address: str) -> str:
        """Return the address: it has no place for a secret."""
        return address


class TestAtMoto(_OnServer):
    """At moto."""

    @pytest.fixture(autouse=True)
    def _at(self, moto_server: MotoServer) -> None:
        self.server = moto_server

    @pytest.fixture(autouse=True)
    def _bucket(self, _at: None) -> None:
        self.bucket = self.server.new_bucket()
        self.client = open_objects(f"s3://{self.bucket}", connection=self.server.connection)


class TestAtRclone(_OnServer):
    """At ``rclone serve s3``, which gives no parts."""

    gives_ranges = False
    deviations: ClassVar[Mapping[str, str]] = {}

    @pytest.fixture(autouse=True)
    def _at(self, rclone_server: RcloneServer) -> None:
        self.server = rclone_server

    @pytest.fixture(autouse=True)
    def _bucket(self, _at: None) -> None:
        self.bucket = self.server.new_bucket()
        self.client = open_objects(f"s3://{self.bucket}", connection=self.server.connection)


@pytest.fixture
def client(moto_server: MotoServer) -> ObjectClient:
    """A client of an empty bucket."""
    return open_objects(f"s3://{moto_server.new_bucket()}", connection=moto_server.connection)


@pytest.fixture
def options(moto_server: MotoServer, client: ObjectClient) -> TransferOptions:
    """Options that know how the bucket is reached, also by the name ``lab``."""
    bucket = client.address.removeprefix("s3://")
    return TransferOptions(
        connections={
            "s3": table_of(moto_server),
            "lab": table_of(moto_server, bucket=bucket),
        }
    )


def test_a_named_connection_is_an_address(client: ObjectClient, options: TransferOptions) -> None:
    """``bucket:NAME/key`` is the object in the connection's bucket."""
    client.put("a b?", b"content")

    with transport_for("bucket:lab/a%20b%3F", options).open_stream("bucket:lab/a%20b%3F") as stream:
        assert read(stream) == b"content"
        assert stream.address == f"{client.address}/a%20b%3F"


def test_a_part_of_one_version_is_asked_for(client: ObjectClient, options: TransferOptions) -> None:
    """Up to its end, while it is the version that is wanted."""
    client.put("body", b"0123456789")
    address = f"{client.address}/body"
    transport = transport_for(address, options)
    with transport.open_stream(address) as stream:
        tag = stream.etag
    wanted = Conditions(if_range=tag, until=5)

    with transport.open_stream(address, 2, conditions=wanted) as stream:
        assert (stream.offset, stream.size, read(stream)) == (2, 10, b"234")


def test_an_unchanged_object_is_known_by_its_time(
    client: ObjectClient, options: TransferOptions
) -> None:
    """As by its tag."""
    client.put("body", b"0123456789")
    address = f"{client.address}/body"
    transport = transport_for(address, options)
    with transport.open_stream(address) as stream:
        seen = stream.last_modified

    for since, known in ((seen, True), ("Fri, 01 Nov 2019 08:00:00 GMT", False), ("never", False)):
        with transport.open_stream(
            address, conditions=Conditions(if_modified_since=since)
        ) as stream:
            assert stream.not_modified is known


def test_what_broke_off_is_gone_on_with(
    client: ObjectClient, options: TransferOptions, tmp_path: Path
) -> None:
    """A large object is resumed where it broke off, in a process that knows nothing of the first."""
    content = bytes(range(251)) * 12_000
    client.put("large", content)
    address = f"{client.address}/large"
    sha256 = hashlib.sha256(content).hexdigest()
    part = tmp_path / "part"
    target = tmp_path / "target"
    target.mkdir()
    limited = options._replace(bounds=options.bounds._replace(deadline=0.3), limit_rate=3_000_000)
    with resumable(part):
        with pytest.raises(TimeoutError):
            receive(address, target, options=limited, name="large")

        received = receive(address, target, options=options, name="large", algorithms=("sha256",))

    assert received.digests[0].hex == sha256
    assert received.attempts[0].resumed > 0


def test_offline_nothing_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told before the library is looked for."""
    options = TransferOptions(offline=True)

    with pytest.raises(OfflineError, match="s3://bucket/key"):
        transport_for("s3://bucket/key", options)
    with pytest.raises(OfflineError):
        open_objects("s3://bucket", options)


@pytest.mark.parametrize(
    "address", ["s3://", "s3:///key", f"s3://key:{SECRET_KEY}@bucket/key", "s3://bucket/k?x=y"]
)
def test_no_address_is_told_without_its_secret(address: str) -> None:
    """Keys do not stand in addresses."""
    with pytest.raises(LocatorError) as caught:
        ObjectTransport().open_stream(address)

    assert SECRET_KEY not in str(caught.value)


def test_an_unknown_connection_names_the_nearest(options: TransferOptions) -> None:
    """It is looked for in the settings."""
    with pytest.raises(UnknownNameError, match="did you mean 'lab'") as caught:
        open_objects("bucket:labs", options)

    assert (caught.value.kind, caught.value.known) == ("connection", ("lab", "s3"))
