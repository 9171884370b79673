"""A look at a file of the cache says what its next use would find."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from store.cache.content import Content
from store.cache.looking import look
from store.integrity.digest import Digest, digests_from
from store.testing.disk_faults import failing_call
from store.testing.fakes import FakeClock

DATA = b"some content"
DIGESTS = digests_from(f"sha256:{hashlib.sha256(DATA).hexdigest()}")


@pytest.fixture
def content(tmp_path: Path) -> Content:
    """Give the files of a cache that may lose what is young."""
    return Content(tmp_path / "cache", durability="relaxed")


@pytest.fixture
def path(content: Content) -> str:
    """Keep a file, and return where it lies."""
    with content.workspace() as directory:
        (directory / "a.txt").write_bytes(DATA)
        return str(content.keep(directory / "a.txt", digests=DIGESTS).path)


def test_a_stamp_vouches_for_what_was_computed(content: Content, path: str) -> None:
    """Another digest has to be computed first; a wrong one is told."""
    sha512 = Digest("sha512", hashlib.sha512(DATA).hexdigest())

    assert look(content, path, DIGESTS).state == "stamped"
    more = look(content, path, (sha512, *DIGESTS))
    assert (more.state, more.reason) == ("hashed", "one of its digests was never computed")
    assert look(content, path, (Digest("sha512", "0" * 128),)).state == "other"


def test_what_is_not_there_or_not_ours_is_missing(
    content: Content, path: str, tmp_path: Path
) -> None:
    """Whatever lies elsewhere."""
    (tmp_path / "mine").write_bytes(DATA)

    assert look(content, f"{path}x", DIGESTS).state == "missing"
    assert look(content, str(tmp_path / "mine"), DIGESTS).state == "missing"


def test_a_file_that_vanishes_meanwhile_is_missing(content: Content, path: str) -> None:
    """Between the look and the reading."""
    Path(path).chmod(0o600)

    with failing_call("open", 2, below=content.root / "content"):
        assert look(content, path, DIGESTS).state == "missing"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("boot", "it was checked before the machine was started, and may have been lost since"),
        ("stamp", "its stamp was never recorded"),
        ("damage", "its stamp was never recorded"),
    ],
)
def test_doubts_are_told(content: Content, path: str, change: str, reason: str) -> None:
    """The file is right, so it is read and nothing is changed."""
    record = Path(content.layout.record(DIGESTS[0]))
    data = json.loads(record.read_bytes())
    known = next(iter(data["files"].values()))
    if change == "boot":
        known["stamp"][0] = "another boot"
    else:
        known["stamp"] = None
    record.write_bytes(b"x" if change == "damage" else json.dumps(data).encode())
    before = record.read_bytes()

    sight = look(content, path, DIGESTS)

    assert (sight.state, sight.reason) == ("hashed", reason)
    assert record.read_bytes() == before


def test_a_young_stamp_is_told_as_the_clock_has_it(tmp_path: Path, store_clock: FakeClock) -> None:
    """Nothing that was never kept is there."""
    content = Content(tmp_path / "none", clock=store_clock)

    assert look(content, content.layout.content + "sha256/00/00/x", ()).state == "missing"
    assert not content.root.exists()
