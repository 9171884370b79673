"""What came together is told in one file, and is never told wrongly."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
import sqlalchemy as sa

from store.errors import RegistryError, StatusError, StoreError
from store.files.apart import is_laid_apart, lay_apart
from store.registry.journals import FEWEST, journals
from store.registry.manager import Cache
from store.registry.prepared import driver_of
from store.registry.status import Status
from store.testing.fakes import FakeClock

Program = Callable[..., "Popen[str]"]

MANY = FEWEST + 4
"""More items than a batch needs for a journal."""


def told(cache: Cache) -> dict[str | None, tuple[bytes, dict[str, Any], int, bool]]:
    """Return what a registry holds that is READY."""
    found = cache.search(status="ready")
    return {
        one.uri: (Path(one.path).read_bytes(), one.attrs, one.version, one.pinned) for one in found
    }


def sidecars(cache: Cache) -> set[tuple[str, int]]:
    """Return which items have a sidecar of their own."""
    return {(one.key, one.version) for one in cache.places.walk() if one.sidecar}


def put_together(cache: Cache, name: str) -> None:
    """Put enough for a journal into a registry."""
    with cache.batch():
        for number in range(MANY):
            cache.put(f"{name}:{number}", b"%d" % number, attrs={"n": number, "text": 'a\n"b"\t'})


@pytest.fixture
def filled(cache: Cache) -> Cache:
    """A registry with a batch of items."""
    put_together(cache, "u")
    return cache


def test_a_batch_has_one_journal(filled: Cache) -> None:
    """In place of its items' sidecars; all of it comes back."""
    assert len(journals(filled.places)) == 1
    assert not sidecars(filled)
    before = told(filled)

    rebuilt = filled.rebuild()

    assert rebuilt == (MANY, 0, 0)
    assert told(filled) == before


def test_a_batch_on_a_server_has_one_journal(database: str, root: Path) -> None:
    """Beside the files, as in a directory; what fails within one is taken back by itself."""
    with Cache(url=database, files=root, durability="relaxed") as cache:
        put_together(cache, "u")
        cache.remove("u:0", disk=True)
        before = told(cache)
        assert len(journals(cache.places)) == 1

        assert cache.rebuild().items == MANY - 1

        assert told(cache) == before
        with pytest.raises(StoreError), cache.batch():
            cache.database.write(lambda one: one.exec_driver_sql("SELECT nonsense(1)"))
        with cache.batch():
            with pytest.raises(StoreError):
                cache.database.write(lambda one: one.exec_driver_sql("SELECT nonsense(1)"))
            cache.put("v", b"data")
        assert cache.best("v") is not None


def test_a_small_batch_has_sidecars(cache: Cache) -> None:
    """As single items have."""
    with cache.batch():
        for number in range(FEWEST - 1):
            cache.put(f"u:{number}", b"data")

    assert not journals(cache.places)
    assert len(sidecars(cache)) == FEWEST - 1


def test_what_is_written_within_a_batch_is_told_as_well(cache: Cache) -> None:
    """Items that were created and became READY there, and metadata alone, which has no file."""
    with cache.batch():
        for number in range(MANY):
            item = cache.create(f"u:{number}", attrs={"n": number}, status="write")
            Path(item.path).write_bytes(b"data")
            item.ready()
            item.update(n=-number)
        cache.create("alone", attrs={"n": 1}, status="ready")

    assert len(journals(cache.places)) == 1
    assert len(sidecars(cache)) == 1
    assert cache.rebuild() == (MANY + 1, 0, 0)
    assert [one.attrs["n"] for one in cache.search("u:3")] == [-3]
    assert [one.attrs["n"] for one in cache.search("alone")] == [1]


def test_what_changed_later_counts(filled: Cache) -> None:
    """A sidecar of an item's own more than the journal, a younger journal more than an older one."""
    for item in filled.search("u:0"):
        item.update(n="alone", pinned=True)
    with filled.batch():
        filled.update(where="n between 1 and 20", update={"attrs": {"n": "together"}})
    assert len(journals(filled.places)) == 2
    before = told(filled)

    filled.rebuild()

    assert told(filled) == before
    assert before["u:0"][1]["n"] == "alone"
    assert before["u:1"][1]["n"] == "together"


def test_the_younger_journal_counts_though_the_clock_goes_back(root: Path) -> None:
    """Its name is later than all that are there."""
    clock = FakeClock()
    with Cache(root, clock=clock, durability="relaxed") as cache:
        with cache.batch():
            for number in range(MANY):
                cache.put(f"u:{number}", b"data", attrs={"n": 1})
        clock.set_back(1000)
        with cache.batch():
            cache.update(all=True, update={"n": 2})

        cache.rebuild()

        assert {one.attrs["n"] for one in cache.search()} == {2}


