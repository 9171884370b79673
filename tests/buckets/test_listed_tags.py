"""A store's listing may tell another entity tag than its answer to an upload in parts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from store.buckets.following import Synced
from store.buckets.syncing import sync_directory
from store.clock import SYSTEM_CLOCK
from store.errors import TransportTimeoutError
from store.testing.bucket_trees import calls, lay
from store.testing.objects import FakeObjects
from store.transports.deadlines import current
from store.transports.objects.base import ObjectMeta


class Reading(FakeObjects):
    """A store that tells the tag of parts at first, and later one for which it has to read the object."""

    def __init__(self, *, slow: bool) -> None:
        super().__init__("bucket")
        self.slow = slow

    def put(self, *given: Any, **more: Any) -> ObjectMeta:
        """Tell the tag of parts."""
        return super().put(*given, **more)._replace(etag=f"{'0' * 32}-2")

    def list(self, prefix: str = "", **asked: Any) -> Iterator[ObjectMeta]:
        """Tell another tag, of no one's MD5."""
        return (meta._replace(etag="read") for meta in super().list(prefix, **asked))

    def head(self, key: str, **asked: Any) -> ObjectMeta:
        """Tell it, too; not before whoever asks has lost his patience, where this is slow."""
        found = super().head(key, **asked)._replace(etag="read")
        if self.slow:
            left = current(SYSTEM_CLOCK).left()
            assert left < 1, "nobody bounds the question"
            current(SYSTEM_CLOCK).sleep(left)
            raise TransportTimeoutError("the object is being read")
        return found


def up(objects: FakeObjects, house: Path) -> Synced:
    """Sync a tree to a bucket."""
    return sync_directory(objects, house / "here", memory=house / "memory")


def test_a_tag_that_is_told_at_once_spares_the_next_sync_a_question(tmp_path: Path) -> None:
    """It is asked for once the upload is done."""
    objects = Reading(slow=False)
    lay(tmp_path / "here", {"a": "content"})
    up(objects, tmp_path)
    objects.calls.clear()

    done = up(objects, tmp_path)

    assert done.plan.kept == 1
    assert calls(objects, "head") == []


def test_a_tag_that_takes_long_is_not_waited_for(tmp_path: Path) -> None:
    """The store goes on reading by itself; the next sync asks for it, and the one behind need not."""
    objects = Reading(slow=True)
    lay(tmp_path / "here", {"a": "content"})

    done = up(objects, tmp_path)

    assert [step.action for step in done.plan.steps] == ["upload"]
    objects.slow = False
    objects.calls.clear()
    assert up(objects, tmp_path).plan.kept == 1
    assert calls(objects, "head") == [("head", "a")]
    assert up(objects, tmp_path).plan.kept == 1
    assert calls(objects, "head") == [("head", "a")]
