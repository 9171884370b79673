"""Many small bodies are taken in together, and trusted no sooner than they may be."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from store.cache.backends.base import CachedResource
from store.cache.backends.filecache import FileCache
from store.cache.content import Content
from store.cache.intake import Entry, Intake
from store.cache.layout import Address
from store.clock import SYSTEM_CLOCK
from store.errors import CacheError
from store.integrity.digest import Digests
from store.integrity.stamp import LOCAL_GRAIN_NS
from store.testing.disk_faults import disk_full, failing_call, read_only
from store.testing.fakes import FakeClock
from store.testing.faults import flip_bit

Pin = Callable[[bytes], Digests]
Program = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def cache(root: Path) -> Iterator[FileCache]:
    """A cache whose entries can lie in the files of records."""
    with FileCache({"cache_dir": str(root), "durability": "relaxed"}) as opened:
        yield opened


def body(number: int) -> bytes:
    """The content of a number."""
    return b"%d" % number * 100


def put(intake: Intake, pin: Pin, number: int, cache: FileCache | None = None) -> Path:
    """Put a body in its place, with its entry where a cache is to have one."""
    digests = pin(body(number))
    entry = None
    if cache is not None:
        uid = str(digests[0])
        path = cache.content.layout.file(Address(digests[0], f"{number}.bin"))
        place = cache.entry_of(uid, CachedResource(uid, path))
        assert place is not None
        entry = Entry(*place)
    return Path(intake.put(memoryview(body(number)), digests, f"{number}.bin", entry))


def taken_in(cache: FileCache, pin: Pin, count: int) -> list[Path]:
    """Take some bodies in and settle them."""
    with cache.content.intake() as intake:
        paths = [put(intake, pin, number, cache) for number in range(count)]
        assert intake.settle() == set()
    return paths


def test_what_is_settled_is_trusted(cache: FileCache, pin: Pin, reopened: Content) -> None:
    """Whole, read-only, in its place, known by record and entry; nothing is left beside."""
    paths = taken_in(cache, pin, 20)

    for number, path in enumerate(paths):
        (digest,) = pin(body(number))
        assert path.read_bytes() == body(number)
        assert stat.S_IMODE(path.stat().st_mode) & 0o222 == 0
        assert reopened.glance(digest, path.name) == (str(path), len(body(number)))
        assert cache.get(str(digest)) == CachedResource(str(digest), str(path))
    assert list((cache.content.root / "partial").iterdir()) == []
    assert not (cache.content.root / "quarantine").exists()


def test_record_and_entry_are_one_file(cache: FileCache, pin: Pin) -> None:
    """Two names: who writes one of them later leaves the other as it was."""
    (path,) = taken_in(cache, pin, 1)
    (digest,) = pin(body(0))
    record, entry = Path(cache.content.layout.record(digest)), Path(cache.uid_to_file(str(digest)))
    assert record.samefile(entry)

    cache.set(str(digest), "another value")

    assert cache.get(str(digest)) == "another value"
    assert cache.content.glance(digest, path.name) is not None
    assert not record.samefile(entry)


def test_until_it_is_settled_a_body_is_hashed_when_it_is_asked_for(
    cache: FileCache, pin: Pin, reopened: Content
) -> None:
    """It lies in its place, and whoever waits for it need not wait longer."""
    with cache.content.intake() as intake:
        path = put(intake, pin, 1)
        assert reopened.glance(pin(body(1))[0], path.name) is None
        found = reopened.find(pin(body(1)))
        assert found is not None
        assert found.path == path


def test_what_was_changed_meanwhile_is_not_trusted(
    cache: FileCache, pin: Pin, reopened: Content
) -> None:
    """Its record says nothing, and it is set aside when it is next looked at."""
    with cache.content.intake() as intake:
        path = put(intake, pin, 1)
        path.chmod(0o644)
        path.write_bytes(b"x" * len(body(1)))
        intake.settle()

    assert reopened.glance(pin(body(1))[0], path.name) is None
    assert reopened.find(pin(body(1))) is None
    assert len(list((reopened.root / "quarantine").iterdir())) == 1


def test_what_is_gone_meanwhile_harms_nothing(
    cache: FileCache, pin: Pin, reopened: Content
) -> None:
    """The others are settled."""
    with cache.content.intake() as intake:
        paths = [put(intake, pin, number) for number in range(3)]
        paths[1].unlink()
        intake.settle()

    assert [reopened.glance(pin(body(n))[0], paths[n].name) is None for n in range(3)] == [
        False,
        True,
        False,
    ]


def test_tampering_after_a_batch_is_seen(cache: FileCache, pin: Pin, reopened: Content) -> None:
    """At once after it was settled, with time and size put back."""
    paths = taken_in(cache, pin, 10)
    for path in paths:
        flip_bit(path)

    for number, path in enumerate(paths):
        assert reopened.glance(pin(body(number))[0], path.name) is None
        assert not cache.content.holds(str(path), pin(body(number)))


def test_a_stamp_is_trusted_only_after_the_grain(
    root: Path, pin: Pin, reopened: Content, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until then a change might leave it as it is."""

    class Hasty(FakeClock):
        """A clock that lets nobody wait, in the very step in which the last file was changed."""

        def file_time_ns(self) -> int:
            """Return that file's own time."""
            return max(one.stat().st_ctime_ns for one in root.rglob("*.*") if one.is_file())

        def now(self) -> float:
            """Return the real time."""
            return SYSTEM_CLOCK.now()

    root.mkdir()
    for module in ("intake", "settling"):
        monkeypatch.setattr(f"store.cache.{module}.grain_of", lambda _: LOCAL_GRAIN_NS)
    clock = Hasty()
    content = Content(root, durability="relaxed", clock=clock)
    with content.intake() as intake:
        path = put(intake, pin, 1)
        intake.settle()

    assert clock.slept
    assert reopened.glance(pin(body(1))[0], path.name) is None
    SYSTEM_CLOCK.sleep(0.02)
    assert reopened.find(pin(body(1))) is not None
    assert reopened.glance(pin(body(1))[0], path.name) is not None


