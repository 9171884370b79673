"""A bucket is made like a directory, and a directory like a bucket."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from store.buckets.following import Synced
from store.buckets.plan import Plan
from store.buckets.syncing import (
    apply_plan,
    sync_directory,
    sync_files,
    sync_remote_to_local,
)
from store.errors import (
    DriftError,
    IntegrityError,
    QueryError,
    RefusedError,
    StorageError,
    StoreError,
    TransportError,
    UnsafeNameError,
)
from store.testing.bucket_trees import calls, fill, held, lay, tree
from store.testing.objects import FakeObjects
from store.transports.base import Retrying, TransferOptions
from store.transports.objects.base import ObjectMeta

ONCE = TransferOptions(retrying=Retrying(attempts=1))
"""Tries once."""


@pytest.fixture
def up(objects: FakeObjects, tmp_path: Path) -> Callable[..., Synced]:
    """Sync ``tmp_path/here`` up, remembering in a directory of the test's."""

    def sync(**options: Any) -> Synced:
        return sync_directory(objects, tmp_path / "here", memory=tmp_path / "memory", **options)

    return sync


@pytest.fixture
def down(objects: FakeObjects, tmp_path: Path) -> Callable[..., Synced]:
    """Sync the bucket down to ``tmp_path/there``, remembering in a directory of the test's."""

    def sync(**options: Any) -> Synced:
        options = {"options": ONCE, **options}
        return sync_remote_to_local(
            objects, tmp_path / "there", memory=tmp_path / "memory", **options
        )

    return sync


def test_a_bucket_becomes_like_the_directory(
    objects: FakeObjects, tmp_path: Path, up: Callable[..., Synced]
) -> None:
    """What is missing goes up, what is other is replaced, what is gone is deleted."""
    lay(tmp_path / "here", {"new": "1", "deep/other": "22", "same": "333"})
    fill(objects, {"deep/other": "2x", "same": "333", "gone": "4"})

    done = up()

    assert held(objects) == {"new": "1", "deep/other": "22", "same": "333"}
    assert done.applied
    assert done.conditional is True
    assert done.plan.kept == 1
    assert "put" not in [name for name, key in objects.calls if key == "same"]


def test_uploads_come_before_deletions(
    objects: FakeObjects, tmp_path: Path, up: Callable[..., Synced]
) -> None:
    """A sync that is cut off has taken nothing away yet."""
    lay(tmp_path / "here", {"a": "1", "b": "2", "copy of a": "1"})
    fill(objects, {"gone": "3"})

    up(max_delete=1)

    order = [name for name, _ in calls(objects, "put", "copy", "delete")]
    assert order == sorted(order, key=["put", "copy", "delete"].index)


def test_a_failed_upload_deletes_nothing(tmp_path: Path) -> None:
    """The first error is told, and the bucket has lost nothing."""

    class Full(FakeObjects):
        def put(self, key: str, *rest: Any, **options: Any) -> ObjectMeta:
            if key == "b":
                raise TransportError("no room", status=507)
            return super().put(key, *rest, **options)

    objects = Full()
    lay(tmp_path / "here", {"a": "1", "b": "2", "c": "3"})
    objects._objects.update({"gone": (ObjectMeta("gone", 1, "x"), b"4")})

    with pytest.raises(TransportError, match="no room"):
        sync_directory(objects, tmp_path / "here", memory=tmp_path / "memory", max_delete=1)

    assert "gone" in held(objects)
    assert calls(objects, "delete") == []


def test_deletions_stay_within_remote_as_a_path(
    objects: FakeObjects, tmp_path: Path, up: Callable[..., Synced]
) -> None:
    """``data2/`` is not inside ``data``."""
    lay(tmp_path / "here", {"a": "1"})
    fill(objects, {"data/old": "x", "data/a": "1", "data2/old": "y", "data": "z", "other": "w"})

    up(remote="data")

    assert held(objects) == {"data/a": "1", "data2/old": "y", "data": "z", "other": "w"}


def test_the_second_sync_costs_one_listing(
    objects: FakeObjects, tmp_path: Path, up: Callable[..., Synced]
) -> None:
    """Digests of both sides are remembered: no object is asked about, no file is read."""
    lay(tmp_path / "here", {f"{number}": f"{number}" for number in range(30)})
    up()
    objects.calls.clear()
    for path in (tmp_path / "here").iterdir():
        path.chmod(0)  # changes the stamp: what follows must not depend on it
        path.chmod(0o644)
    up()
    objects.calls.clear()

    done = up()

    assert done.plan.kept == 30
    assert objects.calls == [("list", "")]


