"""A large file is hashed as a whole, and each of its parts with it."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from store.buckets import sums
from store.buckets.sums import hash_whole
from store.errors import DigestError
from store.transports.objects.sources import PART

CONTENT = hashlib.sha256(b"content").digest() * (2 * PART // 32)
Opening = Callable[[bytes], int]


@pytest.fixture
def opening(tmp_path: Path) -> Iterator[Opening]:
    """Open files of given contents."""
    opened: list[int] = []

    def opening(content: bytes) -> int:
        path = tmp_path / str(len(opened))
        path.write_bytes(content)
        opened.append(os.open(path, os.O_RDONLY))
        return opened[-1]

    yield opening
    for descriptor in opened:
        os.close(descriptor)


def sha256(content: bytes) -> str:
    """Return a content's SHA-256."""
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("size", [PART + 1, 2 * PART - 1, 2 * PART])
def test_each_part_has_its_own(opening: Opening, size: int) -> None:
    """The last may be smaller."""
    content = CONTENT[:size]

    found = hash_whole(opening(content), ("sha256", "md5"), size, sums=True)

    assert dict(found.digests)["sha256"] == sha256(content)
    assert dict(found.digests)["md5"] == hashlib.md5(content, usedforsecurity=False).hexdigest()
    assert found.sums == (sha256(content[:PART]), sha256(content[PART:]))


@pytest.mark.parametrize(("size", "wanted"), [(0, True), (PART, True), (PART + 1, False)])
def test_what_is_no_larger_than_one_part_or_not_asked_about_has_none(
    opening: Opening, size: int, *, wanted: bool
) -> None:
    """It goes up in one request, or its parts are not signed."""
    found = hash_whole(opening(CONTENT[:size]), ("sha256",), size, sums=wanted)

    assert found.sums == ()
    assert dict(found.digests)["sha256"] == sha256(CONTENT[:size])


def test_a_file_that_became_shorter_has_the_sums_of_what_is_left(opening: Opening) -> None:
    """That it changed is told by its stamp."""
    found = hash_whole(opening(CONTENT[: PART + 5]), ("sha256",), 3 * PART, sums=True)

    assert found.sums == (sha256(CONTENT[:PART]),)


def test_what_fails_ends_the_other_hand_too(
    opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody goes on reading a file that is closed then."""

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sums, "hash_descriptor", fail)
    before = threading.active_count()

    with pytest.raises(KeyboardInterrupt):
        hash_whole(opening(CONTENT), ("sha256",), len(CONTENT), sums=True)

    assert threading.active_count() == before


def test_an_unknown_algorithm_is_told(opening: Opening) -> None:
    """As where nothing but the whole is hashed."""
    with pytest.raises(DigestError):
        hash_whole(opening(CONTENT), ("md99",), len(CONTENT), sums=True)
