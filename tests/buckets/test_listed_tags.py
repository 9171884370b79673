"""A store's listing may tell another entity tag than its answer to an upload in parts."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from store.buckets.following import Synced
from store.buckets.syncing import sync_directory
from store.errors import TransportTimeoutError
from store.testing.bucket_trees import calls, lay
from store.testing.object_servers import RcloneServer
from store.testing.objects import FakeObjects
from store.transports.base import TransferOptions
from store.transports.objects.base import ObjectClient, ObjectMeta
from store.transports.objects.opening import open_objects


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


def test_what_is_not_told_in_time_is_known_by_its_time(
    house: Path, rclone_server: RcloneServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store reads the object to tell its tag; neither it nor the file is waited for, nor read again."""
    monkeypatch.setattr("store.buckets.uploading._PROMPT", 0.0)
    large = house / "here" / "large"
    large.parent.mkdir()
    large.write_bytes(b"x" * (9 << 20))
    with opened(rclone_server) as client:
        sync_directory(client, large.parent)
        read: list[str] = []
        real = os.open

        def noted(path: Any, *more: Any, **options: Any) -> int:
            """Open a file, and remember which."""
            read.append(os.fspath(path))
            return real(path, *more, **options)

        monkeypatch.setattr(os, "open", noted)

        again = [sync_directory(client, large.parent).plan for _ in range(2)]

    assert [(plan.kept, plan.steps, plan.notes) for plan in again] == [(1, (), ())] * 2
    assert str(large) not in read


def test_what_was_written_later_is_not_taken_for_what_went_up(
    house: Path, rclone_server: RcloneServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even where its writer has kept the digest of what was there before."""
    monkeypatch.setattr("store.buckets.uploading._PROMPT", 0.0)
    large = house / "here" / "large"
    large.parent.mkdir()
    large.write_bytes(b"x" * (9 << 20))
    with opened(rclone_server) as client:
        sync_directory(client, large.parent)
        time.sleep(1.1)  # the store tells times in whole seconds
        client.put("large", b"y" * (9 << 20), metadata=client.head("large").metadata)

        plan = sync_directory(client, large.parent, dry_run=True).plan

    assert [step.action for step in plan.steps] == ["upload"]


def opened(server: RcloneServer) -> contextlib.closing[ObjectClient]:
    """Open an empty bucket."""
    address = f"s3://{server.new_bucket()}"
    return contextlib.closing(
        open_objects(address, TransferOptions(), connection=server.connection)
    )
