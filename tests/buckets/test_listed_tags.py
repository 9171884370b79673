"""A store's listing may tell another entity tag than its answer to an upload in parts."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from store.buckets.checking import check_directory
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


def test_a_tag_that_is_not_told_is_asked_for_by_a_later_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The upload is done all the same, and the sync behind that one need not ask."""
    monkeypatch.setattr("store.buckets.spans.TRUSTED", -1.0)
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


@pytest.fixture
def client(rclone_server: RcloneServer, house: Path) -> Iterator[ObjectClient]:
    """An empty bucket of a store that reads an object to tell its tag."""
    address = f"s3://{rclone_server.new_bucket()}"
    opened = open_objects(address, TransferOptions(), connection=rclone_server.connection)
    with contextlib.closing(opened) as client:
        yield client


@pytest.fixture
def large(house: Path) -> Path:
    """A file that goes up in parts, alone in its directory."""
    path = house / "here" / "large"
    path.parent.mkdir()
    path.write_bytes(b"x" * (9 << 20))
    return path


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No tag is waited for."""
    monkeypatch.setattr("store.buckets.uploading._PROMPT", 0.0)
    return monkeypatch


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of all files that are opened from now on."""
    found: list[str] = []
    real = os.open

    def noted(path: Any, *more: Any, **options: Any) -> int:
        """Open a file, and remember which."""
        found.append(os.fspath(path))
        return real(path, *more, **options)

    monkeypatch.setattr(os, "open", noted)
    return found


@pytest.mark.usefixtures("hasty")
def test_what_is_not_told_in_time_is_known_by_its_time(
    client: ObjectClient, large: Path, opened: list[str]
) -> None:
    """Neither the tag is waited for, nor the file read again by a sync that follows soon."""
    sync_directory(client, large.parent)
    opened.clear()

    again = [sync_directory(client, large.parent).plan for _ in range(2)]

    assert [(plan.kept, plan.steps, plan.notes) for plan in again] == [(1, (), ())] * 2
    assert str(large) not in opened


def test_a_later_sync_proves_it_once(
    client: ObjectClient, large: Path, opened: list[str], hasty: pytest.MonkeyPatch
) -> None:
    """By reading the file; from then on its tag is known."""
    sync_directory(client, large.parent)
    hasty.setattr("store.buckets.spans.TRUSTED", -1.0)
    reads = []
    for _ in range(2):
        opened.clear()
        assert sync_directory(client, large.parent).plan.steps == ()
        reads.append(opened.count(str(large)))

    assert reads == [1, 0]


def test_not_much_is_let_go_without_its_tag(
    client: ObjectClient, large: Path, opened: list[str], hasty: pytest.MonkeyPatch
) -> None:
    """So that not much is read again by a later sync: the rest is waited for."""
    hasty.setattr("store.buckets.uploading._LET_GO", 10 << 20)
    (large.parent / "other").write_bytes(b"y" * (9 << 20))
    sync_directory(client, large.parent)
    hasty.setattr("store.buckets.spans.TRUSTED", -1.0)
    opened.clear()

    assert sync_directory(client, large.parent).plan.kept == 2

    assert len([one for one in opened if one in {str(large), str(large.parent / "other")}]) == 1


@pytest.mark.usefixtures("hasty")
def test_what_was_written_later_is_not_taken_for_what_went_up(
    client: ObjectClient, large: Path
) -> None:
    """Not even where its writer has kept the digest of what was there before."""
    sync_directory(client, large.parent)
    time.sleep(1.1)  # the store tells times in whole seconds
    client.put("large", b"y" * (9 << 20), metadata=client.head("large").metadata)

    plan = sync_directory(client, large.parent, dry_run=True).plan

    assert [step.action for step in plan.steps] == ["upload"]


@pytest.mark.usefixtures("hasty")
def test_a_check_goes_by_no_time(client: ObjectClient, large: Path) -> None:
    """What was written within the very second of the upload is found by it, and mended by the next sync."""
    sync_directory(client, large.parent)
    client.put("large", b"y" * (9 << 20), metadata=client.head("large").metadata)
    sync_directory(client, large.parent, dry_run=True)

    (found,) = check_directory(client, large.parent).lines

    assert found.sign == "*"
    plan = sync_directory(client, large.parent).plan
    assert [step.action for step in plan.steps] == ["upload"]
    assert check_directory(client, large.parent).alike
