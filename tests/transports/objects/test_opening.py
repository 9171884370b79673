"""The one door to object stores."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from store.config.tables import DriverTable, Place
from store.errors import (
    ConfigurationError,
    CredentialsError,
    DriftError,
    LocatorError,
    MissingKeyError,
    TransportTimeoutError,
    UnknownNameError,
    UnsafeNameError,
)
from store.testing.fakes import FakeClock
from store.testing.objects import FakeObjects
from store.testing.servers import Server
from store.testing.storage_objects import content
from store.transports.base import TransferOptions
from store.transports.deadlines import Deadline, keeping
from store.transports.objects.base import Absent, ObjectMeta, Unchanged
from store.transports.objects.conditions import settled
from store.transports.objects.connection import Connection
from store.transports.objects.obstored import ObstoreObjects
from store.transports.objects.opening import locate, open_objects


@pytest.fixture
def server() -> Iterator[Server]:
    """A server on loopback."""
    with Server() as running:
        yield running


def options(**tables: dict[str, Any]) -> TransferOptions:
    """Return options that know connections."""
    return TransferOptions(connections=tables)


@pytest.mark.parametrize(("kind", "scheme"), [("gs", "gs"), ("az", "az")])
def test_other_clouds_are_asked(
    server: Server, quick: TransferOptions, kind: str, scheme: str
) -> None:
    """By the library alone: what it does not take as it stands is refused."""
    for path in ("/bucket/dir/k", "/bucket/dir%2Fk"):
        server.serve(path, b"content")
    known = Connection(
        server.url,
        kind=kind,  # type: ignore[arg-type]
        access_key="account" if kind == "az" else None,
        secret_key="c2VjcmV0" if kind == "az" else None,
        anonymous=kind == "gs",
    )
    client = open_objects(f"{scheme}://bucket", quick, connection=known)

    assert content(client, "dir/k") == b"content"
    with pytest.raises(MissingKeyError):
        client.head("nothing")
    with pytest.raises(UnsafeNameError):
        client.head("a//b")


def test_a_named_connection_has_a_bucket_or_the_key_does() -> None:
    """One of both must say it."""
    known = options(lab={"bucket": "results", "kind": "gs"}, any={"endpoint": "https://h"})

    place, connection = locate("bucket:lab/a/b?versionId=1", known)
    assert (str(place), connection.kind) == ("gs://results/a/b?versionId=1", "gs")
    place, connection = locate("bucket:any/results/a/b", known)
    assert (str(place), connection.endpoint) == ("s3://results/a/b", "https://h")
    with pytest.raises(LocatorError, match="names no bucket"):
        locate("bucket:any", known)


def test_the_scheme_and_the_connection_agree() -> None:
    """What is at Google is not asked of S3."""
    with pytest.raises(LocatorError, match="kind"):
        open_objects("s3://b", connection=Connection(kind="gs"))


def test_a_connection_that_cannot_be_is_told_with_its_line() -> None:
    """The table's own, where a file says it."""
    table = DriverTable()
    table.place = Place("/store.toml", 7)
    table.take({"access_key": "hidden"}, {})

    with pytest.raises(ConfigurationError, match=r"/store\.toml:7: .*secret_key") as caught:
        open_objects("bucket:lab", options(lab=table))

    assert "hidden" not in str(caught.value)


def test_what_is_no_connection_is_told() -> None:
    """Neither ours nor obstore's."""
    with pytest.raises(ConfigurationError, match="int is no connection"):
        open_objects("s3://b", connection=3)


def test_a_missing_library_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """And how it is installed."""
    monkeypatch.setitem(sys.modules, "obstore", None)

    with pytest.raises(UnknownNameError, match=r"pluggable-store\[s3\]") as caught:
        open_objects("s3://b", connection=Connection(anonymous=True))

    assert (caught.value.kind, caught.value.name) == ("extra", "s3")


def test_a_missing_bundle_is_named(tmp_path: Path, server: Server) -> None:
    """By either way."""
    known = Connection(server.url, anonymous=True, region="r", ca_bundle=tmp_path / "nothing.pem")
    client = open_objects("s3://b", connection=known)

    with pytest.raises(ConfigurationError, match=r"nothing\.pem"):
        client.head("k")


def test_a_deadline_that_is_near_is_kept(server: Server, quick: TransferOptions) -> None:
    """No request begins behind it."""
    server.serve("/b/k", b"content")
    known = Connection(server.url, anonymous=True, region="r")
    client = open_objects("s3://b", quick, connection=known)

    for asked in (client, client.reader()):
        with (
            keeping(Deadline(quick.clock, 0.0)),
            pytest.raises(TransportTimeoutError, match="deadline"),
        ):
            asked.get("k")
        with keeping(Deadline(quick.clock, 0.5)):
            assert content(asked, "k") == b"content"


def test_what_the_environment_says_to_the_library_is_overruled(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its endpoint, and a token that belongs to other keys."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of-others")
    server.serve("/b/k", b"content")
    known = Connection(server.url, access_key="AK", secret_key="SK", region="r")

    assert content(open_objects("s3://b", connection=known), "k") == b"content"

    headers = {name.lower(): value for name, value in server.asked("/b/k")[0].headers.items()}
    assert "x-amz-security-token" not in headers
    assert "Credential=AK/" in headers["authorization"]


def test_without_keys_the_machine_is_asked_and_it_is_told(quick: TransferOptions) -> None:
    """Where it has none, that is a matter of credentials, and no network's."""
    known = Connection("http://127.0.0.1:1", region="r")
    client = open_objects("s3://b", quick, connection=known)
    assert type(client) is ObstoreObjects

    with pytest.raises((CredentialsError, TransportTimeoutError)):
        client.head("k")


def test_a_lost_answer_is_no_drift(quick: TransferOptions) -> None:
    """What a try finds that came after one whose answer was lost may be its own work."""
    client = FakeObjects()
    meta = {"store-sha256": "ab"}
    wanted = ObjectMeta("k", 3, metadata=meta)
    tries: list[int] = []

    def once() -> ObjectMeta:
        tries.append(1)
        found = client.put("k", b"abc", metadata=meta, condition=Absent())
        if len(tries) == 1:
            raise TransportTimeoutError("the answer was lost")
        return found

    timed = quick._replace(clock=FakeClock())
    assert settled(client, once, timed, wanted, Absent()).size == 3
    assert len(tries) == 2

    client.put("k", b"other")
    tries.clear()
    with pytest.raises(DriftError):
        settled(
            client,
            lambda: client.put("k", b"x", condition=Unchanged("no")),
            timed,
            wanted,
            Absent(),
        )
