"""What a registry must keep, and what it may remove."""

# ruff: noqa: S101, PLR2004 - a suite's tests assert, on plain numbers

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs

from store.registry.item import CacheItem
from store.registry.manager import Cache
from store.registry.opened import Options
from store.registry.status import Status
from store.testing.deviations import Suite
from store.testing.fakes import FakeClock


class CleaningTests(Suite, suite=True):
    """What is needed stays; what goes is what this registry made."""

    def test_cleaning_keeps_the_last_ready_version(self, cache: Cache, other: Cache) -> None:
        """A newer version that crashed while it was written costs nothing."""
        old, good = cache.put("a", b"1"), cache.put("a", b"2")
        crashed = other.create("a", status="write")
        Path(crashed.path).write_bytes(b"half")
        other.leases.close()

        cache.autoclean()

        assert cache.best("a") == good
        assert Path(good.path).read_bytes() == b"2"
        assert [one.version for one in cache.search(include_removed=True)] == [good.version]
        assert not Path(old.path).exists()
        assert list((cache.places.root / "partial").iterdir()) == []

    def test_cleaning_leaves_living_writers_alone(self, cache: Cache, other: Cache) -> None:
        """Whatever is cleaned, who writes can publish."""
        item = other.create("a", status="write")
        Path(item.path).write_bytes(b"mine")
        begun = other.create("b")

        cache.autoclean()
        cache.clean_db()
        cache.clean_disk()

        item.ready()
        begun.status = Status.WRITE
        assert Path(cache.best("a").path).read_bytes() == b"mine"  # type: ignore[union-attr]

    def test_cleaning_keeps_metadata_and_what_is_pinned(self, cache: Cache) -> None:
        """An item without a file lacks nothing; a pin holds an old version."""
        metadata = cache.create("a", status="ready")
        pinned, newest = cache.put("b", b"1", pinned=True), cache.put("b", b"2")

        cache.clean_db()
        cache.autoclean()

        assert cache.search() == [metadata, pinned, newest]

    def test_records_without_a_file_go(self, cache: Cache) -> None:
        """Whoever removed it, it is gone."""
        item, kept = cache.put("a", b"1"), cache.put("b", b"1")
        Path(item.path).unlink()

        assert cache.clean_db() == 1
        assert cache.search() == [kept]

    def test_only_files_of_ours_go(self, cache: Cache) -> None:
        """What does not bear the name of an item is somebody else's."""
        item = cache.put("a", b"1")
        shelf = Path(item.path).parent
        stray = shelf / f"{item.key}-99.txt"
        foreign = [shelf / "notes.txt", shelf / f"{item.key}.txt", cache.places.root / "keep.me"]
        for path in (stray, *foreign):
            path.write_text("x", encoding="utf-8")

        assert cache.clean_disk() == 1

        assert not stray.exists()
        assert all(path.exists() for path in (*foreign, Path(item.path)))

    def test_nothing_outside_is_touched(self, cache: Cache, tmp_path: Path) -> None:
        """Not even where a directory of ours became a link that leads out."""
        outside = tmp_path / "outside"
        outside.mkdir()
        item = cache.put("a", b"1")
        shelf = Path(item.path).parent
        precious = outside / Path(item.path).name
        precious.write_text("precious", encoding="utf-8")
        (outside / f"{item.key}-7.txt").write_text("precious", encoding="utf-8")
        cache.close()
        shelf.rename(shelf.with_name("moved"))
        shelf.symlink_to(outside)

        cache.clean_disk()
        cache.remove("a", disk=True, keep_record=False)

        assert {one.name for one in outside.iterdir()} == {precious.name, f"{item.key}-7.txt"}

    def test_the_least_recently_used_goes_first(self, cache: Cache, clock: FakeClock) -> None:
        """By size; a dry run only says so, a pin holds."""
        items = []
        for number in range(5):
            items.append(cache.put(f"u:{number}", b"x" * 10, pinned=number == 1))
            clock.advance(100)
        cache.close()
        items[0].accessed()
        cache.close()

        plan = cache.prune(max_bytes=30, dry_run=True)
        assert len(cache) == 5
        done = cache.prune(max_bytes=30)

        assert done.removed == plan.removed
        assert [one.uri for one in done.removed] == ["u:2", "u:3"]
        assert (done.freed, done.left) == (20, 30)
        assert {one.uri for one in cache.search()} == {"u:0", "u:1", "u:4"}

    def test_pruning_by_age_count_and_versions(self, cache: Cache, clock: FakeClock) -> None:
        """Each limit for itself."""
        for number in range(4):
            cache.put("a", str(number).encode())
            clock.advance(100)
        cache.put("b", b"x")

        assert [one.version for one in cache.prune(older_than=350, dry_run=True).removed] == [1]
        assert len(cache.prune(unused_for=250, dry_run=True).removed) == 2
        assert [one.version for one in cache.prune(versions=1, dry_run=True).removed] == [1, 2, 3]
        assert len(cache.prune(max_count=2, dry_run=True).removed) == 3
        assert len(cache.prune(max_count=0, where="uri = 'b'").removed) == 1
        assert len(cache) == 4

    def test_what_is_in_use_stays(self, cache: Cache, other: Cache) -> None:
        """What a living process was handed is passed over, and told."""
        item = cache.put("a", b"1")
        reader = other.best("a")
        assert reader is not None
        path = Path(reader.path)

        kept = cache.prune(max_bytes=0)
        assert [one.id for one in kept.in_use] == [item.id]
        assert path.read_bytes() == b"1"
        other.close()

        assert len(cache.prune(max_bytes=0).removed) == 1
        assert not path.exists()

    def test_a_writer_is_never_pruned(self, cache: Cache) -> None:
        """Only what is READY, or in the trash, may go."""
        writing = cache.create("a", status="write")
        trash = cache.put("b", b"1")
        trash.remove()

        cache.prune(max_bytes=0, max_count=0)

        assert writing.status is Status.WRITE
        assert cache.by_id(trash.id) is None

    def test_a_lost_registry_is_rebuilt(self, cache: Cache, clock: FakeClock) -> None:
        """Names, attributes, statuses and pins are as they were; no version is given out anew."""
        kept = cache.put("a", b"1", {"n": 1}, {"x": {"y": {1, 2}}}, label="l", pinned=True)
        cache.create("m", attrs={"only": "metadata"}, status="ready")
        trash = cache.put("t", b"2")
        trash.remove()
        clock.advance(5)
        changed = cache.put("c", b"3")
        changed.update(attrs={"late": True})
        writing = cache.create("w", status="write")
        cache.create("f", status="write").failed()
        cache.create("u")
        cache.put("d", b"1").remove(disk=True)
        cache.put("gone", b"1").remove(disk=True, keep_record=False)
        before = {told(one) for one in cache.search(include_removed=True)}

        rebuilt = cache.rebuild()

        assert (rebuilt.items, rebuilt.bare, rebuilt.missing) == (4, 0, 0)
        assert before == {told(one) for one in cache.search(include_removed=True)}
        assert cache.best("a", {"n": 1}).params == kept.params  # type: ignore[union-attr]
        assert cache.create("a", {"n": 1}).version == 2
        assert [cache.create(uri).version for uri in ("d", "gone")] == [2, 2]
        with writing.writing() as file:
            file.write(b"still mine")
        assert cache.best("w") == writing
        cache.restore("t")
        assert Path(cache.best("t").path).read_bytes() == b"2"  # type: ignore[union-attr]

    def test_a_file_without_its_sidecar_is_not_lost(self, cache: Cache) -> None:
        """It becomes an item of which only the content is known."""
        item = cache.put("a", b"1")
        Path(f"{cache.places.sidecar(item.key, 1)}").write_text("{", encoding="utf-8")

        assert cache.rebuild().bare == 1

        found = cache.best(key=item.key)
        assert found is not None
        assert (found.uri, found.digest) == (None, item.digest)
        assert Path(found.path).read_bytes() == b"1"

    def test_items_move_house(self, cache: Cache, tmp_path: Path) -> None:
        """Exported and imported they are what they were; a second time nothing happens."""
        cache.put("a", b"1", {"n": 1}, {"x": [1, (2,)]}, label="l")
        cache.put("a", b"2", {"n": 1})
        cache.create("m", attrs={"k": 1}, status="ready")
        there = tmp_path / "there"

        assert cache.export_to(there) == 3
        assert cache.export_to(there) == 0
        with Cache(tmp_path / "third") as third:
            assert third.import_from(there) == (3, 0, 0)
            assert third.import_from(there) == (0, 3, 0)
            found = third.best("a", {"n": 1})
            assert found is not None
            assert found.version == 2
            assert third.by_key(found.key, 1).attrs == {"x": [1, (2,)]}  # type: ignore[union-attr]

    def test_a_budget_keeps_itself(self, directory: Path, cache: Cache, clock: FakeClock) -> None:
        """What was used least recently goes as soon as too much was put in."""
        cache.options = evolved(cache, max_bytes=1000)
        for number in range(10):
            cache.put(f"u:{number}", b"x" * 300)
            clock.advance(10)

        assert cache.stats()["bytes"] <= 1000
        assert {one.uri for one in cache.search()} == {"u:7", "u:8", "u:9"}
        assert directory.exists()

    def test_stats_count(self, cache: Cache) -> None:
        """Items, keys, bytes and statuses."""
        cache.put("a", b"12345")
        cache.create("a")
        cache.create("b")

        stats = cache.stats()

        assert (stats["items"], stats["keys"], stats["bytes"]) == (3, 2, 5)
        assert stats["statuses"] == {"READY": 1, "UNINITIALIZED": 2}


def evolved(cache: Cache, **changes: Any) -> Options:  # noqa: ANN401 - fields of Options
    """Return a registry's options with some of them changed."""
    return attrs.evolve(cache.options, **changes)


def told(item: CacheItem) -> tuple[object, ...]:
    """Return all that a rebuilt registry must still know of an item."""
    known = (
        item.version_id,
        item.status,
        item.size,
        item.digest,
        item.label,
        item.date,
        item.pinned,
    )
    return (*known, repr(sorted(item.attrs.items())))
