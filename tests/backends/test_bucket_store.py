"""The driver ``bucket``."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import store as face
from store.errors import ConfigurationError, OfflineError, QueryError, UnverifiedError
from store.fetching.locator import parse_locator
from store.testing.object_servers import SECRET_KEY, MotoServer, RcloneServer
from store.testing.stores import Published, StoreSuite
from store.transports.objects.base import ObjectClient
from store.transports.objects.opening import open_objects

CONTENT = b"the content of an object\n" * 40
SHA256 = hashlib.sha256(CONTENT).hexdigest()

TABLE = """
[connection.{name}]
endpoint = "{endpoint}"
access_key = "{access}"
secret_key = "{secret}"
bucket = "{bucket}"
"""


@pytest.fixture(autouse=True)
def _own_settings(store_environment: pytest.MonkeyPatch) -> None:
    """Keep the user's own settings and keys out."""
    for name in [one for one in os.environ if one.startswith("AWS_")]:
        store_environment.delenv(name)


def settings(server: Any, bucket: str) -> None:
    """Write how the server is reached into the user's settings."""
    known = server.connection
    told = {"endpoint": known.endpoint, "access": known.access_key, "secret": known.secret_key}
    text = "".join(TABLE.format(name=name, bucket=bucket, **told) for name in ("s3", "lab"))
    Path(os.environ["STORE_CONFIG_FILE"]).write_text(text)


class TestBucketStore(StoreSuite):
    """The suite, at ``rclone serve s3``; how it is reached is told by the environment."""

    driver = "bucket"
    optional = frozenset({"sha256", "size"})
    secrets = (SECRET_KEY,)

    @pytest.fixture(autouse=True)
    def _at(self, rclone_server: RcloneServer, monkeypatch: pytest.MonkeyPatch) -> None:
        known = rclone_server.connection
        self.bucket = rclone_server.new_bucket()
        self.client = open_objects(f"s3://{self.bucket}", connection=known)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", str(known.access_key))
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", str(known.secret_key))
        monkeypatch.setenv("AWS_ENDPOINT_URL", str(known.endpoint))

    def publish(self, origin: Path) -> Published:
        """Put an object."""
        self.client.put("tools/tool.txt", CONTENT, metadata={"store-sha256": SHA256})
        query = {"url": f"s3://{self.bucket}/tools/tool.txt", "sha256": SHA256}
        return Published(query=query, content=CONTENT)

    def missing(self, origin: Path) -> Mapping[str, Any]:
        """Name a key that is not there."""
        return {"url": f"s3://{self.bucket}/nothing", "sha256": SHA256}

    def withdraw(self, origin: Path) -> None:
        """Take the object away."""
        self.client.delete(["tools/tool.txt"])


@pytest.fixture
def client(moto_server: MotoServer) -> ObjectClient:
    """A client of a bucket that the settings know as ``lab``."""
    bucket = moto_server.new_bucket()
    settings(moto_server, bucket)
    return open_objects(f"s3://{bucket}", connection=moto_server.connection)


def test_every_spelling_names_the_object(client: ObjectClient) -> None:
    """An address, a named connection, a query in parts; all are one file."""
    client.put("dir/a b.txt", CONTENT)
    bucket = client.address.removeprefix("s3://")
    pin = {"sha256": SHA256}

    paths = {
        face.fetch(f"{client.address}/dir/a%20b.txt#sha256={SHA256}"),
        face.fetch(f"bucket:lab/dir/a%20b.txt#sha256={SHA256}"),
        face.fetch({"driver": "bucket", "url": "bucket:lab/dir/a%20b.txt", **pin}),
        face.fetch({"driver": "bucket", "bucket": bucket, "key": "dir/a b.txt", **pin}),
        face.fetch({"driver": "bucket", "connection": "lab", "key": "dir/a b.txt", **pin}),
        face.fetch(f"bucket:connection=lab&key=dir/a b.txt&sha256={SHA256}"),
    }

    assert [path.read_bytes() for path in paths] == [CONTENT]


def test_an_object_is_verified_by_what_its_writer_kept(client: ObjectClient) -> None:
    """The digest in its metadata pins it; a content that is another is not handed out."""
    client.put("good", CONTENT, metadata={"store-sha256": SHA256})
    client.put("bad", b"other", metadata={"store-sha256": SHA256})

    assert face.fetch("bucket:lab/good").read_bytes() == CONTENT
    with pytest.raises(face.IntegrityError):
        face.fetch("bucket:lab/bad", refresh=True)


@pytest.mark.parametrize("kept", [{}, {"store-sha256": "nonsense"}])
def test_an_object_without_a_digest_needs_leave(
    client: ObjectClient, kept: Mapping[str, str]
) -> None:
    """As any address."""
    client.put("plain", CONTENT, metadata=kept)

    with pytest.raises(UnverifiedError):
        face.fetch("bucket:lab/plain")
    assert face.fetch("bucket:lab/plain", allow_unverified=True).read_bytes() == CONTENT


def test_offline_a_pinned_object_comes_from_the_cache(
    client: ObjectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unpinned one cannot be known."""
    client.put("good", CONTENT, metadata={"store-sha256": SHA256})
    face.fetch(f"bucket:lab/good#sha256={SHA256}")
    monkeypatch.setenv("STORE_OFFLINE", "1")

    assert face.fetch(f"bucket:lab/good#sha256={SHA256}").read_bytes() == CONTENT
    with pytest.raises(OfflineError, match="pin it"):
        face.fetch("bucket:lab/good")


@pytest.mark.parametrize(
    "query", [{"key": "k"}, {"bucket": "b"}, {"bucket": "b", "key": "k", "url": "s3://b/k"}]
)
def test_half_a_place_is_refused(query: Mapping[str, str]) -> None:
    """Or one and a half."""
    with pytest.raises(QueryError, match="driver bucket"):
        face.fetch({"driver": "bucket", "sha256": SHA256, **query})


def test_an_old_version_is_fetched(moto_server: MotoServer) -> None:
    """By its id, where the bucket keeps versions."""
    bucket = moto_server.new_bucket()
    settings(moto_server, bucket)
    client = open_objects(f"s3://{bucket}", connection=moto_server.connection)
    enable = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    client.reader().ask("PUT", None, {"versioning": ""}, {}, enable).read()  # type: ignore[attr-defined]
    first = client.put("k", CONTENT)
    client.put("k", b"newer")
    assert first.version is not None

    path = face.fetch(f"s3://{bucket}/k?versionId={first.version}#sha256={SHA256}")

    assert path.read_bytes() == CONTENT
    assert client.head("k", version=first.version).size == len(CONTENT)
    with client.reader().get("k", version=first.version) as body:
        assert body.meta.version == first.version


def test_a_locator_names_the_driver() -> None:
    """Of all three clouds, and of named connections."""
    for text in ("s3://b/k", "gs://b/k", "az://b/k", "bucket:lab/k", "S3://b/k"):
        assert parse_locator(text).driver == "bucket"


def test_a_misspelt_key_of_a_connection_is_told_with_its_line() -> None:
    """With the file, the line and the nearest key; no value is shown."""
    file = Path(os.environ["STORE_CONFIG_FILE"])
    file.write_text('[connection.lab]\nendpoint = "https://h"\nsecret_kez = "hidden"\n')

    with pytest.raises(ConfigurationError, match="did you mean 'secret_key'") as caught:
        face.fetch(f"bucket:lab/b/k#sha256={SHA256}")

    assert (caught.value.path, caught.value.line) == (str(file), 3)
    assert "hidden" not in str(caught.value)
