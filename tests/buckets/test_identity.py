"""A file and an object are alike where their contents are, however that is known."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from awscrt import checksums
from hypothesis import given
from hypothesis import strategies as st

from store.buckets.cyclic import cyclic_of
from store.buckets.identity import (
    multipart_etag,
    part_sizes,
    presumed,
    proven,
    read_digests,
    single_part_md5,
)
from store.buckets.memory import Known
from store.buckets.scanning import stamp_at
from store.buckets.syncing import sync_directory, sync_remote_to_local
from store.clock import SystemClock
from store.errors import DriftError, StorageError
from store.testing.bucket_trees import LONG_AGO, calls, held, lay
from store.testing.object_servers import MotoServer
from store.testing.objects import FakeObjects
from store.testing.storage_objects import content
from store.transports.base import TransferOptions
from store.transports.objects.base import Body, ObjectMeta
from store.transports.objects.checksums import checksums_of
from store.transports.objects.opening import open_objects

MIB = 1 << 20


def md5(content: bytes) -> str:
    """Return a content's MD5."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def parted(content: bytes, size: int) -> str:
    """Return what S3 calls a content that came in parts."""
    parts = [content[start : start + size] for start in range(0, len(content), size)]
    return f"{md5(b''.join(bytes.fromhex(md5(one)) for one in parts))}-{len(parts)}"


class Tagged(FakeObjects):
    """A bucket of others: the entity tags say nothing, or what they are told to."""

    tag = "opaque"

    def _own(self, meta: ObjectMeta) -> ObjectMeta:
        return meta._replace(etag=self.tag)

    def list(self, prefix: str = "", **options: object) -> Iterator[ObjectMeta]:
        """List with other tags."""
        return (self._own(meta) for meta in super().list(prefix))

    def head(self, key: str, **options: object) -> ObjectMeta:
        """Tell another tag."""
        return self._own(super().head(key))

    def get(self, key: str, **options: object) -> Body:
        """Open whatever the tag."""
        return super().get(key)


@given(st.binary(min_size=1, max_size=300), st.integers(1, 300))
def test_a_multipart_tag_is_computed_as_s3_does(content: bytes, size: int) -> None:
    """The MD5 of the parts' MD5s, and how many there are."""
    path = Path(os.environ.get("TMPDIR", "/tmp"), f"store-etag-{os.getpid()}")
    path.write_bytes(content)
    try:
        assert multipart_etag(path, size) == parted(content, size)
    finally:
        path.unlink()


