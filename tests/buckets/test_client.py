"""Buckets are made and deleted on real servers; and refused where nobody can."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

import pytest

from store.buckets.bucket import Bucket
from store.buckets.client import delete_bucket, location_of
from store.errors import (
    ConfigurationError,
    CredentialsError,
    OfflineError,
    QueryError,
    RefusedError,
    ResourceNotFoundError,
    TransportError,
    UnknownNameError,
)
from store.testing.object_servers import MotoServer, ObjectServer
from store.testing.objects import FakeObjects
from store.transports.base import Bounds, Retrying, TransferOptions
from store.transports.objects.connection import Connection
from store.transports.objects.signed import SignedObjects
from store.transports.objects.versions import keeps_versions

QUICK = TransferOptions(
    bounds=Bounds(connect_timeout=2.0, read_timeout=2.0), retrying=Retrying(attempts=1)
)
"""Gives up soon."""


@pytest.fixture(params=["moto", "rclone"])
def server(request: pytest.FixtureRequest, house: Any) -> ObjectServer:
    """Give each server in turn."""
    found: ObjectServer = request.getfixturevalue(f"{request.param}_server")
    return found


def new_name() -> str:
    """Return a name that no bucket has."""
    return f"made-{uuid4().hex[:12]}"


def test_a_bucket_is_made_once_and_deleted_with_all_it_holds(server: ObjectServer) -> None:
    """A second one of the name is the first one."""
    name = new_name()
    bucket = Bucket(server.connection, name)
    bucket.add_string("x", "data/x")
    assert len(Bucket(server.connection, name)) == 1

    bucket.delete()

    with pytest.raises(ResourceNotFoundError):
        bucket.update()
    with pytest.raises(ResourceNotFoundError):
        delete_bucket(bucket.client, options=bucket.options)


def test_a_missing_bucket_is_told_by_the_first_call(server: ObjectServer) -> None:
    """Where it is not to be made."""
    bucket = Bucket(server.connection, new_name(), False)

    with pytest.raises(ResourceNotFoundError):
        bucket.list_files()


def test_a_bucket_that_holds_something_is_not_deleted(server: ObjectServer) -> None:
    """Its objects go first, by who wants that."""
    bucket = Bucket(server.connection, server.new_bucket())
    bucket.add_string("x", "x")

    with pytest.raises(RefusedError) as caught:
        delete_bucket(bucket.client, options=bucket.options)

    assert caught.value.limit == "not empty"
    assert "x" in bucket


def test_a_connection_goes_by_its_name(
    server: ObjectServer, house: Any, store_environment: pytest.MonkeyPatch
) -> None:
    """Of the settings; an unknown one is said."""
    keys = server.connection
    (house / "store.toml").write_text(
        f'[connection.work]\nendpoint = "{server.endpoint}"\n'
        f'access_key = "{keys.access_key}"\nsecret_key = "{keys.secret_key}"\n',
        encoding="utf-8",
    )

    bucket = Bucket("work", server.new_bucket(), False)

    assert bucket.add_string("x", "x").size == 1
    with pytest.raises(UnknownNameError, match="wrk"):
        Bucket("wrk", "bucket")


def test_a_store_of_the_library_is_a_connection(server: ObjectServer) -> None:
    """It is used as it is, and can make its bucket."""
    obstore = pytest.importorskip("obstore.store")
    name = new_name()
    store = obstore.S3Store(
        name,
        endpoint=server.endpoint,
        access_key_id=server.connection.access_key,
        secret_access_key=server.connection.secret_key,
        region="us-east-1",
        client_options={"allow_http": True},
    )

    bucket = Bucket(store, name)

    assert bucket.add_string("x", "x").size == 1
    bucket.delete()


def test_a_store_of_another_bucket_is_refused(house: Path) -> None:
    """Or of a part of one: what is deleted is what was named."""
    obstore = pytest.importorskip("obstore.store")

    with pytest.raises(ConfigurationError, match="'other'"):
        Bucket(obstore.S3Store("other", region="us-east-1"), "bucket", False)
    with pytest.raises(ConfigurationError, match="below"):
        Bucket(obstore.S3Store("bucket", prefix="part", region="us-east-1"), "bucket", False)


def test_what_cannot_be_asked_is_said(house: Any) -> None:
    """No server, no keys, no network."""
    nowhere = Connection("http://127.0.0.1:1", access_key="key", secret_key="secret")
    with pytest.raises(TransportError):
        Bucket(nowhere, "bucket", options=QUICK)
    with pytest.raises(OfflineError):
        Bucket(nowhere, "bucket", options=TransferOptions(offline=True))
    with pytest.raises(ConfigurationError):
        Bucket(object(), "bucket", options=QUICK)


def test_wrong_keys_are_said(rclone_server: ObjectServer, house: Any) -> None:
    """Not to be taken for a missing bucket."""
    wrong = Connection(
        rclone_server.endpoint, access_key=rclone_server.connection.access_key, secret_key="wrong"
    )

    with pytest.raises(CredentialsError):
        Bucket(wrong, new_name(), options=QUICK)


def test_other_clouds_have_their_own_command(house: Any) -> None:
    """Only S3's protocol has an address for a bucket that can be signed."""
    with pytest.raises(RefusedError, match="gcloud"):
        delete_bucket(FakeObjects("fake"), options=QUICK)


