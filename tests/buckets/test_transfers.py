"""One file into a bucket, and out of it."""

from __future__ import annotations

import hashlib
import io
import random
import signal
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest

from store.buckets.sums import Hashed
from store.buckets.transfers import get_file, put_file
from store.errors import (
    DriftError,
    IntegrityError,
    MissingKeyError,
    QueryError,
    StorageError,
    TooLargeError,
    TransportError,
    TruncatedError,
)
from store.integrity.digest import Digest
from store.testing.bucket_trees import calls
from store.testing.fakes import FakeClock
from store.testing.objects import FakeObjects
from store.testing.storage_objects import content
from store.transports.base import Bounds, Retrying, TransferOptions
from store.transports.objects.base import Absent, Body, ObjectMeta
from store.transports.objects.opening import open_objects

LARGE = random.Random(6).randbytes(3 << 20)
"""More than is held in memory at once."""

QUICK = TransferOptions(retrying=Retrying(attempts=3, base=0.0))
"""Waits for nothing."""

ONCE = TransferOptions(retrying=Retrying(attempts=1))
"""Tries once."""


def sha256(content: bytes) -> Digest:
    """Return a content's digest."""
    return Digest("sha256", hashlib.sha256(content).hexdigest())


class Faulty(FakeObjects):
    """A bucket whose bodies break off, or are damaged, as often as it is told."""

    def __init__(self, *, cuts: int = 0, flips: int = 0, after: int = 3) -> None:
        super().__init__("bucket")
        self.cuts, self.flips, self.after = cuts, flips, after

    def get(self, key: str, **asked: Any) -> Body:
        """Open a body that ends too early, or whose first byte is another one."""
        body = super().get(key, **asked)
        if self.cuts or self.flips:
            cut, self.cuts = self.cuts > 0, max(0, self.cuts - 1)
            if not cut:
                self.flips -= 1
            return BrokenBody(body, self.after if cut else None)
        return body


class BrokenBody(Body):
    """A body that breaks off after some bytes, or whose first byte is another one."""

    def __init__(self, body: Body, after: int | None) -> None:
        self.meta, self.start, self.end = body.meta, body.start, body.end
        self._body, self._after, self._given = body, after, 0

    def readinto(self, buffer: memoryview) -> int:
        """Give what is left before the break."""
        if self._after is not None:
            buffer = buffer[: self._after - self._given]
            if not buffer:
                raise TruncatedError("the body ended early", url="s3://bucket/key")
        count = self._body.readinto(buffer)
        if self._after is None and not self._given and count:
            buffer[0] ^= 1
        self._given += count
        return count

    def close(self) -> None:
        """Close the body."""
        self._body.close()


@pytest.mark.parametrize("content", [b"", b"hello\n", LARGE], ids=["empty", "small", "large"])
@pytest.mark.parametrize("form", ["bytes", "path", "file", "stream"])
def test_what_goes_up_comes_down(
    objects: FakeObjects, house: Path, content: bytes, form: str
) -> None:
    """From bytes, paths and open files; its digest is kept with it, and checked."""
    path = house / "source"
    path.write_bytes(content)
    with path.open("rb") as file:
        sources: dict[str, Any] = {
            "bytes": content,
            "path": path,
            "file": file,
            "stream": io.BytesIO(content),
        }
        put = put_file(objects, "data/x", sources[form])

    got = get_file(objects, "data/x", house / "new" / "dest")

    assert (house / "new" / "dest").read_bytes() == content
    assert put.digest == got.summary.digest == sha256(content)
    assert objects.head("data/x").metadata == {"store-sha256": sha256(content).hex}
    assert (put.key, put.size, put.bucket_name) == ("data/x", len(content), "bucket")
    assert put.e_tag == f'"{put.etag}"'
    assert got.verified
    assert got.stamp.size == len(content)
    assert [one.name for one in (house / "new").iterdir()] == ["dest"]


def test_a_sha1_is_kept_where_it_is_asked_for(objects: FakeObjects) -> None:
    """As the page of the original has it."""
    put_file(objects, "x", b"hello\n", sha1=True)

    metadata = objects.head("x").metadata or {}

    assert metadata["sha1sum"] == hashlib.sha1(b"hello\n").hexdigest()


def test_known_digests_are_not_computed_again(objects: FakeObjects, house: Path) -> None:
    """Whoever vouches for a file by its stamp is believed."""
    path = house / "large"
    path.write_bytes(LARGE)

    put = put_file(objects, "x", path, known=Hashed((sha256(b"vouched for"),)))

    assert put.digest == sha256(b"vouched for")