def test_what_was_removed_stays_removed(filled: Cache) -> None:
    """Its version is not given out anew, either."""
    filled.remove("u:0", disk=True, keep_record=False)
    filled.remove("u:1")

    filled.rebuild()

    assert not filled.search("u:0", include_removed=True)
    assert [one.status for one in filled.search("u:1", include_removed=True)] == [Status.TRASH]
    assert filled.put("u:0", b"new").version == 2


def test_the_journal_goes_with_its_last_item(filled: Cache) -> None:
    """Not before."""
    for number in range(MANY):
        assert journals(filled.places)
        filled.remove(f"u:{number}", disk=True)

    assert not journals(filled.places)


def test_cleaning_removes_what_tells_of_nothing(filled: Cache) -> None:
    """Of a journal with little left, sidecars are made; what others wrote there meanwhile stays."""
    with filled.batch():
        for number in range(MANY):
            filled.put(f"v:{number}", b"data", attrs={"n": 1})
    filled.remove(where="n > 1", disk=True)
    first = journals(filled.places)[0]
    for item in filled.search("u:0"):
        item.update(n="own")
    before = told(filled)

    assert filled.clean_disk() == 1

    assert first not in journals(filled.places)
    assert len(journals(filled.places)) == 1
    assert len(sidecars(filled)) == 2
    assert filled.clean_disk() == 0
    filled.rebuild()
    assert told(filled) == before


@pytest.mark.parametrize("seed", range(6))
def test_a_damaged_journal_loses_names_at_most(filled: Cache, seed: int) -> None:
    """Whatever became of it: each file is an item still."""
    (journal,) = map(Path, journals(filled.places))
    data = bytearray(journal.read_bytes())
    chance = random.Random(seed)
    for _ in range(chance.choice([1, 10, 1000])):
        data[chance.randrange(len(data))] = chance.randrange(256)
    journal.write_bytes(data[: chance.randrange(len(data) + 1)])

    rebuilt = filled.rebuild()

    contents = {Path(one.path).read_bytes() for one in filled.search(status="ready")}
    assert contents == {b"%d" % number for number in range(MANY)}
    assert rebuilt.items + rebuilt.bare == MANY


def test_cleaning_removes_no_journal_that_it_cannot_read(filled: Cache) -> None:
    """It stays where it is closed to us, and is moved aside where it is damaged from end to end."""
    (journal,) = map(Path, journals(filled.places))
    lines = journal.read_bytes()
    journal.unlink()
    journal.mkdir()
    assert filled.clean_disk() == 0
    assert journal.exists()

    journal.rmdir()
    journal.write_bytes(b"nothing of ours\n" * 10)
    assert filled.clean_disk() == 1
    (aside,) = filled.places.damaged.iterdir()
    assert aside.name.endswith(journal.name)
    journal.write_bytes(lines)
    assert filled.rebuild() == (MANY, 0, 0)


@pytest.mark.parametrize("what", ["fifo", "link", "directory"])
def test_what_is_no_journal_is_passed_over(filled: Cache, tmp_path: Path, what: str) -> None:
    """Nothing is opened that may block, nor followed."""
    path = Path(f"{filled.places.journals}/{'9' * 20}-{'a' * 8}")
    if what == "fifo":
        os.mkfifo(path)
    elif what == "link":
        path.symlink_to(tmp_path / "elsewhere")
    else:
        path.mkdir()

    assert filled.rebuild() == (MANY, 0, 0)
    Path(f"{filled.places.journals}/notes.txt").touch()
    assert filled.rebuild() == (MANY, 0, 0)


def test_journals_that_lead_elsewhere_are_refused(cache: Cache, tmp_path: Path) -> None:
    """Nothing is written there, and nothing is left of the batch."""
    cache.put("a", b"data")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    Path(cache.places.journals).symlink_to(elsewhere)

    with pytest.raises(RegistryError, match="leads out"):
        put_together(cache, "u")

    assert not list(elsewhere.iterdir())
    assert [one.uri for one in cache.search()] == ["a"]
    assert cache.rebuild() == (1, 0, 0)


def test_a_batch_that_fails_leaves_nothing(filled: Cache) -> None:
    """No item, no file, no journal; what it removed and changed is there as before."""
    before, files = told(filled), {one.path for one in filled.places.walk()}

    def work() -> None:
        with filled.batch():
            put_together(filled, "v")
            filled.remove("u:0", disk=True, keep_record=False)
            filled.update("u:1", update={"n": "changed"})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert told(filled) == before
    assert {one.path for one in filled.places.walk()} == files
    assert len(journals(filled.places)) == 1
    filled.rebuild()
    assert told(filled) == before


def test_a_batch_replaces_no_file(filled: Cache) -> None:
    """What was published before it is not published anew: a failure could not bring back the old one."""
    (item,) = filled.search("u:0")
    item.failed()

    def again() -> None:
        with filled.batch(), item.writing() as file:
            file.write(b"new")

    with pytest.raises(StatusError, match="outside of a batch"):
        again()

    item.refresh()
    assert item.status is Status.FAILED
    assert Path(item.path).read_bytes() == b"0"
    with item.writing() as file:
        file.write(b"new")
    assert Path(item.path).read_bytes() == b"new"


