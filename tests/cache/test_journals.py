"""What came together is recorded in one file, and is known as if each had its own."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from store.cache.audit import audit
from store.cache.backends.base import CachedResource
from store.cache.backends.codec import TAG
from store.cache.backends.filecache import FileCache
from store.cache.glancing import glance
from store.cache.intake import Entry
from store.cache.journals import HEADER, SUFFIX, journals_of
from store.cache.layout import Address
from store.cache.pruning import prune
from store.cache.records import read_record, spelled, write_record
from store.cache.spreading import MOST, Line, add_journal, spread
from store.cache.surveying import survey
from store.cache.uses import DAY
from store.clock import SYSTEM_CLOCK
from store.integrity.digest import Digest
from store.testing.disk_faults import failing_call, read_only
from store.testing.fakes import FakeClock

COUNT = 33
"""So many files are taken in together as are worth a journal."""


@pytest.fixture
def cache(root: Path) -> Iterator[FileCache]:
    """A cache whose entries can lie in journals."""
    with FileCache({"cache_dir": str(root), "durability": "relaxed"}) as opened:
        yield opened


@pytest.fixture
def other(root: Path) -> Iterator[FileCache]:
    """The same cache, opened by another."""
    with FileCache({"cache_dir": str(root), "durability": "relaxed"}) as opened:
        yield opened


def body(number: int) -> bytes:
    """The content of a number."""
    return b"%d" % number * 100


def digest_of(number: int) -> Digest:
    """The digest of that content."""
    return Digest("sha256", hashlib.sha256(body(number)).hexdigest())


def taken_in(cache: FileCache, numbers: range = range(COUNT), name: str = "a.bin") -> None:
    """Take bodies in together, with their entries."""
    with cache.content.intake() as intake:
        for number in numbers:
            digest = digest_of(number)
            path = cache.content.layout.file(Address(digest, name))
            place = cache.entry_of(str(digest), CachedResource(str(digest), path))
            assert place is not None
            intake.put(memoryview(body(number)), (digest,), name, Entry(*place))
        unwritten = intake.settle()
        assert not unwritten or name != "a.bin"


def journals(root: Path) -> list[Path]:
    """The journals that lie in a cache."""
    return sorted((root / "journals" / "v1").glob(f"*{SUFFIX}"))


def files(root: Path, room: str) -> list[Path]:
    """The files below a room of a cache."""
    return [one for one in (root / room).rglob("*") if one.is_file()]


def known(cache: FileCache, number: int, name: str = "a.bin") -> bool:
    """Whether both record and entry of a number are known, and right."""
    digest = digest_of(number)
    entry = cache.get(str(digest))
    seen = cache.content.glance(digest, name)
    if entry is None or seen is None:
        assert entry is None
        assert seen is None
        return False
    return bool(seen[0] == entry.local_path and Path(seen[0]).read_bytes() == body(number))


def test_many_files_are_recorded_in_one(cache: FileCache, other: FileCache, root: Path) -> None:
    """No record, no entry: one journal that everybody reads."""
    taken_in(cache)

    assert len(journals(root)) == 1
    assert files(root, "records") == files(root, "entries") == []
    assert all(known(one, number) for one in (cache, other) for number in range(COUNT))
    assert not known(other, COUNT)


def test_few_files_have_records_of_their_own(cache: FileCache, root: Path) -> None:
    """A journal would cost more than it saves."""
    taken_in(cache, range(3))

    assert journals(root) == []
    assert len(files(root, "records")) == len(files(root, "entries")) == 3


def test_there_are_few_journals(cache: FileCache, root: Path) -> None:
    """Readers hold them in memory: beyond that each file has its record."""
    for number in range(MOST + 1):
        taken_in(cache, range(number * COUNT, (number + 1) * COUNT))

    assert len(journals(root)) == MOST
    assert len(files(root, "records")) == COUNT
    assert all(known(cache, number) for number in range((MOST + 1) * COUNT))


def test_a_file_of_its_own_counts_more(cache: FileCache, other: FileCache) -> None:
    """What was set later is what is found."""
    taken_in(cache)

    other.set(str(digest_of(1)), "another value")

    assert cache.get(str(digest_of(1))) == "another value"
    assert cache.get(str(digest_of(2))) is not None


def test_what_is_forgotten_stays_forgotten(cache: FileCache, other: FileCache, root: Path) -> None:
    """For others too, and whatever is taken in later; the rest is still known."""
    taken_in(cache)

    cache.delete(str(digest_of(1)))
    spread(other.content.layout)

    assert cache.get(str(digest_of(1))) is None
    assert other.get(str(digest_of(1))) is None
    assert all(known(other, number) for number in range(COUNT) if number != 1)
    assert journals(root) == []


def test_what_was_set_again_and_forgotten_stays_forgotten(
    cache: FileCache, other: FileCache
) -> None:
    """A journal that was passed over for a file does not come back when the file goes."""
    taken_in(cache)
    cache.set(str(digest_of(1)), "another value")

    cache.delete(str(digest_of(1)))

    assert other.get(str(digest_of(1))) is None


def test_clearing_forgets_all(cache: FileCache, other: FileCache, root: Path) -> None:
    """No content is touched."""
    taken_in(cache)

    cache.clear()

    assert all(other.get(str(digest_of(number))) is None for number in range(COUNT))
    assert len(files(root, "content")) == COUNT


def test_spreading_changes_nothing_but_where_it_lies(
    cache: FileCache, other: FileCache, root: Path
) -> None:
    """Record and entry are one inode, used when the journal was written."""
    taken_in(cache)
    written = journals(root)[0].stat().st_mtime

    spread(cache.content.layout)

    assert journals(root) == []
    assert len(files(root, "records")) == len(files(root, "entries")) == COUNT
    assert all(known(one, number) for one in (cache, other) for number in range(COUNT))
    record = read_record(cache.content.layout, digest_of(1))
    assert record is not None
    assert record.used == pytest.approx(written)
    assert Path(cache.content.layout.record(digest_of(1))).samefile(
        cache.uid_to_file(str(digest_of(1)))
    )


@pytest.mark.parametrize("how", ["survey", "audit", "prune"])
def test_whoever_walks_through_a_cache_sees_all(
    cache: FileCache, other: FileCache, root: Path, how: str
) -> None:
    """With its records, so that nothing is hashed or taken for left over."""
    taken_in(cache)

    if how == "survey":
        seen = survey(other.content.layout)
        assert (seen.files, seen.doubtful) == (COUNT, ())
    elif how == "audit":
        assert [one.state for one in audit(other.content, quick=True)] == ["ok"] * COUNT
    else:
        cache.content.close()
        pruned = prune(other.content, max_size=0)
        assert len(pruned.removed) == COUNT
        assert files(root, "content") == files(root, "records") == []
        assert all(
            other.content.glance(digest_of(number), "a.bin") is None for number in range(COUNT)
        )
    assert journals(root) == []


def test_a_read_only_cache_is_read_all_the_same(
    cache: FileCache, other: FileCache, root: Path
) -> None:
    """Its journals stay."""
    taken_in(cache)

    with read_only(root):
        assert all(known(other, number) for number in range(COUNT))
        spread(other.content.layout)
        other.delete(str(digest_of(1)))
    assert len(journals(root)) == 1


def test_a_use_is_marked_after_a_day(root: Path) -> None:
    """Where it always was: at the record, which is made for it."""
    clock = FakeClock(SYSTEM_CLOCK.now() + 60)
    with FileCache({"cache_dir": str(root), "durability": "relaxed"}) as cache:
        cache.clock = clock  # as a test suite gives it: the content takes it over
        taken_in(cache)
        clock.advance(2 * DAY)

        assert cache.content.holds(
            cache.content.layout.file(Address(digest_of(1), "a.bin")), (digest_of(1),)
        )

        record = Path(cache.content.layout.record(digest_of(1)))
        assert record.stat().st_mtime == pytest.approx(clock.now())


def test_an_old_journal_is_spread_by_the_next_who_takes_many_in(
    cache: FileCache, root: Path
) -> None:
    """Not by whoever wants a file: that would wait."""
    taken_in(cache)
    os.utime(journals(root)[0], (1_000_000_000, 1_000_000_000))

    taken_in(cache, range(COUNT, 2 * COUNT))

    assert len(journals(root)) == 1
    assert len(files(root, "records")) == COUNT
    assert all(known(cache, number) for number in range(COUNT, 2 * COUNT))


def test_a_content_that_comes_under_a_second_name_keeps_the_first(
    cache: FileCache, other: FileCache
) -> None:
    """In one record, whichever file it lies in."""
    taken_in(cache)

    taken_in(cache, name="b.bin")

    for number in range(COUNT):
        record = read_record(other.content.layout, digest_of(number))
        assert record is not None
        assert record.files.keys() == {"a.bin", "b.bin"}


@settings(max_examples=15, deadline=None)
@given(
    damages=st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 50), st.binary(max_size=9)),
        min_size=1,
        max_size=5,
    )
)
@example(damages=[(0.6178277644974718, 1, b"")])  # within the tag of an entry
def test_damage_costs_at_most_a_hash(
    tmp_path_factory: pytest.TempPathFactory, damages: list[tuple[float, int, bytes]]
) -> None:
    """No exception, no wrong file; what is not damaged is known."""
    root = tmp_path_factory.mktemp("damage") / "cache"
    with FileCache({"cache_dir": str(root), "durability": "relaxed"}) as cache:
        taken_in(cache)
        (journal,) = journals(root)
        text = bytearray(journal.read_bytes())
        for share, length, damage in damages:
            place = int(share * len(text))
            text[place : place + length] = damage
        journal.write_bytes(text)
        with FileCache({"cache_dir": str(root), "durability": "relaxed"}) as fresh:
            for number in range(COUNT):
                entry = fresh.get(str(digest_of(number)))
                assert entry is None or isinstance(entry, CachedResource)
                assert entry is None or entry.local_path.startswith(str(root))
                seen = fresh.content.glance(digest_of(number), "a.bin")
                assert seen is None or Path(seen[0]).read_bytes() == body(number)
                kept = fresh.content.find((digest_of(number),))
                assert kept is not None
                assert kept.path.read_bytes() == body(number)
            assert [one.state for one in audit(fresh.content)] == ["ok"] * COUNT


@pytest.mark.parametrize("kind", ["directory", "link", "FIFO", "foreign", "empty"])
def test_what_is_no_journal_says_nothing(cache: FileCache, root: Path, kind: str) -> None:
    """And is not in the way."""
    taken_in(cache)
    (journal,) = journals(root)
    stranger = journal.with_name(f"1{SUFFIX}")
    if kind == "directory":
        stranger.mkdir()
    elif kind == "link":
        stranger.symlink_to("/etc/hostname")
    elif kind == "FIFO":
        os.mkfifo(stranger)
    else:
        stranger.write_bytes(b"" if kind == "empty" else b"another journal\na\tb\t{}\n")

    assert all(known(cache, number) for number in range(COUNT))
    spread(cache.content.layout)
    assert all(known(cache, number) for number in range(COUNT))


@pytest.mark.parametrize(
    "place", ["../outside", "content/v1/sha256/aa/name", "/outside", "records/v1/../../x.json", ""]
)
def test_a_journal_leads_nowhere_else(cache: FileCache, root: Path, place: str) -> None:
    """Whatever it holds: only records and entries are written."""
    layout = cache.content.layout
    add_journal(
        layout,
        [Line(f"{layout.root}/{place}", f"{layout.root}/{place}", "{}")],
        SYSTEM_CLOCK,
        durable=False,
    )
    before = {one for one in root.parent.rglob("*") if SUFFIX not in one.name}

    spread(layout)

    assert set(root.parent.rglob("*")) == before


def test_a_link_in_place_of_the_journals_is_not_followed(
    cache: FileCache, root: Path, tmp_path: Path
) -> None:
    """Neither read nor written through."""
    taken_in(cache)
    (root / "journals").rename(tmp_path / "elsewhere")
    (root / "journals").symlink_to(tmp_path / "elsewhere")

    with FileCache({"cache_dir": str(root)}) as fresh:
        assert not known(fresh, 1)
        spread(fresh.content.layout)

    assert len(list((tmp_path / "elsewhere" / "v1").iterdir())) == 1


@pytest.mark.parametrize("call", ["open", "write", "rename", "link", "unlink", "utime"])
def test_spreading_that_fails_is_ended_by_the_next(root: Path, call: str) -> None:
    """Wherever it ends: nothing is lost, and nothing is left of it."""
    for number in (1, 2, 5, 20):
        at = root / str(number)
        with FileCache({"cache_dir": str(at), "durability": "relaxed"}) as cache:
            taken_in(cache)
            with failing_call(call, errno.EIO, number=number, below=at):
                spread(cache.content.layout)
        with FileCache({"cache_dir": str(at), "durability": "relaxed"}) as fresh:
            assert all(known(fresh, one) for one in range(COUNT))
            spread(fresh.content.layout)
            assert all(known(fresh, one) for one in range(COUNT))
            assert journals(at) == []


def test_a_journal_that_must_last_is_on_the_disk_when_it_is_trusted(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its name."""
    synced: list[str] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        fsync(descriptor)

    with FileCache({"cache_dir": str(root), "durability": "full"}) as cache:
        monkeypatch.setattr(os, "fsync", noted)
        taken_in(cache)

    (journal,) = journals(root)
    assert {str(journal), str(journal.parent), str(journal.parent.parent), str(root)} <= set(synced)
    assert journal.read_text().startswith(HEADER)


