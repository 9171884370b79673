"""A whole cache is looked over by its stamps alone."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from store.cache.audit import audit
from store.cache.content import Content, Kept
from store.cache.surveying import survey
from store.integrity.digest import Digest, Digests
from store.testing.faults import cut_short, flip_bit

Keep = Callable[..., Kept]
Pin = Callable[[bytes], Digests]


@pytest.fixture
def full(content: Content, keep: Keep) -> Content:
    """Give a cache of sixty files, so that it is worth a second process."""
    with content.batch():
        for number in range(60):
            keep(content, b"data" + bytes([number]), name=f"file-{number}")
    return content


def test_what_is_right_is_counted(full: Content) -> None:
    """Files and bytes, and nothing is doubtful."""
    assert survey(full.layout) == (60, 300, ())


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_processes_share_the_work(full: Content, jobs: int) -> None:
    """However many look, each file is seen once."""
    assert survey(full.layout, jobs=jobs) == (60, 300, ())


def test_a_process_with_threads_looks_alone(full: Content, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fork would find their locks as they are."""
    monkeypatch.delattr(os, "fork")
    going_on = threading.Event()
    thread = threading.Thread(target=going_on.wait)
    thread.start()

    try:
        assert survey(full.layout, jobs=2) == (60, 300, ())
    finally:
        going_on.set()
        thread.join()


@pytest.mark.parametrize("damage", [flip_bit, cut_short, Path.unlink])
def test_what_was_touched_is_doubtful(
    full: Content, pin: Pin, damage: Callable[[Path], object]
) -> None:
    """It is left for an audit to look at closer."""
    (digest,) = pin(b"data\x07")
    damage(Path(full.layout.directory(digest)) / "file-7")

    files, size, doubtful = survey(full.layout)

    assert (files, size, doubtful) == (59, 295, (digest,))
    assert [one.state for one in audit(full, quick=True, only=doubtful)] != ["ok"]


def test_a_file_that_no_record_knows_is_doubtful(full: Content, pin: Pin) -> None:
    """So is one whose record is damaged, or gone."""
    known, damaged, gone = (pin(b"data" + bytes([number]))[0] for number in (1, 2, 3))
    (Path(full.layout.directory(known)) / "stranger").write_bytes(b"x")
    Path(full.layout.record(damaged)).write_bytes(b"[]")
    Path(full.layout.record(gone)).unlink()

    assert set(survey(full.layout).doubtful) == {known, damaged, gone}


def test_what_is_no_digest_is_passed_over(full: Content) -> None:
    """A directory of another name is nobody's content."""
    top = next(Path(full.layout.content, "sha256").iterdir())
    (top / "not-a-digest").mkdir()

    assert survey(full.layout) == (60, 300, ())


def test_an_empty_cache_holds_nothing(content: Content) -> None:
    """Nor is it made by looking."""
    assert survey(content.layout) == (0, 0, ())
    assert not content.root.exists()


def test_a_child_that_came_to_grief_is_made_up_for(
    full: Content, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it was to look at is looked at here."""
    monkeypatch.setattr(os, "_exit", lambda _: os.kill(os.getpid(), 9))
    monkeypatch.setattr("store.cache.surveying.json.dumps", lambda _: "")

    assert survey(full.layout, jobs=2) == (60, 300, ())


def test_digests_of_all_algorithms_are_looked_at(content: Content, keep: Keep) -> None:
    """Not only those that are usual."""
    import hashlib

    digest = Digest("sha512", hashlib.sha512(b"other").hexdigest())
    keep(content, b"other", digests=(digest,))

    assert survey(content.layout)[:2] == (1, 5)
