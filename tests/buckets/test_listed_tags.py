"""A store's listing may tell another entity tag than its answer to an upload in parts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from store.buckets.following import Synced
from store.buckets.syncing import sync_directory
from store.errors import TransportTimeoutError
from store.testing.bucket_trees import calls, lay
from store.testing.objects import FakeObjects
from store.transports.objects.base import ObjectMeta


class Reading(FakeObjects):
    """A store that tells the tag of parts at first, and later one for which it has to read the object."""

    def __init__(self, *, silent: bool) -> None:
        super().__init__("bucket")
        self.silent = silent

    def put(self, *given: Any, **more: Any) -> ObjectMeta:
        """Tell the tag of parts."""
        return super().put(*given, **more)._replace(etag=f"{'0' * 32}-2")

    def list(self, prefix: str = "", **asked: Any) -> Iterator[ObjectMeta]:
        """Tell another tag, of no one's MD5."""
        return (meta._replace(etag="read") for meta in super().list(prefix, **asked))

    def head(self, key: str, **asked: Any) -> ObjectMeta:
        """Tell it, too; not where it is silent."""
        if self.silent:
            raise TransportTimeoutError("the object is being read")
        return super().head(key, **asked)._replace(etag="read")


def up(objects: FakeObjects, house: Path) -> Synced:
    """Sync a tree to a bucket."""
    return sync_directory(objects, house / "here", memory=house / "memory")


def test_a_tag_that_is_told_at_once_spares_the_next_sync_a_question(tmp_path: Path) -> None:
    """It is asked for once the upload is done."""
    objects = Reading(silent=False)
    lay(tmp_path / "here", {"a": "content"})
    up(objects, tmp_path)
    objects.calls.clear()

    done = up(objects, tmp_path)

    assert done.plan.kept == 1
    assert calls(objects, "head") == []


def test_a_tag_that_is_not_told_is_asked_for_by_the_next_sync(tmp_path: Path) -> None:
    """The upload is done all the same, and the sync behind that one need not ask."""
    objects = Reading(silent=True)
    lay(tmp_path / "here", {"a": "content"})

    done = up(objects, tmp_path)

    assert [step.action for step in done.plan.steps] == ["upload"]
    objects.silent = False
    objects.calls.clear()
    assert up(objects, tmp_path).plan.kept == 1
    assert calls(objects, "head") == [("head", "a")]
    assert up(objects, tmp_path).plan.kept == 1
    assert calls(objects, "head") == []