def test_an_open_file_is_read_from_where_it_stands(objects: FakeObjects, house: Path) -> None:
    """What was read before is not sent."""
    path = house / "x"
    path.write_bytes(b"0123456789")
    with path.open("rb") as file:
        file.seek(4)
        put_file(objects, "x", file)

    with objects.get("x") as body:
        buffer = memoryview(bytearray(20))
        assert bytes(buffer[: body.readinto(buffer)]) == b"456789"


def test_a_limited_bandwidth_is_kept_to(objects: FakeObjects) -> None:
    """What went is waited for as long as it must last."""
    clock = FakeClock()
    options = TransferOptions(limit_rate=1000, clock=clock)
    counted: list[int] = []
    began = clock.monotonic()

    put_file(objects, "x", bytes(5000), options=options, counted=counted.append)
    put_file(objects, "y", bytes(5000), options=options)

    assert 9.8 <= clock.monotonic() - began <= 10.0
    assert counted == [5000]


def test_a_condition_is_handed_on(objects: FakeObjects) -> None:
    """What lies there stays."""
    put_file(objects, "x", b"first", condition=Absent())

    with pytest.raises(DriftError):
        put_file(objects, "x", b"second", condition=Absent())


@pytest.mark.parametrize("size", [10, 3 << 20])
def test_a_file_that_changes_while_it_is_read_is_not_sent(house: Path, size: int) -> None:
    """The change is noticed before the last bytes go up; nothing is there then."""
    path = house / "growing"
    path.write_bytes(bytes(size))

    class Slow(FakeObjects):
        def put(self, key: str, source: Any, **asked: Any) -> ObjectMeta:
            with path.open("ab") as file:
                file.write(b"more")
            return super().put(key, source, **asked)

    objects = Slow("bucket")
    if size < 1 << 20:
        put_file(objects, "x", path)  # it was read, whole, before it was sent
        assert objects.head("x").size == size
        return
    with pytest.raises(DriftError, match="changed while it was read"):
        put_file(objects, "x", path)
    with pytest.raises(MissingKeyError):
        objects.head("x")


def test_what_cannot_be_sent_is_said(objects: FakeObjects, house: Path) -> None:
    """A missing file, a directory, a text."""
    with pytest.raises(StorageError, match="No such file"):
        put_file(objects, "x", house / "missing")
    with pytest.raises(QueryError, match="no file that can be sent"):
        put_file(objects, "x", house)
    with pytest.raises(QueryError, match="mode 'rb'"):
        put_file(objects, "x", io.StringIO("text"))  # type: ignore[arg-type]
    with pytest.raises(QueryError, match="cannot be sent"):
        put_file(objects, "x", 17)  # type: ignore[arg-type]
    assert not list(objects.list())


def test_a_missing_key_is_three_errors_at_once(objects: FakeObjects, house: Path) -> None:
    """What was there stays."""
    (house / "x").write_text("old")

    with pytest.raises(MissingKeyError) as caught:
        get_file(objects, "x", house / "x")

    assert isinstance(caught.value, KeyError)
    assert isinstance(caught.value, ValueError)
    assert (house / "x").read_text() == "old"


@pytest.mark.parametrize("content", [b"small", LARGE], ids=["small", "large"])
def test_a_body_that_breaks_off_is_asked_for_again(house: Path, content: bytes) -> None:
    """Bytes are counted once."""
    objects = Faulty()
    put_file(objects, "x", content)
    objects.cuts = 2
    counted: list[int] = []

    got = get_file(objects, "x", house / "x", options=QUICK, counted=counted.append)

    assert (house / "x").read_bytes() == content
    assert got.verified
    assert sum(counted) == len(content)
    assert min(counted) > 0


@pytest.mark.parametrize("content", [b"small", LARGE], ids=["small", "large"])
def test_a_wrong_content_is_asked_for_once_more(house: Path, content: bytes) -> None:
    """A second one is an error, and the old file is as it was."""
    objects = Faulty()
    put_file(objects, "x", content)
    objects.flips = 1
    get_file(objects, "x", house / "x", options=QUICK)
    objects.flips = 99

    with pytest.raises(IntegrityError):
        get_file(objects, "x", house / "x", options=QUICK)

    assert (house / "x").read_bytes() == content
    assert [one.name for one in house.iterdir()] == ["x"]