def test_where_the_grain_is_coarse_nobody_waits_for_it(
    root: Path, pin: Pin, reopened: Content, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would take seconds: the file is hashed once more instead."""
    monkeypatch.setattr("store.cache.intake.grain_of", lambda _: 2_000_000_000)
    clock = FakeClock(SYSTEM_CLOCK.now())
    content = Content(root, durability="relaxed", clock=clock)
    with content.intake() as intake:
        path = put(intake, pin, 1)
        intake.settle()

    assert sum(clock.slept) < 0.1
    assert reopened.find(pin(body(1))) is not None
    del path


def test_one_content_under_two_names_has_one_record(
    cache: FileCache, pin: Pin, reopened: Content
) -> None:
    """In one batch, or in two."""
    digests = pin(b"data")
    for names in (["a", "b"], ["c"]):
        with cache.content.intake() as intake:
            for name in names:
                intake.put(memoryview(b"data"), digests, name)
            intake.settle()

    record = json.loads(Path(cache.content.layout.record(digests[0])).read_bytes())
    assert set(record["files"]) == {"a", "b", "c"}
    assert all(reopened.glance(digests[0], name) is not None for name in "abc")


def test_nothing_to_settle_costs_nothing(content: Content) -> None:
    """No wait, and no file."""
    with content.intake() as intake:
        assert intake.settle() == set()

    assert not (content.root / "records").exists()


def instead(path: Path, make: Callable[[Path], object]) -> None:
    """Lay something in a path's place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    make(path)


IN_THE_WAY: dict[str, Callable[[Path], object]] = {
    "file": Path.touch,
    "directory": Path.mkdir,
    "link": lambda path: path.symlink_to("/nowhere/at/all"),
    "FIFO": os.mkfifo,
}


@pytest.mark.parametrize("kind", IN_THE_WAY)
def test_what_lies_at_an_entry_is_told(
    cache: FileCache, pin: Pin, reopened: Content, kind: str
) -> None:
    """So that the cache is told of it in its own way, which makes room."""
    (digest,) = pin(body(1))
    entry = Path(cache.uid_to_file(str(digest)))
    instead(entry, IN_THE_WAY[kind])
    with cache.content.intake() as intake:
        path = put(intake, pin, 1, cache)

        assert intake.settle() == {str(entry)}

    assert reopened.glance(digest, path.name) is not None


@pytest.mark.parametrize("kind", IN_THE_WAY)
def test_what_lies_at_a_record_is_set_aside(
    cache: FileCache, pin: Pin, reopened: Content, kind: str
) -> None:
    """And the content is known all the same."""
    (digest,) = pin(body(1))
    instead(Path(cache.content.layout.record(digest)), IN_THE_WAY[kind])
    with cache.content.intake() as intake:
        path = put(intake, pin, 1, cache)

        assert intake.settle() == {cache.uid_to_file(str(digest))}

    assert reopened.glance(digest, path.name) is not None
    assert not Path("/nowhere").exists()


@pytest.mark.parametrize("kind", ["file", "link", "FIFO"])
def test_what_lies_in_the_place_of_a_file_is_replaced(
    cache: FileCache, pin: Pin, kind: str
) -> None:
    """In one step, and a link is not followed."""
    (digest,) = pin(body(1))
    target = Path(cache.content.layout.file(Address(digest, "1.bin")))
    instead(target, IN_THE_WAY[kind])
    with cache.content.intake() as intake:
        assert put(intake, pin, 1).read_bytes() == body(1)
        intake.settle()

    assert not target.is_symlink()


def test_a_directory_in_the_place_of_a_file_is_told(cache: FileCache, pin: Pin) -> None:
    """Whoever fetches in the usual way sets it aside."""
    (digest,) = pin(body(1))
    instead(Path(cache.content.layout.file(Address(digest, "1.bin"))), Path.mkdir)

    with cache.content.intake() as intake, pytest.raises(CacheError):
        put(intake, pin, 1)


def test_a_link_in_place_of_the_private_directories_is_not_followed(
    content: Content, pin: Pin, tmp_path: Path
) -> None:
    """It is set aside, and nothing is made at its end."""
    outside = tmp_path / "outside"
    outside.mkdir()
    content.root.mkdir()
    (content.root / "partial").symlink_to(outside)

    with content.intake() as intake:
        put(intake, pin, 1)
        intake.settle()
        assert list(outside.iterdir()) == []

    assert content.find(pin(body(1))) is not None
    assert list(outside.iterdir()) == []


def test_a_private_directory_that_was_taken_away_is_made_again(
    cache: FileCache, pin: Pin, reopened: Content
) -> None:
    """By a fork's child, or whoever sweeps."""
    with cache.content.intake() as intake:
        put(intake, pin, 1)
        for directory in (cache.content.root / "partial").iterdir():
            directory.rmdir()
        path = put(intake, pin, 2)
        for directory in (cache.content.root / "partial").iterdir():
            directory.rmdir()
        intake.settle()

    assert reopened.glance(pin(body(2))[0], path.name) is not None


def test_a_full_disk_is_told_and_leaves_nothing(content: Content, pin: Pin, root: Path) -> None:
    """Nothing half-written, under any name."""
    with content.intake() as intake:
        with disk_full(root, after=50), pytest.raises(CacheError) as caught:
            put(intake, pin, 1)
        assert caught.value.errno == errno.ENOSPC
        intake.settle()

    assert [one for one in (root / "content").rglob("*") if one.is_file()] == []
    assert list((root / "partial").iterdir()) == []


def test_a_cache_that_cannot_be_written_to_says_so_at_the_beginning(
    content: Content, root: Path
) -> None:
    """Before anything is asked for."""
    root.mkdir()

    with read_only(root), pytest.raises(CacheError), content.intake():
        raise AssertionError


@pytest.mark.parametrize("call", ["open", "write", "rename", "link", "mkdir", "fsync"])
def test_each_call_that_fails_leaves_nothing_wrong(root: Path, pin: Pin, call: str) -> None:
    """Whichever it is: what is found afterwards is right, and what is not is had again."""
    for number in range(1, 40):
        cache = FileCache({"cache_dir": str(root / str(number)), "durability": "full"})
        with cache.content.workspace():
            pass
        with failing_call(call, errno.EIO, number=number, below=cache.content.root) as calls:
            try:
                taken_in(cache, pin, 2)
            except (CacheError, AssertionError):
                pass
            except OSError as error:
                raise AssertionError(call) from error
        fresh = Content(cache.content.root, durability="relaxed")
        for one in range(2):
            found = fresh.find(pin(body(one)))
            assert found is None or found.path.read_bytes() == body(one)
            entry = cache.get(str(pin(body(one))[0]))
            assert entry is None or fresh.holds(entry.local_path, pin(body(one))) or found is None
        # Where nothing can be opened a directory cannot be emptied either; the next process does that.
        assert call == "open" or list((fresh.root / "partial").iterdir()) == []
        if calls.made < number:
            return
    raise AssertionError("it never came to an end")


class Steps:
    """What is done to the disk, in order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
        self.steps: list[tuple[str, str]] = []
        self._root = root
        fsync, rename, library = os.fsync, os.rename, ctypes.CDLL

        def synced(descriptor: int) -> None:
            self._note("sync", str(Path(f"/proc/self/fd/{descriptor}").readlink()))
            fsync(descriptor)

        def renamed(path: Any, target: Any) -> None:
            rename(path, target)
            self._note("rename", os.fspath(target))

        def loaded(*arguments: Any, **named: Any) -> Any:
            loaded: Any = library(*arguments, **named)
            real = loaded.syncfs

            def all_synced(descriptor: int) -> int:
                self._note("sync all", "")
                return int(real(descriptor))

            loaded.syncfs = all_synced
            return loaded

        monkeypatch.setattr(os, "fsync", synced)
        monkeypatch.setattr(os, "rename", renamed)
        monkeypatch.setattr(ctypes, "CDLL", loaded)

    def _note(self, what: str, path: str) -> None:
        self.steps.append((what, path.removeprefix(f"{self._root}/")))

    def first(self, what: str, path: str, after: int = 0) -> int:
        """Return when something was done to a path first."""
        return self.steps.index((what, path), after)


def test_many_files_reach_the_disk_before_their_records(
    root: Path, pin: Pin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One call for all of them, then the records, then one call for those."""
    cache = FileCache({"cache_dir": str(root)})
    with cache.content.workspace():
        pass
    steps = Steps(monkeypatch, root)

    taken_in(cache, pin, 20)

    kinds = [
        what if what == "sync all" else path.partition("/")[0]
        for what, path in steps.steps
        if what != "sync"
    ]
    assert kinds == ["content"] * 20 + ["sync all"] + ["records"] * 20 + ["sync all"]
    record = json.loads(Path(cache.content.layout.record(pin(body(0))[0])).read_bytes())
    assert record["files"]["0.bin"]["durable"] is True


@pytest.mark.parametrize("syncfs", [True, False])
def test_a_few_files_reach_the_disk_with_all_their_names(
    root: Path, pin: Pin, monkeypatch: pytest.MonkeyPatch, *, syncfs: bool
) -> None:
    """Content and its directories up to the cache's before the record; record and entry with theirs after."""
    if not syncfs:
        monkeypatch.setattr("store.files.syncing._syncfs", lambda: None)
    count = 3 if syncfs else 10
    cache = FileCache({"cache_dir": str(root)})
    with cache.content.workspace():
        pass
    steps = Steps(monkeypatch, root)

    taken_in(cache, pin, count)

    for number in range(count):
        (digest,) = pin(body(number))
        content = cache.content.layout.file(Address(digest, f"{number}.bin"))
        record = cache.content.layout.record(digest)
        entry = cache.uid_to_file(str(digest))
        content, record, entry = (one.removeprefix(f"{root}/") for one in (content, record, entry))
        placed, written = steps.first("rename", content), steps.first("rename", record)
        for path in (content, *above(content)):
            assert placed < steps.first("sync", path, placed) < written
        for path in (record, *above(record), *above(entry)):
            assert written < steps.first("sync", path, written)


def above(path: str) -> list[str]:
    """The directories that lead to a path of the cache."""
    return [str(one) for one in Path(path).parents if str(one) != "."]


KILLED = """
import sys
from store.cache.content import Content
from store.integrity.digest import Digest
from store.testing.killing import killed_at

content = Content(sys.argv[1], durability="relaxed")
with content.intake() as intake, killed_at(sys.argv[2], int(sys.argv[3])):
    for digest, number in zip(sys.argv[4:], range(4)):
        data = b"%d" % number * 100
        intake.put(memoryview(data), (Digest("sha256", digest),), f"{number}.bin")
    intake.settle()
"""


@pytest.mark.parametrize(("call", "most"), [("rename", 8), ("write", 8), ("mkdir", 5)])
def test_a_kill_leaves_a_cache_where_everything_heals(
    root: Path, pin: Pin, start: Program, call: str, most: int
) -> None:
    """At each step: each file is whole or not there, and the next process sweeps."""
    numbers = [pin(body(number))[0].hex for number in range(4)]
    running = [start(KILLED, root / str(nth), call, nth, *numbers) for nth in range(1, most + 1)]
    for nth, process in enumerate(running, 1):
        _, errors = process.communicate(timeout=60)
        assert process.returncode in {0, -9}, errors
        content = Content(root / str(nth), durability="relaxed")
        for number in range(4):
            found = content.find(pin(body(number)))
            assert found is None or found.path.read_bytes() == body(number)
        with content.intake() as intake:
            paths = [put(intake, pin, number) for number in range(4)]
            intake.settle()
        assert [path.read_bytes() for path in paths] == [body(number) for number in range(4)]
        assert list((root / str(nth) / "partial").iterdir()) == []
        content.close()