def test_a_rename_is_a_copy_on_the_server(
    objects: FakeObjects, tmp_path: Path, up: Callable[..., Synced]
) -> None:
    """No byte goes up again, and a move is no deletion to be refused."""
    here = lay(tmp_path / "here", {"a": "content", "b": "more"})
    up()
    objects.calls.clear()
    (here / "a").rename(here / "z")
    (here / "b").rename(here / "y")

    up()

    assert held(objects) == {"z": "content", "y": "more"}
    assert sorted(calls(objects, "put", "copy")) == [("copy", "a"), ("copy", "b")]


def test_a_rename_is_seen_though_another_machine_uploaded(
    objects: FakeObjects, tmp_path: Path
) -> None:
    """The entity tag tells the content where nothing is remembered."""
    lay(tmp_path / "here", {"new name": "content"})
    fill(objects, {"old name": "content"})

    sync_directory(objects, tmp_path / "here", memory=tmp_path / "memory")

    assert calls(objects, "put", "copy", "delete") == [("copy", "old name"), ("delete", "old name")]


def test_equal_content_goes_up_once(
    objects: FakeObjects, tmp_path: Path, up: Callable[..., Synced]
) -> None:
    """The others are copied by the server."""
    lay(tmp_path / "here", dict.fromkeys("abcd", "the same"))

    up()

    assert held(objects) == dict.fromkeys("abcd", "the same")
    assert [name for name, _ in calls(objects, "put", "copy")] == ["put", "copy", "copy", "copy"]


def test_a_copy_of_what_was_changed_meanwhile_is_not_taken(tmp_path: Path) -> None:
    """The server copied another content than was meant: the file itself goes up."""

    class Racing(FakeObjects):
        def copy(self, source: str, dest: str, *, replacing: bool = True) -> None:
            super().put(source, b"written by another")
            super().copy(source, dest, replacing=replacing)

    objects = Racing()
    lay(tmp_path / "here", {"a": "content", "b": "content"})
    fill(objects, {"a": "content"})

    sync_directory(objects, tmp_path / "here", memory=tmp_path / "memory")

    assert held(objects)["b"] == "content"


def test_a_store_that_cannot_copy_gets_the_file(tmp_path: Path) -> None:
    """A refusal to copy is no reason to fail."""

    class Plain(FakeObjects):
        def copy(self, source: str, dest: str, *, replacing: bool = True) -> None:
            raise TransportError("not implemented", status=501)

    objects = Plain()
    lay(tmp_path / "here", {"a": "content", "b": "content"})

    sync_directory(objects, tmp_path / "here", memory=tmp_path / "memory")

    assert held(objects) == {"a": "content", "b": "content"}


def test_our_digest_is_kept_with_the_object(
    objects: FakeObjects, tmp_path: Path, up: Callable[..., Synced]
) -> None:
    """Whoever syncs next can tell the content; the SHA-1 of the seed's page where it is asked for."""
    lay(tmp_path / "here", {"a": "1"})

    up(sha1=True)

    assert objects.head("a").metadata == {
        "store-sha256": hashlib.sha256(b"1").hexdigest(),
        "sha1sum": hashlib.sha1(b"1", usedforsecurity=False).hexdigest(),
    }


@pytest.mark.parametrize("kind", ["missing", "file"])
def test_a_source_that_is_no_directory_is_told(
    objects: FakeObjects, tmp_path: Path, up: Callable[..., Synced], kind: str
) -> None:
    """Nothing is asked of the bucket, and nothing deleted."""
    if kind == "file":
        (tmp_path / "here").write_text("no directory")

    with pytest.raises(StorageError):
        up()

    assert objects.calls == []


def test_an_empty_source_is_refused(
    objects: FakeObjects, tmp_path: Path, up: Callable[..., Synced]
) -> None:
    """A mount that is not there looks empty."""
    (tmp_path / "here").mkdir()
    fill(objects, {"a": "1"})

    with pytest.raises(RefusedError, match="allow_empty") as caught:
        up()

    assert caught.value.limit == "empty"
    assert caught.value.exit_status == 5
    assert objects.calls == []