def test_a_batch_removes_at_its_end(filled: Cache) -> None:
    """Files and sidecars; what was put in anew under the name stays."""
    (item,) = filled.search("u:0")
    with filled.batch():
        filled.remove("u:0", disk=True)
        filled.put("u:0", b"again")
        filled.remove("u:1", disk=True, keep_record=False)
        assert Path(item.path).exists()

    assert not Path(item.path).exists()
    assert [Path(one.path).read_bytes() for one in filled.search("u:0")] == [b"again"]
    filled.rebuild()
    assert not filled.search("u:1", include_removed=True)


def test_what_failed_within_a_batch_is_not_in_it(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest is, where the block goes on."""
    with cache.batch():
        cache.put("u:0", b"data")
        with monkeypatch.context() as broken:
            broken.setattr("os.replace", _fails)
            with pytest.raises(StoreError):
                cache.put("u:1", b"data")
        cache.put("u:2", b"data")

    assert sorted(str(one.uri) for one in cache.search()) == ["u:0", "u:2"]
    assert cache.rebuild() == (2, 0, 0)


def test_a_batch_that_was_broken_off_is_told(filled: Cache) -> None:
    """SQLite ends a transaction by itself where the disk is full: the rest would be written alone."""

    def work() -> None:
        with filled.batch():
            put_together(filled, "v")
            with pytest.raises(StoreError):
                filled.database.write(_breaks)
            with pytest.raises(RegistryError, match="begin it again"):
                filled.put("w", b"data")

    with pytest.raises(RegistryError, match="begin it again"):
        work()

    assert len(filled.search()) == MANY
    assert len({one.path for one in filled.places.walk()}) == MANY


def _breaks(connection: sa.Connection) -> None:
    driver_of(connection).rollback()
    raise StoreError("the disk is full")


def test_a_disk_that_fails_at_the_end_takes_the_batch_back(
    filled: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its journal too."""
    durable = Cache(filled.places.root)
    monkeypatch.setattr(os, "fsync", _fails)

    with pytest.raises(StoreError):
        put_together(durable, "v")

    monkeypatch.undo()
    durable.close()
    assert len(journals(filled.places)) == 1
    assert len(filled.search()) == MANY


def _fails(*_: object, **__: object) -> None:
    raise OSError(5, "Input/output error")


KILLED = """
import os, sys
from store.registry.manager import Cache
from store.testing.killing import killed_at

def put(cache, call, nth):
    with killed_at(call, nth), cache.batch():
        for number in range(10):
            cache.put(f"u:{number}", b"new", attrs={"n": 2})
        cache.remove("gone", disk=True, keep_record=False)
    print(nth, flush=True)

for nth in map(int, sys.argv[3:]):
    child = os.fork()
    if child == 0:
        try:
            put(Cache(f"{sys.argv[1]}/{nth}"), sys.argv[2], nth)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
"""


@pytest.mark.parametrize(
    ("call", "most"), [("open", 36), ("replace", 13), ("fsync", 12), ("unlink", 6)]
)
def test_a_batch_that_is_killed_is_there_whole_or_not_at_all(
    root: Path, start: Program, call: str, most: int
) -> None:
    """In the registry, and in what is rebuilt after a cleaning."""
    numbers = range(1, most + 1, max(1, most // 4))
    for nth in numbers:
        with Cache(root / str(nth)) as cache:
            for uri in ("u:0", "gone"):
                cache.put(uri, b"old", attrs={"n": 1})

    out, err = start(KILLED, root, call, *numbers).communicate(timeout=120)
    assert not err

    for nth in numbers:
        with Cache(root / str(nth)) as cache:
            found = {one.uri: one.attrs["n"] for one in cache.search(newest=True)}
            new = {f"u:{number}": 2 for number in range(10)}
            assert found in ([new] if str(nth) in out.split() else [new, {"u:0": 1, "gone": 1}])
            cache.take_over()
            cache.clean_disk()
            before = told(cache)
            rebuilt = cache.rebuild()
            assert (told(cache), rebuilt.bare) == (before, 0)
            assert cache.put("u:0", b"next").version > 1


def test_a_directory_that_holds_others_files_is_not_marked(tmp_path: Path) -> None:
    """Only one that is the registry's alone is laid apart on the disk."""
    ours, shared = tmp_path / "ours", tmp_path / "shared"
    shared.mkdir()
    (shared / "thesis.tex").touch()

    for root in (ours, shared):
        with Cache(root, durability="relaxed") as cache:
            cache.put("a", b"data")

    can = lay_apart(tmp_path)
    assert [is_laid_apart(one) for one in (ours, shared)] == [can, False]
