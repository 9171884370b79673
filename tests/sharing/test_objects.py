"""A prefix in an object store as a tier."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from store.config.model import Settings
from store.config.tier import Tier
from store.errors import CredentialsError, MissingKeyError, ResourceNotFoundError, TransportError
from store.fetching.fetcher import Fetcher
from store.fetching.gathering import gather
from store.sharing.objects import ObjectTier
from store.sharing.opening import register
from store.sharing.writing import WRITER
from store.testing.object_servers import MotoServer
from store.testing.objects import FakeObjects
from store.testing.servers import Server, unused_address
from store.transports.base import Conditions, TransferOptions
from store.transports.objects.base import DIGEST_KEY, Body, ObjectMeta

from .conftest import CONTENT, NAME, Machine

Make = Callable[..., Machine]
KEY = f"some/prefix/cas/{NAME}"


@pytest.fixture
def shared(objects: FakeObjects) -> ObjectTier:
    """The tier."""
    return ObjectTier(Tier("s3://team/some/prefix"), TransferOptions(), objects)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that is to be shared."""
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    return path


def test_what_was_put_lies_under_the_prefix_with_its_digest(
    shared: ObjectTier, objects: FakeObjects, file: Path
) -> None:
    """As the path of the HTTP protocol has it."""
    assert not shared.holds(NAME)

    shared.put(NAME, file)

    assert shared.holds(NAME)
    assert objects.head(KEY).metadata == {DIGEST_KEY: NAME}
    assert shared.address_of(NAME) == f"s3://team/{KEY}"


def test_a_bucket_without_a_prefix_will_do(objects: FakeObjects, file: Path) -> None:
    """Then the objects lie at its root."""
    ObjectTier(Tier("s3://team"), TransferOptions(), objects).put(NAME, file)

    assert [one.key for one in objects.list()] == [f"cas/{NAME}"]


def test_a_part_is_of_the_same_version(shared: ObjectTier, file: Path) -> None:
    """Another one is an error."""
    shared.put(NAME, file)
    with shared.open_stream(NAME) as stream:
        etag = stream.etag
        assert (stream.size, stream.accepts_ranges) == (len(CONTENT), True)

    buffer = memoryview(bytearray(10))
    with shared.open_stream(NAME, 5, conditions=Conditions(if_range=etag, until=9)) as part:
        assert (part.offset, part.readinto(buffer)) == (5, 4)
        assert bytes(buffer[:4]) == CONTENT[5:9]

    with pytest.raises(TransportError, match="changed"):
        shared.open_stream(NAME, 5, conditions=Conditions(if_range='"other"'))


def test_a_missing_object_is_a_miss_and_a_missing_bucket_is_not(file: Path) -> None:
    """The latter is a mistake that somebody should hear of."""
    tier = ObjectTier(Tier("s3://team"), TransferOptions(), FakeObjects())
    with pytest.raises(MissingKeyError):
        tier.open_stream(NAME)
    tier.reach()

    gone = ObjectTier(
        Tier("s3://team"), TransferOptions(), Gone(ResourceNotFoundError("no bucket"))
    )
    with pytest.raises(TransportError, match="no bucket"):
        gone.open_stream(NAME)
    with pytest.raises(ResourceNotFoundError):
        gone.reach()
    assert file.exists()


def test_a_store_that_forbids_what_is_not_there_is_a_miss(
    machine: Make, locator: str, caplog: pytest.LogCaptureFixture
) -> None:
    """S3 without the right to list: one warning, and the tier is asked on."""
    gone = Gone(CredentialsError("forbidden", status=403))
    register("forbidding", lambda tier, options: ObjectTier(tier, options, gone))
    here = machine(Tier("forbidding://team"))

    result = here.fetch(locator)

    assert result.path.read_bytes() == CONTENT
    asked = ObjectTier(Tier("s3://team"), TransferOptions(), gone)
    assert not asked.holds(NAME)
    assert len([one for one in caplog.records if one.levelname == "WARNING"]) == 1
    assert [call for call, _ in gone.calls] == ["get", "head", "put", "head"]
    with pytest.raises(CredentialsError):
        asked.reach()  # who looks should hear of keys that may be wrong


def test_what_is_wrong_in_a_bucket_is_replaced(
    machine: Make, locator: str, objects: FakeObjects
) -> None:
    """By whoever notices."""
    objects.put(KEY, b"poison")

    machine(Tier("fake://team/some/prefix")).fetch(locator)

    with objects.get(KEY) as body:
        assert body.meta.size == len(CONTENT)
    assert hashlib.md5(CONTENT, usedforsecurity=False).hexdigest() == objects.head(KEY).etag


def test_a_real_store_of_objects_is_shared(
    moto_server: MotoServer, origin: Server, locator: str, tmp_path: Path
) -> None:
    """With the connection that the settings name; unreachable it is down."""
    bucket = moto_server.new_bucket()
    reached = moto_server.connection
    table = {
        "endpoint": reached.endpoint,
        "access_key": reached.access_key,
        "secret_key": reached.secret_key,
        "region": reached.region,
    }

    def fetch(name: str, address: str) -> bytes:
        settings = Settings(
            cache_dir=tmp_path / name,
            durability="relaxed",
            connections={"s3": table, "team": {**table, "bucket": bucket}},
            shared=(Tier(address),),
        )
        with Fetcher(settings) as fetcher:
            path = fetcher.fetch(locator).path
            assert WRITER.finish(20)
            return path.read_bytes()

    assert fetch("first", f"s3://{bucket}/ours") == CONTENT
    assert fetch("second", f"s3://{bucket}/ours") == CONTENT
    assert fetch("third", "bucket:team/ours") == CONTENT
    assert origin.count() == 1


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("address", ["s3://team/ours", "bucket:nobody/ours", "broken://team"])
def test_a_tier_that_cannot_even_be_opened_fails_no_fetch(
    machine: Make,
    origin: Server,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    *,
    many: bool,
) -> None:
    """Neither for want of a connection, nor for a mistake in it."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "nobody")
    monkeypatch.setenv("AWS_ENDPOINT_URL", unused_address().rstrip("/"))
    register("broken", lambda tier, options: ObjectTier(tier, options, Gone(RuntimeError("oops"))))
    here = machine(Tier(address, timeout=1.0))
    locators = []
    for number in range(6 if many else 1):
        content = b"content %d" % number
        pin = hashlib.sha256(content).hexdigest()
        locators.append(f"{origin.serve(f'/{number}', content)}#sha256={pin}")

    outcomes = list(gather(here.fetcher, locators))

    assert [one.error for one in outcomes] == [None] * len(locators)
    assert WRITER.finish(20)
    assert len([one for one in caplog.records if one.levelname == "WARNING"]) == 1


class Gone(FakeObjects):
    """A bucket that says the same to whoever reads."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def head(self, key: str, *, version: str | None = None) -> ObjectMeta:
        """Raise it."""
        del version
        self._note("head", key)
        raise self._error

    def get(
        self,
        key: str,
        *,
        start: int = 0,
        end: int | None = None,
        etag: str | None = None,
        version: str | None = None,
    ) -> Body:
        """Raise it."""
        del start, end, etag, version
        self._note("get", key)
        raise self._error