@given(st.sampled_from([5, 8, 15, 16, 50, 64]), st.integers(1, 300 * MIB))
def test_the_size_of_parts_is_guessed(part: int, size: int) -> None:
    """Whatever usual client wrote the object, its size is among those that are tried."""
    parts = -(-size // (part * MIB))

    guessed = part_sizes(f"{'0' * 32}-{parts}", size)

    assert len(guessed) <= 4
    assert all(-(-size // one) == parts for one in guessed)
    if parts > 9:
        assert part * MIB in guessed


@pytest.mark.parametrize("tag", [None, "opaque", "0" * 32, f"{'0' * 32}-0", f"{'0' * 32}-x"])
def test_other_tags_have_no_parts(tag: str | None) -> None:
    """There is nothing to probe."""
    assert part_sizes(tag, 10) == []


def test_a_tag_of_one_part_is_an_md5() -> None:
    """Quotes are gone by then."""
    assert single_part_md5("0" * 32) == "0" * 32
    assert single_part_md5(f"{'0' * 32}-1") is None
    assert single_part_md5(None) is None


@pytest.mark.parametrize(
    ("meta", "verdict"),
    [
        ({"metadata": {"store-sha256": hashlib.sha256(b"one").hexdigest()}}, True),
        ({"metadata": {"store-sha256": hashlib.sha256(b"two").hexdigest()}}, False),
        ({"metadata": {"sha1sum": hashlib.sha1(b"one", usedforsecurity=False).hexdigest()}}, True),
        ({"metadata": {"sha1sum": hashlib.sha1(b"two", usedforsecurity=False).hexdigest()}}, False),
        ({"etag": md5(b"one")}, True),
        ({"etag": md5(b"two")}, None),
        ({"etag": parted(b"one", 3)}, True),
        ({"etag": parted(b"two", 3)}, None),
        ({"etag": "opaque"}, None),
    ],
)
def test_the_best_proof_decides(
    tmp_path: Path, meta: dict[str, object], *, verdict: bool | None
) -> None:
    """Our digest, the seed's, the tag of one part, the tag of several; a tag alone never says no."""
    path = tmp_path / "file"
    path.write_bytes(b"one")
    known = Known(hashlib.sha256(b"one").hexdigest(), md5(b"one"))

    found = proven(str(path), known, ObjectMeta("k", 3)._replace(**meta))  # type: ignore[arg-type]

    assert found is verdict


@pytest.mark.parametrize(
    ("written", "up", "alike"),
    [
        (LONG_AGO + 100, True, True),
        (LONG_AGO - 100, True, False),
        (LONG_AGO + 100, False, False),
        (LONG_AGO + 0.5, False, True),
        (None, True, False),
    ],
)
def test_times_are_the_last_resort(written: float | None, *, up: bool, alike: bool) -> None:
    """Up: what was uploaded after the file's last change; down: only what has the very time."""
    stamp = (1, 1, 3, LONG_AGO * 10**9, LONG_AGO * 10**9)
    moment = None if written is None else datetime.fromtimestamp(written, UTC)

    assert presumed(stamp, ObjectMeta("k", 3, "opaque", moment), up=up) is alike


def test_an_object_of_others_is_known_by_our_digest(tmp_path: Path) -> None:
    """Asked about once, and remembered under its tag."""
    objects = Tagged()
    lay(tmp_path / "here", {"a": "1"})
    sync_directory(objects, tmp_path / "here", memory=tmp_path / "one")
    objects.calls.clear()

    sync_directory(objects, tmp_path / "here", memory=tmp_path / "another")
    assert calls(objects, "put", "head") == [("head", "a")]
    sync_directory(objects, tmp_path / "here", memory=tmp_path / "another")

    assert calls(objects, "put", "head") == []


def test_what_is_alike_by_time_alone_is_told(tmp_path: Path) -> None:
    """The reader of the plan knows what was not proven."""
    objects = Tagged()
    objects.put("a", b"1")
    objects.put("b", b"2")
    lay(tmp_path / "here", {"a": "1", "b": "2"})

    done = sync_directory(objects, tmp_path / "here", memory=tmp_path / "memory")

    assert done.plan.steps == ()
    assert done.plan.notes == ("'a' and 1 more is taken for alike by size and time alone",)


def test_an_object_that_is_gone_when_it_is_asked_about_is_uploaded(tmp_path: Path) -> None:
    """A listing is a moment in the past."""

    class Going(Tagged):
        def head(self, key: str, **options: object) -> ObjectMeta:
            self.delete([key])
            return super().head(key)

    objects = Going()
    objects.put("a", b"1")
    lay(tmp_path / "here", {"a": "1"})

    done = sync_directory(objects, tmp_path / "here", memory=tmp_path / "m", dry_run=True)

    assert [step.action for step in done.plan.steps] == ["upload"]


def test_a_same_sized_object_of_others_is_downloaded_where_nothing_proves_it(
    tmp_path: Path,
) -> None:
    """A local edit of the same length is not taken for the original."""
    objects = Tagged()
    objects.put("a", b"new")
    there = lay(tmp_path / "there", {"a": "old"})

    sync_remote_to_local(objects, there, memory=tmp_path / "memory")

    assert (there / "a").read_text() == "new"
    assert held(objects) == {"a": "new"}


def test_a_file_that_never_rests_is_told(tmp_path: Path) -> None:
    """It is read a few times, and then named."""
    path = tmp_path / "log"
    path.write_text("x")

    class Writing(SystemClock):
        def file_time_ns(self) -> int:
            os.truncate(path, path.stat().st_size + 1)
            return 0

    def growing() -> None:
        read_digests(str(path), stamp_at(path), clock=Writing())

    # Changed before it is opened: read again without an error.
    growing()
    with pytest.raises(StorageError):
        read_digests(str(tmp_path), stamp_at(tmp_path))


def test_a_file_that_changes_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its digest would be of no content that ever was."""
    path = tmp_path / "log"
    path.write_text("x")
    real = os.readv

    def readv(descriptor: int, buffers: list[memoryview]) -> int:
        os.truncate(path, path.stat().st_size + 1)
        os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
        return 0 if path.stat().st_size % 2 else real(descriptor, buffers)

    monkeypatch.setattr("store.integrity.hashing.os.readv", readv)

    with pytest.raises(DriftError, match="changes while it is read"):
        read_digests(str(path), stamp_at(path))


def test_a_large_file_is_not_read_again_where_its_object_can_be_asked(tmp_path: Path) -> None:
    """Some servers tag what came in parts otherwise in their listings: a question is cheaper."""
    objects = FakeObjects()
    content = b"x" * (2 << 20)
    here = lay(tmp_path / "here", {"a": content})
    sync_directory(objects, here, memory=tmp_path / "memory")
    meta, body = objects._objects["a"]
    objects._objects["a"] = (meta._replace(etag="f" * 32), body)
    objects.calls.clear()

    done = sync_directory(objects, here, memory=tmp_path / "memory")

    assert done.plan.steps == ()
    assert calls(objects, "put", "head") == [("head", "a")]


def test_a_large_object_of_others_is_known_by_its_tag(tmp_path: Path) -> None:
    """Where asking tells nothing, the file is read."""
    objects = FakeObjects()
    content = b"x" * (2 << 20)
    here = lay(tmp_path / "here", {"a": content})
    sync_directory(objects, here, memory=tmp_path / "memory")
    objects.delete(["a"])
    objects.put("b", b"another")
    objects.put("a", content)
    (tmp_path / "memory" / "objects").rename(tmp_path / "elsewhere")

    done = sync_directory(objects, here, memory=tmp_path / "memory", delete=False)

    assert done.plan.kept == 1


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        ({"sha256": hashlib.sha256(b"one").hexdigest(), "crc32": "00000000"}, True),
        ({"sha256": hashlib.sha256(b"two").hexdigest()}, False),
        ({"sha1": hashlib.sha1(b"one", usedforsecurity=False).hexdigest()}, True),
        ({"crc32": f"{zlib.crc32(b'one'):08x}"}, True),
        ({"crc32": f"{zlib.crc32(b'two'):08x}"}, False),
        ({"crc32c": "2a94b2e9"}, True),
        ({"crc32c": "2a94b2e8", "crc32": f"{zlib.crc32(b'one'):08x}"}, False),
        ({"crc64nvme": f"{checksums.crc64nvme(b'one'):016x}", "crc32c": "00000000"}, True),
        ({"crc64nvme": "0" * 16}, False),
        ({}, None),
    ],
)
def test_a_checksum_of_the_store_is_a_proof(
    tmp_path: Path, told: dict[str, str], *, verdict: bool | None
) -> None:
    """It computed it over the content that it took; the strongest decides."""
    path = tmp_path / "file"
    path.write_bytes(b"one")
    known = Known(hashlib.sha256(b"one").hexdigest())

    found = proven(str(path), known, ObjectMeta("k", 3, "opaque"), checksums=lambda: told)

    assert found is verdict


def test_the_cyclic_checksums_are_those_of_their_definitions(tmp_path: Path) -> None:
    """Of the text that catalogues of them give their values for."""
    path = tmp_path / "file"
    path.write_bytes(b"123456789")

    found = {name: cyclic_of(str(path), name) for name in ("crc64nvme", "crc32c", "crc32")}

    assert found == {"crc64nvme": "ae8b14860a799888", "crc32c": "e3069283", "crc32": "cbf43926"}


def test_without_the_extra_two_checksums_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What else there is decides, or nothing."""
    monkeypatch.setitem(sys.modules, "awscrt", None)
    path = tmp_path / "file"
    path.write_bytes(b"one")
    known = Known(hashlib.sha256(b"one").hexdigest())

    def found(told: dict[str, str]) -> bool | None:
        return proven(str(path), known, ObjectMeta("k", 3, "opaque"), checksums=lambda: told)

    assert found({"crc64nvme": "0" * 16, "crc32c": "0" * 8}) is None
    assert found({"crc64nvme": "0" * 16, "crc32": f"{zlib.crc32(b'one'):08x}"}) is True
    with pytest.raises(KeyError):
        cyclic_of(str(path), "crc32c")


def peer_of(server: MotoServer) -> Any:
    """Return Amazon's own client of a server."""
    import boto3  # type: ignore[import-untyped]

    return boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        aws_access_key_id=server.connection.access_key,
        aws_secret_access_key=server.connection.secret_key,
        region_name="us-east-1",
    )


@pytest.mark.parametrize("algorithm", ["SHA256", "SHA1", "CRC64NVME", "CRC32C", "CRC32"])
def test_a_checksum_that_s3_keeps_is_asked_for(moto_server: MotoServer, algorithm: str) -> None:
    """Whatever wrote the object; moto keeps what it is sent, as S3 does."""
    connection, bucket = moto_server.connection, moto_server.new_bucket()
    peer = peer_of(moto_server)
    peer.put_object(Bucket=bucket, Key="a", Body=b"one", ChecksumAlgorithm=algorithm)
    peer.close()
    client = open_objects(f"s3://{bucket}", TransferOptions(), connection=connection)
    with contextlib.closing(client):
        told = client.checksums("a")

    wanted = {
        "sha256": hashlib.sha256(b"one").hexdigest(),
        "sha1": hashlib.sha1(b"one", usedforsecurity=False).hexdigest(),
        "crc64nvme": f"{checksums.crc64nvme(b'one'):016x}",
        "crc32c": f"{checksums.crc32c(b'one'):08x}",
        "crc32": f"{zlib.crc32(b'one'):08x}",
    }
    md5 = hashlib.md5(b"one", usedforsecurity=False).hexdigest()
    assert told == {algorithm.lower(): wanted[algorithm.lower()], "md5": md5}


MD5 = "0" * 32


@pytest.mark.parametrize(
    ("headers", "known"),
    [
        ({"etag": f'"{MD5}"'}, True),
        ({"etag": MD5, "x-amz-server-side-encryption": "AES256"}, True),
        ({"etag": f'"{MD5}-2"'}, False),
        ({"etag": MD5, "x-amz-server-side-encryption": "aws:kms"}, False),
        ({"etag": MD5, "x-amz-server-side-encryption-customer-algorithm": "AES256"}, False),
    ],
)
def test_a_tag_is_an_md5_where_no_key_of_ones_own_was_used(
    headers: dict[str, str], *, known: bool
) -> None:
    """Else it is of what was encrypted."""
    assert checksums_of(headers) == ({"md5": MD5} if known else {})


@pytest.mark.parametrize(
    ("told", "verdict"),
    [({"md5": MD5}, False), ({}, True), ({"sha256": "right"}, True), ({"sha256": "0" * 64}, False)],
)
def test_where_the_tag_speaks_against_the_metadata_the_store_decides(
    tmp_path: Path, told: dict[str, str], *, verdict: bool
) -> None:
    """A program may have written another content, and kept the metadata."""
    path = tmp_path / "file"
    path.write_bytes(b"right")
    sha256 = hashlib.sha256(b"right").hexdigest()
    known = Known(sha256, hashlib.md5(b"right", usedforsecurity=False).hexdigest())
    meta = ObjectMeta("key", 5, "f" * 32, metadata={"store-sha256": sha256})
    answers = {name: sha256 if one == "right" else one for name, one in told.items()}

    assert proven(str(path), known, meta, checksums=lambda: answers) is verdict
    unread = known._replace(md5=None)
    assert proven(str(path), unread, meta, checksums=lambda: answers) is verdict


def test_an_object_that_was_written_over_is_another_one(
    moto_server: MotoServer, tmp_path: Path
) -> None:
    """Its metadata are those of the content before."""
    connection, bucket = moto_server.connection, moto_server.new_bucket()
    peer = peer_of(moto_server)
    kept = {"store-sha256": hashlib.sha256(b"right").hexdigest()}
    peer.put_object(Bucket=bucket, Key="d/w", Body=b"wrong", Metadata=kept)
    peer.close()
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "w").write_bytes(b"right")
    client = open_objects(f"s3://{bucket}", TransferOptions(), connection=connection)
    with contextlib.closing(client):
        done = sync_directory(client, tmp_path / "here", remote="d", memory=tmp_path / "memory")
        written = content(client, "d/w")

    assert [one.action for one in done.plan.steps] == ["upload"]
    assert written == b"right"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-amz-checksum-sha256": "not base64"},
        {"x-amz-checksum-sha256": "AAAA"},
        {"x-amz-checksum-crc32": "AAAAAA==-3"},
        {"x-amz-checksum-crc32": "AAAAAA==", "x-amz-checksum-type": "COMPOSITE"},
        {"x-amz-checksum-crc32": "AAAAAA==", "etag": '"00000000000000000000000000000000-2"'},
    ],
)
def test_other_checksums_are_none(headers: dict[str, str]) -> None:
    """One over the parts' checksums says nothing of the content."""
    assert checksums_of(headers) == {}


def test_an_upload_is_known_by_the_tag_that_a_listing_tells(tmp_path: Path) -> None:
    """A put's own answer may tell another one, as some servers do for what came in parts."""

    class Parted(FakeObjects):
        def put(self, key: str, *rest: Any, **options: Any) -> ObjectMeta:
            return super().put(key, *rest, **options)._replace(etag=f"{'0' * 32}-2")

    objects = Parted()
    here = lay(tmp_path / "here", {"a": "1"})
    sync_directory(objects, here, memory=tmp_path / "memory")
    objects.calls.clear()

    sync_directory(objects, here, memory=tmp_path / "memory")

    assert objects.calls == [("list", "")]