def test_an_empty_source_may_be_meant(
    objects: FakeObjects, tmp_path: Path, up: Callable[..., Synced]
) -> None:
    """Then the bucket becomes empty, if that share may go."""
    (tmp_path / "here").mkdir()
    fill(objects, {"a": "1"})

    up(allow_empty=True, max_delete=1)

    assert held(objects) == {}


def test_more_deletions_than_half_are_refused(
    objects: FakeObjects, tmp_path: Path, up: Callable[..., Synced]
) -> None:
    """The wrong directory would empty the bucket."""
    lay(tmp_path / "here", {"a": "1"})
    fill(objects, {"b": "2", "c": "3", "a": "1"})

    with pytest.raises(RefusedError, match="2 of 3 files") as caught:
        up()

    assert caught.value.limit == "max_delete"
    assert held(objects) == {"b": "2", "c": "3", "a": "1"}


def test_nothing_is_deleted_where_that_is_not_wanted(
    objects: FakeObjects, tmp_path: Path, up: Callable[..., Synced]
) -> None:
    """What has no counterpart is counted and left."""
    lay(tmp_path / "here", {"a": "1"})
    fill(objects, {"b": "2"})

    done = up(delete=False)

    assert held(objects) == {"a": "1", "b": "2"}
    assert done.plan.extra == 1


def test_excluded_names_are_neither_moved_nor_deleted(
    objects: FakeObjects, tmp_path: Path, up: Callable[..., Synced]
) -> None:
    """A pattern holds for both sides."""
    lay(tmp_path / "here", {"a": "1", "draft/b": "2"})
    fill(objects, {"a": "1", "draft/c": "3", "gone": "4"})

    up(exclude=["draft/"])

    assert held(objects) == {"a": "1", "draft/c": "3"}


def test_links_are_not_followed(
    objects: FakeObjects, tmp_path: Path, up: Callable[..., Synced]
) -> None:
    """What lies elsewhere does not go up; the plan says so."""
    here = lay(tmp_path / "here", {"a": "1"})
    lay(tmp_path / "secret", {"key": "s3cr3t"})
    (here / "link").symlink_to(tmp_path / "secret" / "key")
    (here / "directory").symlink_to(tmp_path / "secret")

    done = up()

    assert held(objects) == {"a": "1"}
    assert "passed over" in done.plan.notes[0]


def test_single_files_have_the_keys_they_were_given(objects: FakeObjects, tmp_path: Path) -> None:
    """``sync_files`` joins each key to ``remote``, and deletes what is not named."""
    lay(tmp_path, {"one": "1", "two": "2"})
    fill(objects, {"data/old": "x", "data/deep/b": "y", "else": "z"})

    sync_files(
        objects,
        {"a": tmp_path / "one", "deep/b": str(tmp_path / "two")},
        remote="data",
        memory=tmp_path / "memory",
    )

    assert held(objects) == {"data/a": "1", "data/deep/b": "2", "else": "z"}


@pytest.mark.parametrize("files", [{"a": "missing"}, {"a": "."}])
def test_a_named_file_that_is_none_is_told(
    objects: FakeObjects, tmp_path: Path, files: dict[str, str]
) -> None:
    """Nothing is changed then."""
    with pytest.raises(StorageError):
        sync_files(objects, {key: tmp_path / name for key, name in files.items()})

    assert objects.calls == []


def test_two_files_under_one_key_are_refused(objects: FakeObjects, tmp_path: Path) -> None:
    """Neither would be known to win."""
    lay(tmp_path, {"one": "1"})

    with pytest.raises(QueryError, match="under one key"):
        sync_files(objects, {"a": tmp_path / "one", "/a": tmp_path / "one"})


def test_no_files_are_refused(objects: FakeObjects, tmp_path: Path) -> None:
    """An empty mapping would delete everything."""
    with pytest.raises(RefusedError) as caught:
        sync_files(objects, {}, memory=tmp_path / "memory")

    assert caught.value.limit == "empty"


@pytest.mark.parametrize(
    "options", [{"max_delete": 1.5}, {"max_delete": -1}, {"jobs": 0}, {"remote": "../x"}]
)
def test_options_that_cannot_be_meant_are_refused(
    tmp_path: Path, up: Callable[..., Synced], options: dict[str, Any]
) -> None:
    """Before anything is asked or changed."""
    lay(tmp_path / "here", {"a": "1"})

    with pytest.raises(QueryError):
        up(**options)