SPREADER = """
import sys
from store.cache.layout import Layout
from store.cache.spreading import spread
spread(Layout(sys.argv[1]))
"""


def test_many_may_spread_at_once(cache: FileCache, root: Path) -> None:
    """And what is forgotten meanwhile stays so."""
    taken_in(cache)
    running = [subprocess.Popen([sys.executable, "-c", SPREADER, str(root)]) for _ in range(4)]

    cache.delete(str(digest_of(1)))

    assert [one.wait() for one in running] == [0, 0, 0, 0]
    assert cache.get(str(digest_of(1))) is None
    assert all(known(cache, number) for number in range(COUNT) if number != 1)
    assert journals(root) == []


def test_a_journal_that_comes_later_is_seen(cache: FileCache, other: FileCache) -> None:
    """And one that has gone says nothing any more."""
    taken_in(cache)
    assert known(other, 0)
    SYSTEM_CLOCK.sleep(0.02)

    taken_in(cache, range(COUNT, 2 * COUNT))

    assert known(other, COUNT)
    for path in journals(cache.content.root):
        path.unlink()
    SYSTEM_CLOCK.sleep(0.002)
    assert journals_of(other.content.layout).find(cache.uid_to_file(str(digest_of(0)))) is None


@pytest.mark.parametrize("ours", [True, False])
def test_a_record_that_comes_later_is_seen(cache: FileCache, *, ours: bool) -> None:
    """Though there were none before: at once where this process wrote it, else after a moment."""
    taken_in(cache)
    layout, digest, now = cache.content.layout, digest_of(3), SYSTEM_CLOCK.now()
    before = glance(layout, digest, "a.bin", now)
    record = read_record(layout, digest)
    assert record is not None
    doubtful = record._replace(files={})

    if ours:
        write_record(layout, digest, doubtful, SYSTEM_CLOCK)
    else:
        path = Path(layout.record(digest))
        path.parent.mkdir(parents=True)
        path.write_text(spelled(doubtful))
        SYSTEM_CLOCK.sleep(0.005)

    assert before is not None
    assert glance(layout, digest, "a.bin", now) is None


def test_an_entry_whose_tag_is_damaged_is_no_value(cache: FileCache) -> None:
    """Journals tell of files alone."""
    taken_in(cache)
    (journal,) = journals(cache.content.root)
    journal.write_bytes(journal.read_bytes().replace(TAG.encode(), TAG[1:].encode()))
    SYSTEM_CLOCK.sleep(0.002)
    with FileCache({"cache_dir": str(cache.content.root), "durability": "relaxed"}) as fresh:
        journals_of(fresh.content.layout)._read.clear()
        journals_of(fresh.content.layout)._seen = None

        assert fresh.get(str(digest_of(0)), "none") == "none"