def test_a_large_object_is_gone_on_with(house: Path) -> None:
    """By the next call; what came before is not asked for again."""
    objects = Faulty(after=2 << 20)
    put_file(objects, "x", LARGE)
    objects.cuts = 3
    with pytest.raises(TransportError):
        get_file(objects, "x", house / "x", options=ONCE)
    objects.cuts = 0
    asked: list[int] = []
    real = objects.get

    def noting(key: str, **wanted: Any) -> Body:
        asked.append(wanted.get("start", 0))
        return real(key, **wanted)

    objects.get = noting  # type: ignore[method-assign]

    get_file(objects, "x", house / "x", options=QUICK)

    assert (house / "x").read_bytes() == LARGE
    assert max(asked) >= 2 << 20
    assert [one.name for one in house.iterdir()] == ["x"]


def test_another_object_than_was_listed_is_refused(objects: FakeObjects, house: Path) -> None:
    """By its entity tag; and by a digest that the caller knows."""
    put_file(objects, "x", b"one")
    with pytest.raises(DriftError):
        get_file(objects, "x", house / "x", etag="other")
    with pytest.raises(IntegrityError):
        get_file(objects, "x", house / "x", expected=sha256(b"two"), options=QUICK)
    assert not list(house.iterdir())


def test_an_object_of_others_is_not_verified(objects: FakeObjects, house: Path) -> None:
    """Nothing says what it should be; a digest that cannot be read says nothing either."""
    objects.put("x", b"plain")
    objects.put("y", b"plain", metadata={"store-sha256": "nonsense"})

    assert not get_file(objects, "x", house / "x").verified
    assert not get_file(objects, "y", house / "y").verified
    assert get_file(objects, "x", house / "z", expected=sha256(b"plain")).verified


@pytest.mark.parametrize("size", [10, 5_000_000])
def test_what_may_not_be_replaced_is_not_asked_for_anew(
    objects: FakeObjects, house: Path, size: int
) -> None:
    """It is the file that was changed, and not the object."""
    objects.put("key", b"1" * size)

    def changed() -> None:
        """Tell that another file lies there by now."""
        raise DriftError("edited", name="f", expected="a", found="b")

    with pytest.raises(DriftError, match="edited"):
        get_file(objects, "key", house / "f", before_placing=changed)

    assert calls(objects, "get") == [("get", "key")]
    assert list(house.iterdir()) == []


def test_what_is_in_the_way_is_said(objects: FakeObjects, house: Path) -> None:
    """A directory stays; too large an object is refused before a byte comes."""
    put_file(objects, "x", b"plain")
    (house / "x").mkdir()
    with pytest.raises(StorageError, match="a directory is in the way"):
        get_file(objects, "x", house / "x")
    bounds = TransferOptions(bounds=Bounds(max_size=3))
    with pytest.raises(TooLargeError, match="max_size"):
        get_file(objects, "x", house / "y", options=bounds)
    assert [one.name for one in house.iterdir()] == ["x"]


def test_a_durable_file_lasts(objects: FakeObjects, house: Path) -> None:
    """Both ways in."""
    for key, data in (("small", b"x"), ("large", LARGE)):
        put_file(objects, key, data)
        got = get_file(objects, key, house / "new" / key, durable=True)
        assert got.path.read_bytes() == data


class Whole(FakeObjects):
    """A bucket that answers each range with the whole."""

    def get(self, key: str, **asked: Any) -> Body:
        """Open the whole."""
        for part in ("start", "end"):
            asked.pop(part, None)
        return super().get(key, **asked)


@pytest.mark.parametrize("kind", [FakeObjects, Whole])
def test_a_very_large_object_is_asked_whether_it_comes_in_parts(
    house: Path, kind: type[FakeObjects]
) -> None:
    """Once a bucket; what gives no parts comes over one connection."""
    objects = kind("bucket")
    content = LARGE * 11
    objects.put("x", content)

    for _ in range(2):
        got = get_file(objects, "x", house / "x", options=QUICK)
        assert got.summary.digest == sha256(content)
    asked = [call for call in objects.calls if call == ("get", "x")]

    assert len(asked) == 3 if kind is Whole else len(asked) >= 3


def test_a_store_that_cannot_be_asked_for_a_part_gives_the_whole(house: Path) -> None:
    """Over one connection; the next one is asked again."""

    class Partless(FakeObjects):
        def get(self, key: str, **asked: Any) -> Body:
            if asked.get("start"):
                raise TransportError("no parts today")
            return super().get(key, **asked)

    objects = Partless("bucket")
    objects.put("x", LARGE * 11)

    got = get_file(objects, "x", house / "x", options=QUICK)

    assert got.summary.size == 11 * len(LARGE)