def test_a_dry_run_changes_nothing(
    objects: FakeObjects, tmp_path: Path, up: Callable[..., Synced]
) -> None:
    """It gives the plan, which reads like one."""
    lay(tmp_path / "here", {"new": "1", "other": "22", "twin": "1"})
    fill(objects, {"other": "2x", "gone": "4"})

    done = up(dry_run=True)

    assert not done.applied
    assert held(objects) == {"other": "2x", "gone": "4"}
    assert str(done.plan).splitlines() == [
        "+ new (1 bytes)",
        "* other (2 bytes)",
        "> twin (a copy of new)",
        "- gone (1 bytes)",
        "2 to upload, 1 to copy, 1 to delete, 3 bytes to move, 0 alike",
    ]


def test_a_saved_plan_is_applied(
    objects: FakeObjects, tmp_path: Path, up: Callable[..., Synced]
) -> None:
    """A plan goes through JSON lines unchanged; a line that was taken out is not done."""
    lay(tmp_path / "here", {"a": "1", "b": "2"})
    fill(objects, {"gone": "3", "a": "x"})
    plan = up(dry_run=True).plan
    lines = list(plan.to_lines())
    assert Plan.from_lines(lines) == plan
    kept = [line for line in lines if '"delete"' not in line]

    done = apply_plan(objects, Plan.from_lines(kept), memory=tmp_path / "memory")

    assert done.applied
    assert held(objects) == {"a": "1", "b": "2", "gone": "3"}


@pytest.mark.parametrize("side", ["file", "new file", "object", "new object"])
def test_a_plan_is_refused_when_a_side_has_moved_on(
    objects: FakeObjects, tmp_path: Path, up: Callable[..., Synced], side: str
) -> None:
    """What was reviewed is not what would happen."""
    here = lay(tmp_path / "here", {"a": "1", "b": "2"})
    fill(objects, {"gone": "3", "a": "1"})
    plan = up(dry_run=True).plan
    changes: dict[str, Callable[[], object]] = {
        "file": lambda: (here / "b").write_text("changed"),
        "new file": lambda: (here / "c").write_text("new"),
        "object": lambda: fill(objects, {"gone": "changed"}),
        "new object": lambda: fill(objects, {"another": "new"}),
    }
    changes[side]()
    before = held(objects)

    with pytest.raises(DriftError, match="plan again") as caught:
        apply_plan(objects, plan, memory=tmp_path / "memory")

    assert caught.value.exit_status == 4
    assert held(objects) == before


def test_a_plan_that_was_not_made_to_be_kept_is_refused(
    objects: FakeObjects, tmp_path: Path, up: Callable[..., Synced]
) -> None:
    """A sync's own plan is done already."""
    lay(tmp_path / "here", {"a": "1"})

    with pytest.raises(DriftError):
        apply_plan(objects, up().plan, memory=tmp_path / "memory")


def test_a_plan_of_another_bucket_is_refused(tmp_path: Path, up: Callable[..., Synced]) -> None:
    """It names its bucket."""
    lay(tmp_path / "here", {"a": "1"})
    plan = up(dry_run=True).plan

    with pytest.raises(QueryError, match="apply it there"):
        apply_plan(FakeObjects("other"), plan)


def test_a_plan_of_single_files_is_held_against_them(objects: FakeObjects, tmp_path: Path) -> None:
    """There is no directory to look through."""
    lay(tmp_path, {"one": "1"})
    done = sync_files(objects, {"a": tmp_path / "one"}, dry_run=True, memory=tmp_path / "memory")
    (tmp_path / "one").write_text("changed")

    with pytest.raises(DriftError):
        apply_plan(objects, done.plan, memory=tmp_path / "memory")
    done = sync_files(objects, {"a": tmp_path / "one"}, dry_run=True, memory=tmp_path / "memory")
    apply_plan(objects, done.plan, memory=tmp_path / "memory")

    assert held(objects) == {"a": "changed"}


