"""Two who bring the same do not defeat each other."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from store.buckets.syncing import apply_plan, sync_directory, sync_remote_to_local
from store.errors import DriftError
from store.testing.bucket_trees import fill, held, lay, tree
from store.testing.objects import FakeObjects
from store.transports.objects.base import ObjectMeta, Source


class Overtaken(FakeObjects):
    """A store to which another brings a content, a moment before each of ours."""

    theirs = b""

    def put(self, key: str, source: Source, **how: Any) -> ObjectMeta:
        """Let the other be first."""
        kept = {"store-sha256": hashlib.sha256(self.theirs).hexdigest()}
        super().put(key, self.theirs, metadata=kept)
        return super().put(key, source, **how)


def overtaken(theirs: bytes) -> Overtaken:
    """Return a store to which another brings ``theirs``."""
    objects = Overtaken()
    objects.theirs = theirs
    return objects


def test_an_object_that_another_has_brought_counts(tmp_path: Path) -> None:
    """It is what was to come; the next sync knows it."""
    objects = overtaken(b"content")
    here = lay(tmp_path / "here", {"a": "content"})

    sync_directory(objects, here, memory=tmp_path / "memory")
    again = sync_directory(objects, here, memory=tmp_path / "memory")

    assert held(objects) == {"a": "content"}
    assert again.plan.steps == ()


@pytest.mark.parametrize("theirs", [b"another", b"CONTENT"])
def test_another_content_is_not_replaced(tmp_path: Path, theirs: bytes) -> None:
    """Of the same size or not."""
    objects = overtaken(theirs)
    here = lay(tmp_path / "here", {"a": "content"})

    with pytest.raises(DriftError, match="changed by another"):
        sync_directory(objects, here, memory=tmp_path / "memory")

    assert held(objects) == {"a": theirs.decode()}


def test_a_plan_that_was_looked_through_is_kept_to(tmp_path: Path) -> None:
    """It is refused if either side has moved on, wherever to."""
    objects = overtaken(b"content")
    here = lay(tmp_path / "here", {"a": "content"})
    plan = sync_directory(objects, here, memory=tmp_path / "memory", dry_run=True).plan

    with pytest.raises(DriftError):
        apply_plan(objects, plan, memory=tmp_path / "memory")


@pytest.mark.parametrize(
    ("theirs", "counts"), [("content", True), ("CONTENT", False), ("another", False)]
)
def test_a_file_that_another_has_got_counts(tmp_path: Path, theirs: str, *, counts: bool) -> None:
    """Where it is what was to come; any other is left alone."""

    class Late(FakeObjects):
        """A store whose listing takes so long that another has got the file meanwhile."""

        def list(self, prefix: str = "", *, after: str | None = None) -> Iterator[ObjectMeta]:
            """List, and let the other be first."""
            yield from super().list(prefix, after=after)
            lay(tmp_path / "there", {"a": theirs})

    objects = Late()
    fill(objects, {"a": "content"})

    if counts:
        sync_remote_to_local(objects, tmp_path / "there", memory=tmp_path / "memory")
    else:
        with pytest.raises(DriftError):
            sync_remote_to_local(objects, tmp_path / "there", memory=tmp_path / "memory")

    assert tree(tmp_path / "there") == {"a": theirs}


def test_a_file_that_changed_meanwhile_is_not_taken_for_what_another_brought(
    tmp_path: Path,
) -> None:
    """The other has brought the old content: nothing of that may be remembered of the new one."""
    here = lay(tmp_path / "here", {"a": "content"})

    class Late(Overtaken):
        """A store that is asked what it honours between the look at the files and the first upload."""

        def honours_conditions(self, within: str = "") -> bool | None:
            """Let somebody write the file meanwhile."""
            (here / "a").write_bytes(b"CONTENT")
            return super().honours_conditions(within)

    objects = Late()
    objects.theirs = b"content"

    with pytest.raises(DriftError):
        sync_directory(objects, here, memory=tmp_path / "memory")
    again = sync_directory(objects, here, memory=tmp_path / "memory", dry_run=True)

    assert [one.action for one in again.plan.steps] == ["upload"]


def test_a_copy_replaces_nothing_that_the_plan_did_not_see(tmp_path: Path) -> None:
    """Another has written there meanwhile."""
    here = lay(tmp_path / "here", {"a": "content"})

    class Late(FakeObjects):
        """A store to which another writes before a copy is made."""

        def copy(self, source: str, dest: str, *, replacing: bool = True) -> None:
            """Let the other be first."""
            self.put(dest, b"another's work")
            super().copy(source, dest, replacing=replacing)

    objects = Late()
    sync_directory(objects, here, memory=tmp_path / "memory")
    lay(here, {"b": "content"})

    with pytest.raises(DriftError):
        sync_directory(objects, here, memory=tmp_path / "memory")

    assert held(objects)["b"] == "another's work"


def test_a_copy_that_another_has_made_counts(tmp_path: Path) -> None:
    """It is what was to come."""
    here = lay(tmp_path / "here", {"a": "content"})
    kept = {"store-sha256": hashlib.sha256(b"content").hexdigest()}

    class Late(FakeObjects):
        """A store to which another brings the same before a copy is made."""

        def copy(self, source: str, dest: str, *, replacing: bool = True) -> None:
            """Let the other be first."""
            self.put(dest, b"content", metadata=kept)
            super().copy(source, dest, replacing=replacing)

    objects = Late()
    sync_directory(objects, here, memory=tmp_path / "memory")
    lay(here, {"b": "content"})

    sync_directory(objects, here, memory=tmp_path / "memory")

    assert held(objects) == {"a": "content", "b": "content"}
