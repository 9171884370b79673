"""A directory is changed as its plan says, and by nothing else."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from store.buckets.syncing import sync_remote_to_local
from store.errors import DriftError
from store.files.unfinished import partial_name
from store.testing.bucket_trees import calls, fill, lay, tree
from store.testing.object_servers import ObjectServer
from store.testing.objects import FakeObjects
from store.transports.base import TransferOptions
from store.transports.objects.base import ObjectClient
from store.transports.objects.opening import open_objects


def test_progress_is_told_of_each_file_that_comes(tmp_path: Path) -> None:
    """Monotone, and to its end."""
    objects = FakeObjects()
    fill(objects, {"a": "1" * 1000, "b": "", "c": "2" * 2000})
    seen: dict[str, list[tuple[int, int | None]]] = {}

    def progress(read: int, total: int | None, name: str) -> None:
        seen.setdefault(name, []).append((read, total))

    sync_remote_to_local(objects, tmp_path / "there", memory=tmp_path / "m", progress=progress)

    assert seen.keys() == {"a", "b", "c"}
    assert all(told == sorted(told) and told[-1][0] == told[-1][1] for told in seen.values())


def test_a_duplicate_of_what_was_edited_meanwhile_is_downloaded(tmp_path: Path) -> None:
    """What is copied is what the object is, whatever became of the file it was to be copied from."""
    there = tmp_path / "there"

    class Slow(FakeObjects):
        def get(self, key: str, **options: Any) -> Any:
            if key != "a" and (there / "a").exists():
                (there / "a").write_text("edited")
            return super().get(key, **options)

    objects = Slow()
    fill(objects, {"a": "the same", "c": "another"})
    sync_remote_to_local(objects, there, memory=tmp_path / "m", jobs=1)
    fill(objects, {"b": "the same", "d": "new"})

    sync_remote_to_local(objects, there, memory=tmp_path / "m", jobs=1)

    assert tree(there)["b"] == "the same"
    assert ("get", "b") in calls(objects, "get")


def test_a_file_that_was_edited_since_is_not_removed(tmp_path: Path) -> None:
    """Nor is anything else then."""
    there = lay(tmp_path / "there", {"gone": "1", "also gone": "2", "kept": "3"})

    class Slow(FakeObjects):
        def get(self, key: str, **options: Any) -> Any:
            (there / "gone").write_text("edited")
            return super().get(key, **options)

    objects = Slow()
    fill(objects, {"new": "4", "kept": "3"})

    with pytest.raises(DriftError, match="nothing was removed"):
        sync_remote_to_local(objects, there, memory=tmp_path / "m", delete=True, max_delete=1)

    assert tree(there) == {"gone": "edited", "also gone": "2", "kept": "3", "new": "4"}


def test_a_file_that_is_gone_already_is_no_error(tmp_path: Path) -> None:
    """Somebody else removed it."""
    there = lay(tmp_path / "there", {"gone": "1", "kept": "3"})

    class Slow(FakeObjects):
        def get(self, key: str, **options: Any) -> Any:
            (there / "gone").unlink()
            return super().get(key, **options)

    objects = Slow()
    fill(objects, {"new": "4", "kept": "3"})

    sync_remote_to_local(objects, there, memory=tmp_path / "m", delete=True, max_delete=1)

    assert tree(there) == {"kept": "3", "new": "4"}


def test_what_a_killed_sync_left_is_swept(tmp_path: Path) -> None:
    """But not what another process is still writing."""
    there = lay(tmp_path / "there", {"kept": "1"})
    mine = partial_name()
    dead = mine.replace(f"-{os.getpid()}-", "-999999999-")
    (there / mine).write_text("under way")
    (there / dead).write_text("left over")
    objects = FakeObjects()
    fill(objects, {"kept": "1"})

    sync_remote_to_local(objects, there, memory=tmp_path / "m")

    assert {path.name for path in there.iterdir()} == {"kept", mine}


@pytest.mark.parametrize("size", [5_000_000, 5000])
@pytest.mark.parametrize("before", [{"it": "old"}, {}])
def test_what_is_written_while_an_object_comes_is_not_replaced(
    tmp_path: Path, before: dict[str, str], size: int
) -> None:
    """However long that takes: a file that was there, and one that was not."""
    there = lay(tmp_path / "there", {"kept": "", **before})
    objects = FakeObjects()
    fill(objects, {"it": "1" * size})

    def progress(read: int, total: int | None, name: str) -> None:
        del total, name
        if read:
            (there / "it").write_text("edited")

    with pytest.raises(DriftError, match="was changed since it was looked at"):
        sync_remote_to_local(objects, there, memory=tmp_path / "m", progress=progress)

    assert tree(there) == {"kept": "", "it": "edited"}


CONTENTS = {"it": "newit", "a": "1", "b": "2", "c": "3", "d": "4"}


@contextlib.contextmanager
def small_ones(server: ObjectServer) -> Iterator[ObjectClient]:
    """Open a bucket of objects that come in bulk."""
    address = f"s3://{server.new_bucket()}"
    with contextlib.closing(
        open_objects(address, TransferOptions(), connection=server.connection)
    ) as objects:
        for key, content in CONTENTS.items():
            objects.put(key, content.encode())
        yield objects


def edit_meanwhile(monkeypatch: pytest.MonkeyPatch, path: Path, text: str) -> None:
    """Write a file while what is to replace it is written beside it."""
    real = os.write

    def busy(descriptor: int, data: bytes) -> int:
        """Edit what is to be replaced by what is written."""
        if bytes(data) == CONTENTS["it"].encode():
            path.write_text(text)
        return real(descriptor, data)

    monkeypatch.setattr(os, "write", busy)


@pytest.mark.parametrize("before", [{"it": "old"}, {}])
def test_what_is_written_while_many_small_objects_come_is_not_replaced(
    tmp_path: Path,
    before: dict[str, str],
    moto_server: ObjectServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not even what is written in the moment in which what has come is written beside it."""
    there = lay(tmp_path / "there", {"kept": "", **before})
    with small_ones(moto_server) as objects:
        edit_meanwhile(monkeypatch, there / "it", "edited")
        with pytest.raises(DriftError, match="was changed since it was looked at"):
            sync_remote_to_local(objects, there, memory=tmp_path / "m")

    assert tree(there)["it"] == "edited"
    assert not list(there.glob(".store-*"))


def test_the_same_content_that_another_has_just_brought_is_no_change(
    tmp_path: Path, moto_server: ObjectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two may be at the same work."""
    there = tmp_path / "there"
    with small_ones(moto_server) as objects:
        edit_meanwhile(monkeypatch, there / "it", CONTENTS["it"])
        sync_remote_to_local(objects, there, memory=tmp_path / "m")

    assert tree(there) == CONTENTS