@pytest.mark.parametrize(
    "change",
    [
        {"key": "else/a"},
        {"action": "delete", "key": "else/b"},
        {"action": "download"},
    ],
)
def test_a_plan_that_was_led_astray_is_refused(
    objects: FakeObjects, tmp_path: Path, up: Callable[..., Synced], change: dict[str, Any]
) -> None:
    """Nothing outside ``remote`` is touched, whatever a file says."""
    lay(tmp_path / "here", {"a": "1"})
    plan = up(dry_run=True, remote="data").plan
    plan = plan._replace(steps=(plan.steps[0]._replace(**change),))

    with pytest.raises(DriftError, match="none of its steps"):
        apply_plan(objects, plan, memory=tmp_path / "memory")


def test_what_another_wrote_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    """Where the server honours conditions, the race is noticed."""

    class Racing(FakeObjects):
        def put(self, key: str, *rest: Any, **options: Any) -> ObjectMeta:
            if options.get("condition") is not None:
                super().put(key, b"another's")
            return super().put(key, *rest, **options)

    objects = Racing()
    lay(tmp_path / "here", {"a": "1"})

    with pytest.raises(DriftError, match="changed by another"):
        sync_directory(objects, tmp_path / "here", memory=tmp_path / "memory")

    assert held(objects) == {"a": "another's"}


def test_it_is_told_where_conditions_are_not_honoured(tmp_path: Path) -> None:
    """Then a race may be lost, and the reader knows."""
    objects = FakeObjects(conditions=False)
    lay(tmp_path / "here", {"a": "1"})
    said: list[str] = []

    done = sync_directory(
        objects, tmp_path / "here", memory=tmp_path / "memory", verbose=said.append
    )

    assert done.conditional is False
    assert said[0] == "+ a (1 bytes)"
    assert "does not hold writes to conditions" in said[1]
    assert said[2] == "1 uploaded, 1 bytes moved, 0 alike"


@pytest.mark.parametrize("number", [1, 60])
def test_what_was_written_since_is_not_deleted(tmp_path: Path, number: int) -> None:
    """An object that another has just replaced is no longer what was to go."""

    class Busy(FakeObjects):
        def put(self, key: str, *rest: Any, **options: Any) -> ObjectMeta:
            super().put("gone 0", b"new")
            return super().put(key, *rest, **options)

    objects = Busy(conditions=False)
    lay(tmp_path / "here", {"a": "1"})
    FakeObjects.put(objects, "gone 0", b"old")
    for one in range(1, number):
        FakeObjects.put(objects, f"gone {one}", b"old")

    with pytest.raises(DriftError, match="nothing was deleted"):
        sync_directory(objects, tmp_path / "here", memory=tmp_path / "memory", max_delete=1)

    assert calls(objects, "delete") == []


def test_a_file_that_changes_while_it_goes_up_goes_up_again(tmp_path: Path) -> None:
    """What lies there in the end is what the file is."""

    class Slow(FakeObjects):
        puts = 0

        def put(self, key: str, *rest: Any, **options: Any) -> ObjectMeta:
            self.puts += 1
            if self.puts == 1:
                os.utime(tmp_path / "here" / "a")
            return super().put(key, *rest, **options)

    objects = Slow()
    lay(tmp_path / "here", {"a": "x" * (2 << 20)})

    sync_directory(objects, tmp_path / "here", memory=tmp_path / "memory")

    assert objects.puts == 2
    assert held(objects) == {"a": "x" * (2 << 20)}


