"""The fake bucket does what a real one does."""

from __future__ import annotations

import io

import pytest

from store.errors import DriftError, MissingKeyError
from store.testing.objects import FakeObjects
from store.transports.objects.base import Absent, Unchanged


def whole(bucket: FakeObjects, key: str, start: int = 0, end: int | None = None) -> bytes:
    """Read an object, or a part of it."""
    buffer = memoryview(bytearray(3))
    pieces = []
    with bucket.get(key, start=start, end=end) as body:
        while count := body.readinto(buffer):
            pieces.append(bytes(buffer[:count]))
    return b"".join(pieces)


def test_what_is_put_is_given() -> None:
    """With its metadata, whole or in part."""
    bucket = FakeObjects()

    moved: list[int] = []
    bucket.put("a/b", b"0123456789", metadata={"store-sha256": "x"}, counted=moved.append)
    bucket.put("a/c", io.BytesIO(b""))

    assert whole(bucket, "a/b") == b"0123456789"
    assert whole(bucket, "a/b", 4, 40) == b"456789"
    assert bucket.head("a/b").metadata == {"store-sha256": "x"}
    assert moved == [10]
    assert [(one.key, one.size, one.metadata) for one in bucket.list("a/")] == [
        ("a/b", 10, None),
        ("a/c", 0, None),
    ]
    assert [one.key for one in bucket.list(after="a/b")] == ["a/c"]


def test_conditions_hold_or_are_passed_over() -> None:
    """As the maker of the fake wants it."""
    strict, lax = FakeObjects(), FakeObjects(conditions=False)

    for bucket in (strict, lax):
        first = bucket.put("a", b"1", condition=Absent())
        bucket.put("a", b"2", condition=Unchanged(first.etag or ""))
    with pytest.raises(DriftError):
        strict.put("a", b"3", condition=Absent())
    with pytest.raises(DriftError):
        strict.get("a", etag="another")
    lax.put("a", b"3", condition=Absent())

    assert whole(strict, "a") == b"2"
    assert whole(lax, "a") == b"3"
    assert strict.honours_conditions() is True
    assert lax.honours_conditions() is False


def test_copies_and_deletions() -> None:
    """A copy replaces only where it may; deleting twice is no error."""
    bucket = FakeObjects()
    bucket.put("a", b"1")

    bucket.copy("a", "b")
    with pytest.raises(DriftError):
        bucket.copy("a", "b", replacing=False)
    bucket.delete(["a", "a"])

    assert whole(bucket, "b") == b"1"
    with pytest.raises(MissingKeyError):
        bucket.head("a")
