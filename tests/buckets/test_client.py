"""Buckets are made and deleted on real servers; and refused where nobody can."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from store.buckets.bucket import Bucket
from store.buckets.client import delete_bucket
from store.errors import (
    ConfigurationError,
    CredentialsError,
    OfflineError,
    RefusedError,
    ResourceNotFoundError,
    TransportError,
    UnknownNameError,
)
from store.testing.object_servers import ObjectServer
from store.testing.objects import FakeObjects
from store.transports.base import Bounds, Retrying, TransferOptions
from store.transports.objects.connection import Connection

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