@pytest.mark.parametrize("one_bar", [True, False])
def test_progress_is_monotone_and_ends_at_the_total(
    objects: FakeObjects, tmp_path: Path, *, one_bar: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each file is told of, or all of them in one bar."""
    lay(tmp_path / "here", {"a": "1" * 1000, "b": "", "c": "2" * 2000})
    seen: dict[str, list[tuple[int, int | None]]] = {}

    def progress(read: int, total: int | None, name: str) -> None:
        seen.setdefault(name, []).append((read, total))

    sync_directory(
        objects,
        tmp_path / "here",
        memory=tmp_path / "memory",
        progress=True if one_bar else progress,
    )

    if one_bar:
        assert "s3://bucket" in capsys.readouterr().err
        return
    assert seen.keys() == {"a", "b", "c"}
    for told in seen.values():
        assert told == sorted(told)
        assert told[-1][0] == told[-1][1]


def test_steps_are_told_on_stderr(
    tmp_path: Path, up: Callable[..., Synced], capsys: pytest.CaptureFixture[str]
) -> None:
    """``verbose`` means what the seed's page says; stdout is left to results."""
    lay(tmp_path / "here", {"a": "1"})

    up(verbose=True)

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines()[0] == "+ a (1 bytes)"


def test_a_directory_becomes_like_the_bucket(
    objects: FakeObjects, tmp_path: Path, down: Callable[..., Synced]
) -> None:
    """What is there already is not downloaded again."""
    there = lay(tmp_path / "there", {"same": "333", "other": "xx", "extra/own": "5"})
    fill(objects, {"new": "1", "deep/er": "2", "same": "333", "other": "22"})

    done = down()

    assert tree(there) == {
        "new": "1",
        "deep/er": "2",
        "same": "333",
        "other": "22",
        "extra/own": "5",
    }
    assert done.plan.extra == 1
    assert {key for _, key in calls(objects, "get")} == {"new", "deep/er", "other"}


def test_local_files_are_removed_where_that_is_asked_for(
    objects: FakeObjects, tmp_path: Path, down: Callable[..., Synced]
) -> None:
    """With the directories that become empty, and nothing else."""
    there = lay(tmp_path / "there", {"a": "1", "deep/down/b": "2", "c": "3"})
    (there / "kept").mkdir()
    fill(objects, {"a": "1", "c": "3"})

    down(delete=True)

    assert tree(there) == {"a": "1", "c": "3"}
    assert not (there / "deep").exists()
    assert (there / "kept").is_dir()


def test_the_second_download_costs_one_listing(
    objects: FakeObjects, down: Callable[..., Synced]
) -> None:
    """What was brought is remembered as it was brought."""
    fill(objects, {f"{number}": f"{number}" for number in range(20)})
    down()
    objects.calls.clear()

    down()

    assert objects.calls == [("list", "")]


def test_equal_content_comes_once(
    objects: FakeObjects, tmp_path: Path, down: Callable[..., Synced]
) -> None:
    """The others are copied here, and are files of their own."""
    fill(objects, dict.fromkeys("abc", "the same"))

    down()

    there = tmp_path / "there"
    assert tree(there) == dict.fromkeys("abc", "the same")
    assert len(calls(objects, "get")) == 1
    assert len({path.stat().st_ino for path in there.iterdir()}) == 3


def test_an_object_that_was_renamed_is_copied_here(
    objects: FakeObjects, tmp_path: Path, down: Callable[..., Synced]
) -> None:
    """What is known of a content does not hang on its name."""
    fill(objects, {"old": "content"})
    down()
    objects.copy("old", "new")
    objects.delete(["old"])
    down(delete=False)
    objects.calls.clear()

    down(delete=True)

    assert tree(tmp_path / "there") == {"new": "content"}
    assert calls(objects, "get") == []


class Parted(FakeObjects):
    """A store in which everything came in parts, so that entity tags tell no content."""

    def head(self, key: str, *, version: str | None = None) -> ObjectMeta:
        """Return what is said of the object."""
        return _parted(super().head(key, version=version))

    def list(self, prefix: str = "", *, after: str | None = None) -> Iterator[ObjectMeta]:
        """Give what begins with a prefix."""
        return map(_parted, super().list(prefix, after=after))


def _parted(meta: ObjectMeta) -> ObjectMeta:
    return meta._replace(etag=f"{meta.etag}-2")


@pytest.mark.parametrize("kind", [FakeObjects, Parted])
def test_an_object_that_another_machine_renamed_is_copied_here(
    tmp_path: Path, kind: type[FakeObjects]
) -> None:
    """Its entity tag tells, or what its writer has kept with it; a move is no deletion to be refused."""
    objects, there = kind(), tmp_path / "there"
    kept = {"store-sha256": hashlib.sha256(b"content").hexdigest()}
    lay(there, {"old": "content"})
    objects.put("new", b"content", metadata=kept)

    sync_remote_to_local(objects, there, memory=tmp_path / "memory", delete=True)

    assert tree(there) == {"new": "content"}
    assert calls(objects, "get") == []


def test_nothing_to_download_is_refused(down: Callable[..., Synced]) -> None:
    """A prefix that was misspelled would empty the directory."""
    with pytest.raises(RefusedError, match="nothing lies within") as caught:
        down(remote="misspelled", delete=True)

    assert caught.value.limit == "empty"


def test_hostile_keys_stay_inside(
    objects: FakeObjects, tmp_path: Path, down: Callable[..., Synced]
) -> None:
    """Whatever a listing says, nothing outside the directory is touched, and nothing merged."""
    before = {path.name for path in tmp_path.iterdir()}
    keys = [
        "../x",
        "/abs",
        "a",
        "a/b",
        "x",
        "x ",
        "Twin",
        "twin",
        "line\nbreak",
        "..",
        "deep/../up",
    ]
    fill(objects, {key: f"content of {key}" for key in keys})

    done = down()

    assert {path.name for path in tmp_path.iterdir()} == {*before, "there", "memory"}
    assert sorted(tree(tmp_path / "there").values()) == sorted(f"content of {key}" for key in keys)
    assert len(done.plan.notes) >= 6


def test_a_tree_with_escaped_names_goes_up_under_its_keys(
    objects: FakeObjects, tmp_path: Path, down: Callable[..., Synced]
) -> None:
    """Down and up again changes nothing in the bucket."""
    fill(objects, {"../x": "1", "a": "2", "a/b": "3", "line\nbreak": "4"})
    down()

    done = sync_directory(objects, tmp_path / "there", memory=tmp_path / "memory")

    assert done.plan.steps == ()
    assert done.plan.kept == 4


@pytest.mark.parametrize("key", ["link", "link/a"])
@pytest.mark.parametrize("options", [{}, {"dry_run": True}, {"include": ["a", "link"]}])
def test_a_link_in_the_way_is_refused(
    objects: FakeObjects,
    tmp_path: Path,
    down: Callable[..., Synced],
    key: str,
    options: dict[str, Any],
) -> None:
    """It would lead out of the directory; that is told when it is planned, and nothing is moved."""
    lay(tmp_path / "there", {"gone": "1"})
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "there" / "link").symlink_to(tmp_path / "elsewhere")
    fill(objects, {key: "1", "other": "2"})

    with pytest.raises(UnsafeNameError, match="is a link; remove it"):
        down(delete=True, max_delete=1, **options)

    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert tree(tmp_path / "there") == {"gone": "1"}
    assert calls(objects, "get") == []