class Scripted(http.server.BaseHTTPRequestHandler):
    """Answers each method with a status that was set."""

    statuses: ClassVar[dict[str, int]] = {}

    def _answer(self) -> None:
        self.send_response(self.statuses[self.command])
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_PUT = do_DELETE = _answer  # noqa: N815 - the base's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing."""


@pytest.fixture
def scripted(house: Path) -> Iterator[Connection]:
    """Start a server that answers as it is told, and return how it is reached."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Scripted) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield Connection(
            f"http://127.0.0.1:{server.server_port}", access_key="key", secret_key="secret"
        )
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "error"), [(403, CredentialsError), (500, TransportError), (409, TransportError)]
)
def test_a_server_that_makes_no_bucket_is_told_of(
    scripted: Connection, status: int, error: type[Exception]
) -> None:
    """Forbidden, broken, or another's: what is missing stays missing."""
    Scripted.statuses = {"GET": 404, "PUT": status}

    with pytest.raises(error, match="could not be made"):
        Bucket(scripted, "bucket", options=QUICK)


@pytest.mark.parametrize(("status", "error"), [(403, CredentialsError), (500, TransportError)])
def test_a_server_that_deletes_no_bucket_is_told_of(
    scripted: Connection, status: int, error: type[Exception]
) -> None:
    """The status is in the error."""
    Scripted.statuses = {"DELETE": status}
    bucket = Bucket(scripted, "bucket", False, options=QUICK)

    with pytest.raises(error, match=str(status)):
        delete_bucket(bucket.client, options=QUICK)


def test_aws_is_told_where_a_bucket_is_to_lie() -> None:
    """In all regions but its first; a server of one's own is not."""
    obstore = pytest.importorskip("obstore.store")

    assert b"eu-west-1" in location_of(obstore.S3Store("bucket", region="eu-west-1"))
    assert location_of(obstore.S3Store("bucket", region="us-east-1")) == b""
    own = obstore.S3Store("bucket", region="eu-west-1", endpoint="https://s3.example.org")
    assert location_of(own) == b""


def test_who_has_no_keys_signs_nothing(scripted: Connection) -> None:
    """A public bucket is read, and not made."""
    Scripted.statuses = {"GET": 404, "PUT": 200}
    public = Connection(scripted.endpoint, anonymous=True)

    with pytest.raises(CredentialsError, match="could not be"):
        Bucket(public, "bucket", options=QUICK)


def test_a_name_that_the_server_refuses_is_a_question_of_the_name(
    moto_server: ObjectServer, house: Any
) -> None:
    """It is told which names there are."""
    with pytest.raises(QueryError, match="3 to 63"):
        Bucket(moto_server.connection, "ab")


def test_a_bucket_that_keeps_versions_loses_nothing(moto_server: ObjectServer, house: Any) -> None:
    """It cannot be deleted once its objects are: so none of them is."""
    name = new_name()
    with Bucket(moto_server.connection, name) as bucket:
        answer = _reader(bucket).ask("PUT", None, {"versioning": ""}, {}, VERSIONED)
        answer.read()
        empty = keeps_versions(bucket.client)
        bucket.add_string("content", "key")

        with pytest.raises(RefusedError, match="nor is anything in it") as caught:
            bucket.delete()
        left = [one.key for one in bucket.list_files()]

    assert not empty
    assert caught.value.limit == "versions"
    assert left == ["key"]
    assert not keeps_versions(FakeObjects())


VERSIONED = (
    b'<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    b"<Status>Enabled</Status></VersioningConfiguration>"
)
"""What a bucket is told that is to keep versions."""


def _reader(bucket: Bucket) -> SignedObjects:
    """Return what sends any request to the bucket."""
    reader = bucket.client.reader()
    assert isinstance(reader, SignedObjects)
    return reader


def test_a_server_that_cannot_say_what_it_keeps_is_not_taken_at_its_silence(
    scripted: Connection,
) -> None:
    """Nothing is deleted where nobody knows whether the rest can be; what it does not know is no failure."""
    bucket = Bucket(scripted, "bucket", False, options=QUICK)
    Scripted.statuses = {"GET": 503, "DELETE": 204}
    with pytest.raises(TransportError, match="503"):
        bucket.delete()

    Scripted.statuses = {"GET": 501, "DELETE": 204}
    assert not keeps_versions(bucket.client)


def test_a_missing_bucket_holds_nothing_that_could_be_asked_for(
    moto_server: MotoServer, house: Path
) -> None:
    """Whether it has an object is no question with an answer."""
    missing = Bucket(moto_server.connection, new_name(), create=False, options=QUICK)
    made = Bucket(moto_server.connection, moto_server.new_bucket(), create=False, options=QUICK)

    with pytest.raises(ResourceNotFoundError, match="create=True"):
        assert "x" in missing
    assert "x" not in made


def test_a_name_that_no_bucket_can_have_is_told(moto_server: MotoServer, house: Path) -> None:
    """Also where the server fails at it."""
    with pytest.raises(QueryError, match="no bucket 'Bad_Name' can be made") as raised:
        Bucket(moto_server.connection, "Bad_Name", options=QUICK)
    assert raised.value.query == "Bad_Name"
