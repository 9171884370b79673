"""What others wrote is held against its entity tag, and is the object that is wanted."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from store.buckets.syncing import sync_remote_to_local
from store.buckets.transfers import get_file
from store.errors import DriftError, IntegrityError, TransportError
from store.testing.bucket_trees import tree
from store.testing.objects import FakeObjects
from store.transports.base import Retrying, TransferOptions
from store.transports.objects.base import Body

QUICK = TransferOptions(retrying=Retrying(attempts=3, base=0.001, longest=0.002))
ONCE = TransferOptions(retrying=Retrying(attempts=1))
LARGE = bytes(range(256)) * (12 << 12)


class Damaging(FakeObjects):
    """A store whose bodies are damaged on their way, some times, or break off."""

    def __init__(self, *, flips: int = 0, cuts: int = 0, plain: bool = True) -> None:
        super().__init__("bucket")
        self.flips, self.cuts, self.plain = flips, cuts, plain

    def get(self, key: str, **asked: Any) -> Body:
        """Open a body, damaged where that is due."""
        body = super().get(key, **asked)
        whole, given = body.readinto, 0

        def readinto(buffer: memoryview) -> int:
            nonlocal given
            if self.cuts and given >= 6 << 20:
                self.cuts -= 1
                raise TransportError("the connection broke")
            count = whole(buffer[: 1 << 20])
            given += count
            if self.flips and count:
                self.flips -= 1
                buffer[0] ^= 1
            return count

        body.readinto = readinto  # type: ignore[method-assign]
        return body

    def checksums(self, key: str, *, version: str | None = None) -> Mapping[str, str]:
        """Say that the tag is an MD5, unless it is of what was encrypted."""
        return {"md5": str(self.head(key).etag)} if self.plain else {}


@pytest.mark.parametrize("content", [b"small", LARGE], ids=["small", "large"])
def test_damage_on_the_way_is_found(house: Path, content: bytes) -> None:
    """Though nobody kept a digest: the tag is one. The old file stays, and no trace."""
    objects = Damaging(flips=99)
    objects.put("x", content)
    (house / "x").write_bytes(b"old")

    with pytest.raises(IntegrityError, match="entity tag says") as caught:
        get_file(objects, "x", house / "x", options=ONCE)

    assert caught.value.expected == f"md5:{hashlib.md5(content, usedforsecurity=False).hexdigest()}"
    assert tree(house) == {"x": "old"}
    assert [one.name for one in house.iterdir()] == ["x"]


def test_a_tag_of_what_was_encrypted_says_nothing(house: Path) -> None:
    """Its key was somebody's own."""
    objects = Damaging(flips=1, plain=False)
    objects.put("x", b"content")

    get_file(objects, "x", house / "x", options=ONCE)

    assert (house / "x").read_bytes() == b"bontent"


def test_damage_is_remembered_by_nobody(house: Path) -> None:
    """The next sync brings it right; of what is small one comes in another way, and is right at once."""
    objects = Damaging(flips=1)
    for name in "abcdefgh":
        objects.put(name, name.encode() * 1000)

    done = sync_remote_to_local(objects, house / "there", memory=house / "memory", options=QUICK)

    assert tree(house / "there") == {name: name * 1000 for name in "abcdefgh"}
    assert len(done.plan.steps) == 8


@pytest.mark.parametrize("tagged", [True, False])
def test_parts_of_an_older_object_are_no_reason_to_fail(house: Path, *, tagged: bool) -> None:
    """It was replaced between two runs: the one that is wanted by now comes, from its beginning."""
    objects = Damaging(cuts=9)
    objects.put("x", LARGE)
    with pytest.raises(TransportError):
        get_file(objects, "x", house / "x", options=ONCE, etag=objects.head("x").etag)
    kept = [one.name for one in house.iterdir()]
    objects.cuts = 0
    meta = objects.put("x", LARGE[::-1])

    get_file(objects, "x", house / "x", options=QUICK, etag=meta.etag if tagged else None)

    assert kept
    assert (house / "x").read_bytes() == LARGE[::-1]
    with pytest.raises(DriftError):
        get_file(objects, "x", house / "x", options=QUICK, etag="another")


@pytest.mark.parametrize("kept", [True, False])
def test_an_object_that_is_replaced_while_it_comes_is_asked_for_anew(
    house: Path, *, kept: bool
) -> None:
    """What comes is one of them, and told as that one."""

    def said(content: bytes) -> dict[str, str]:
        return {"store-sha256": hashlib.sha256(content).hexdigest()} if kept else {}

    class Replaced(Damaging):
        """A store in which another object takes the place of the one that is coming."""

        def get(self, key: str, **asked: Any) -> Body:
            """Open a body that breaks off, once, since there is another by then."""
            body = super().get(key, **asked)
            if self.cuts:
                self.put(key, LARGE[::-1], metadata=said(LARGE[::-1]))
            return body

    objects = Replaced(cuts=1)
    objects.put("x", LARGE, metadata=said(LARGE))

    got = get_file(objects, "x", house / "x", options=QUICK)

    assert (house / "x").read_bytes() == LARGE[::-1]
    assert got.summary.etag == objects.head("x").etag