@pytest.mark.parametrize(
    ("make", "key", "error", "said"),
    [
        (Path.mkdir, "a", StorageError, "a directory is in the way"),
        (os.mkfifo, "a", RefusedError, "no regular file"),
        (os.mkfifo, "a/b", StorageError, "in the way"),
    ],
)
def test_what_no_download_replaces_is_told_when_it_is_planned(  # noqa: PLR0917 - a table
    objects: FakeObjects,
    tmp_path: Path,
    down: Callable[..., Synced],
    make: Callable[[Path], object],
    key: str,
    error: type[StoreError],
    said: str,
) -> None:
    """Whatever it is; what is beside it may stay there."""
    lay(tmp_path / "there", {"gone": "1"})
    (tmp_path / "there" / "link").symlink_to("gone")
    (tmp_path / "there" / "room").mkdir()
    fill(objects, {"other": "2"})
    assert [one.path for one in down(dry_run=True).plan.steps] == ["other"]
    make(tmp_path / "there" / "a")
    fill(objects, {key: "1"})

    for dry_run in (True, False):
        with pytest.raises(error, match=said):
            down(dry_run=dry_run)

    assert calls(objects, "get") == []


@pytest.mark.parametrize(("left", "free"), [([], True), (["a/b"], True), (["a/b/c"], False)])
def test_a_directory_that_goes_anyway_is_not_in_the_way(
    objects: FakeObjects,
    tmp_path: Path,
    down: Callable[..., Synced],
    left: list[str],
    *,
    free: bool,
) -> None:
    """With all files in it; a directory in it that was empty before stays, and so does it."""
    lay(tmp_path / "there", {"a/b/x": "1", "a/y": "2"})
    for name in left:
        (tmp_path / "there" / name).mkdir(exist_ok=True)
    fill(objects, {"a": "1"})

    if free:
        down(delete=True, max_delete=1)
        assert tree(tmp_path / "there") == {"a": "1"}
        return
    with pytest.raises(StorageError, match="a directory is in the way"):
        down(delete=True, max_delete=1)
    assert tree(tmp_path / "there") == {"a/b/x": "1", "a/y": "2"}