def test_an_object_that_changes_between_two_tries_begins_anew(house: Path) -> None:
    """What came of the old one is not mixed with the new one."""
    objects = Faulty(after=2 << 20)
    put_file(objects, "x", LARGE)
    objects.cuts = 1
    with pytest.raises(TransportError):
        get_file(objects, "x", house / "x", options=ONCE)
    changed = LARGE[::-1]
    put_file(objects, "x", changed)

    get_file(objects, "x", house / "x", options=QUICK)

    assert (house / "x").read_bytes() == changed
    assert [one.name for one in house.iterdir()] == ["x"]


KILLED = """
import os, signal, sys
from pathlib import Path
from store.buckets.transfers import get_file, put_file
from store.testing.objects import FakeBody, FakeObjects

class Killing(FakeObjects):
    def get(self, key, **asked):
        body = super().get(key, **asked)
        whole = body.readinto
        given = []
        def readinto(buffer):
            if sum(given) >= len(content) // 2:
                os.kill(os.getpid(), signal.SIGKILL)
            given.append(whole(buffer[: len(content) // 2]))
            return given[-1]
        body.readinto = readinto
        return body

content = bytes(range(256)) * int(sys.argv[1])
objects = Killing("bucket")
put_file(objects, "x", content)
get_file(objects, "x", Path("x"))
"""
"""Is killed in the middle of a body."""


@pytest.mark.parametrize("blocks", [4, 3 << 12], ids=["small", "large"])
def test_a_killed_download_leaves_nothing_under_its_name(house: Path, blocks: int) -> None:
    """What was there stays; the next one finishes the job, and sweeps what was left."""
    (house / "x").write_text("old", encoding="utf-8")
    done = subprocess.run([sys.executable, "-c", KILLED, str(blocks)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert (house / "x").read_text(encoding="utf-8") == "old"
    assert len(list(house.iterdir())) > 1, "it was killed in the middle"
    content = bytes(range(256)) * blocks
    objects = FakeObjects("bucket")
    put_file(objects, "x", content)

    get_file(objects, "x", house / "x")

    assert (house / "x").read_bytes() == content
    assert [one.name for one in house.iterdir()] == ["x"]


def test_an_object_that_is_not_what_its_metadata_says_can_be_got(
    objects: FakeObjects, house: Path
) -> None:
    """By whoever knows what it is; who does not is told which metadata, and what can be done."""
    objects.put("k", b"right", metadata={"store-sha256": "0" * 64})

    with pytest.raises(IntegrityError, match=r"'store-sha256' says.*--digest.*--exclude") as raised:
        get_file(objects, "k", house / "k", options=ONCE)
    assert raised.value.found == str(sha256(b"right"))
    get_file(objects, "k", house / "k", expected=sha256(b"right"), options=ONCE)

    assert (house / "k").read_bytes() == b"right"
    with pytest.raises(IntegrityError, match="not what was pinned"):
        get_file(objects, "k", house / "k", expected=sha256(b"wrong"), options=ONCE)


def test_a_large_object_whose_tag_was_not_told_is_asked_about(house: Path) -> None:
    """Ceph's gateway may end an upload without naming it."""

    class Mute(FakeObjects):
        def put(self, key: str, source: Any, **asked: Any) -> ObjectMeta:
            return super().put(key, source, **asked)._replace(etag=None)

    objects = Mute("bucket")

    assert put_file(objects, "large", bytes(9 << 20)).etag == objects.head("large").etag
    assert put_file(objects, "small", b"x").etag is None


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_file_that_says_nothing_of_its_size_goes_up_whole(objects: FakeObjects) -> None:
    """The kernel's own are regular files of no bytes, which are read piece by piece."""
    put_file(objects, "maps", Path("/proc/self/smaps"))

    assert content(objects, "maps").count(b"VmFlags:") > 20


def test_a_member_of_an_archive_goes_up(objects: FakeObjects) -> None:
    """It is a buffered reader, and no file of the system's."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as writing:
        member = tarfile.TarInfo("m")
        member.size = 5
        writing.addfile(member, io.BytesIO(b"hello"))
    archive.seek(0)
    with tarfile.open(fileobj=archive) as reading:
        opened = reading.extractfile("m")
        assert opened is not None
        put_file(objects, "m", cast("BinaryIO", opened))

    assert content(objects, "m") == b"hello"


def test_a_stream_under_a_condition_goes_up_whole() -> None:
    """Where nobody knows how long it is."""
    obstore = pytest.importorskip("obstore.store")
    client = open_objects("s3://b", connection=obstore.MemoryStore())

    class Endless(io.RawIOBase):
        """A pipe, say: it cannot be sought in."""

        left = 20 << 20

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any, /) -> int:
            count = min(len(buffer), self.left)
            self.left -= count
            return count

    meta = client.put("k", io.BufferedReader(Endless()), condition=Absent())

    assert meta.size == client.head("k").size == 20 << 20