@pytest.mark.parametrize(("local", "key"), [("a", "a/b"), ("a/b", "a")])
def test_a_file_in_the_way_of_a_directory_is_told_before_anything_is_moved(
    objects: FakeObjects, tmp_path: Path, down: Callable[..., Synced], local: str, key: str
) -> None:
    """It is the user's: to remove it is theirs, unless that is asked for anyway."""
    lay(tmp_path / "there", {local: "mine"})
    fill(objects, {key: "1", "other": "2"})

    with pytest.raises(StorageError, match="in the way"):
        down(delete=False)
    before = tree(tmp_path / "there")
    down(delete=True, max_delete=1)

    assert before == {local: "mine"}
    assert tree(tmp_path / "there") == {key: "1", "other": "2"}


@pytest.mark.parametrize("below", ["another", "content"])
def test_a_key_that_becomes_a_directory_too_makes_way(
    objects: FakeObjects, tmp_path: Path, down: Callable[..., Synced], below: str
) -> None:
    """Its own file is spelled otherwise from then on, and comes from here; the reverse, too."""
    fill(objects, {"a": "content", "c": "more"})
    down()
    objects.put("a/b", below.encode())

    down(delete=True)
    both = tree(tmp_path / "there")
    objects.delete(["a/b"])
    down(delete=True)

    assert both == {"%%a": "content", "a/b": below, "c": "more"}
    assert sorted(tree(tmp_path / "there").values()) == ["content", "more"]
    assert [one.action for one in down(delete=True).plan.steps] == []


def test_a_failed_download_leaves_the_old_file(tmp_path: Path) -> None:
    """What was damaged on the way never gets its name."""

    class Damaged(FakeObjects):
        def head(self, key: str, **options: Any) -> ObjectMeta:
            digest = {"store-sha256": hashlib.sha256(b"good").hexdigest()}
            return super().head(key, **options)._replace(metadata=digest)

        def get(self, key: str, **options: Any) -> Any:
            body = super().get(key, **options)
            body.meta = self.head(key)
            return body

    objects = Damaged()
    there = lay(tmp_path / "there", {"a": "old", "gone": "2"})
    fill(objects, {"a": "evil"})

    with pytest.raises(IntegrityError):
        sync_remote_to_local(objects, there, memory=tmp_path / "memory", delete=True, options=ONCE)

    assert tree(there) == {"a": "old", "gone": "2"}


def test_a_file_that_was_edited_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    """What the plan did not see is not lost."""
    there = lay(tmp_path / "there", {"a": "old", "b": "old"})

    class Slow(FakeObjects):
        def get(self, key: str, **options: Any) -> Any:
            (there / "b").write_text("edited")
            return super().get(key, **options)

    objects = Slow()
    fill(objects, {"a": "new", "b": "newer"})

    with pytest.raises(DriftError, match="is not replaced"):
        sync_remote_to_local(objects, there, memory=tmp_path / "memory", jobs=1)

    assert tree(there)["b"] == "edited"


def test_a_plan_down_is_applied(
    objects: FakeObjects, tmp_path: Path, down: Callable[..., Synced]
) -> None:
    """The same as up, with the sides changed."""
    there = lay(tmp_path / "there", {"gone": "1", "kept": "2"})
    fill(objects, {"a": "1", "kept": "2", "../x": "3"})
    plan = down(delete=True, dry_run=True).plan
    assert tree(there) == {"gone": "1", "kept": "2"}

    apply_plan(objects, Plan.from_lines(plan.to_lines()), memory=tmp_path / "memory")

    assert tree(there) == {"a": "1", "kept": "2", "%%%2E%2E/x": "3"}


def test_what_is_brought_may_be_made_to_last(
    objects: FakeObjects, tmp_path: Path, down: Callable[..., Synced]
) -> None:
    """All files go to the disk in one round."""
    fill(objects, {"a": "1", "deep/b": "2"})

    down(options=TransferOptions(durable=True))

    assert tree(tmp_path / "there") == {"a": "1", "deep/b": "2"}


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", "{", "[" * 100_000, '{"format": "store-bucket-plan/2"}']
)
def test_what_is_no_plan_is_refused(text: str) -> None:
    """With how to make one."""
    with pytest.raises(QueryError, match="no plan"):
        Plan.from_lines(io.StringIO(text))
