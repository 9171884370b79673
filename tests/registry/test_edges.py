"""What seldom happens: odd fields, late readers, lost connections, damaged neighbours."""

from __future__ import annotations

import datetime as dt
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa

from store.clock import Clock
from store.errors import LockTimeoutError, QueryError, RegistryError, StorageError
from store.records import Provenance
from store.registry import manager
from store.registry.cache_backend import RegistryCache
from store.registry.item import CacheItem
from store.registry.manager import Cache
from store.registry.records import Entry
from store.registry.schema import handed
from store.registry.status import Status
from store.registry.terms import Compare, Name


def test_fields_are_set(cache: Cache) -> None:
    """Uses, labels, names, pins and dates; a label may go again."""
    item = cache.put("a", b"data", label="x")

    item.update(read_count=5, last_read="2026-01-31", label=None, filename="b.txt", pinned=True)
    item.update(date="DATE:2026-01-31", checked_date="now", other="now")

    assert (item.read_count, item.last_read) == (5, dt.datetime(2026, 1, 31, tzinfo=dt.UTC))
    assert (item.label, item.filename, item.pinned) == (None, "b.txt", True)
    assert item.date == dt.datetime(2026, 1, 31, tzinfo=dt.UTC)
    assert isinstance(item.attrs["checked_date"], dt.datetime)
    assert item.attrs["other"] == "now"


@pytest.mark.parametrize(
    "update",
    [
        {"read_count": -1},
        {"read_count": True},
        {"read_count": "many"},
        {"pinned": "yes"},
        {"label": 5},
        {"filename": "a\0b"},
        {"date": "yesterday"},
        {"date": True},
        {"attrs": 5},
    ],
)
def test_fields_that_cannot_be_set_so_are_refused(cache: Cache, update: dict[str, Any]) -> None:
    """Nothing is changed, nor is a word of it that was right."""
    item = cache.put("a", b"data", label="x")

    with pytest.raises((QueryError, TypeError)):
        item.update(label="y", **update) if "label" not in update else item.update(**update)

    assert item.label == "x"


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("label != null", 1),
        ("label in ('x', 'y')", 1),
        ("uri not in ('u:a')", 1),
        ("uri not like 'u:a%'", 1),
        ("size between 1 and 4", 2),
        ("date > 0", 2),
        ("version < 1e300", 2),
        ("pinned = true", 0),
        ("read_count is null", 2),
    ],
)
def test_fields_are_searched(cache: Cache, search: str, found: int) -> None:
    """With every operator that goes with them."""
    cache.put("u:a", b"data", label="x")
    cache.put("u:b", b"data")

    assert len(cache.search(where=search)) == found


@pytest.mark.parametrize(
    "search", ["label > null", "date = 'soon'", "pinned = 1", "nothing.a.b = "]
)
def test_fields_are_searched_by_what_they_are(cache: Cache, search: str) -> None:
    """A value that is none for a field is told."""
    with pytest.raises(QueryError):
        cache.search(where=search)


@pytest.mark.parametrize(
    ("operator", "value"), [("~", 1), ("in", 1), ("between", [1]), ("like", 5)]
)
def test_a_term_that_means_nothing_is_refused(operator: str, value: object) -> None:
    """Also where nobody spelled it."""
    with pytest.raises(QueryError):
        Compare(Name("attrs", "n"), operator, value)


def test_an_item_that_is_taken_up_at_the_last_moment_stays(root: Path) -> None:
    """It was marked already; then somebody was handed it, and it is put back."""
    with Cache(root, durability="relaxed") as reader:

        class Slow(Cache):
            """Is overtaken between the mark and the second look."""

            def move(self, entry: Entry, wanted: Status) -> Entry:
                """Hand the item to another."""
                moved = super().move(entry, wanted)
                if wanted is Status.DELETED:
                    reader.leases.hand_out(entry.version_id)
                return moved

        with Slow(root, durability="relaxed") as cache:
            item = cache.put("a", b"data")
            path = Path(item.path)
            cache.close()

            pruned = cache.prune(max_bytes=0)

            assert pruned.removed == ()
            assert [one.id for one in pruned.in_use] == [item.id]
            assert item.status is Status.READY
            assert path.read_bytes() == b"data"


def test_a_damaged_file_does_not_move_house(cache: Cache, tmp_path: Path) -> None:
    """It is counted as failed; what is being written is left behind."""
    cache.create("w", status="write")
    good, bad = cache.put("a", b"good"), cache.put("b", b"bad")
    path = Path(bad.path)
    path.chmod(0o644)
    path.write_bytes(b"evil")
    with Cache(tmp_path / "third", durability="relaxed") as third:
        assert third.import_from(cache.dir) == (1, 0, 1)
        assert third.best("b") is None
        assert third.best("a").digest == good.digest  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("v", 9),
        ("uri", 5),
        ("created", "now"),
        ("key", "x" * 64),
        ("status", 77),
        ("before", 77),
        ("attributes", [[7, "", "n", "int", "1"]]),
        ("attributes", [[0, "", "n", "nothing", "1"]]),
    ],
)
def test_a_sidecar_that_makes_no_sense_is_passed_over(
    cache: Cache, field: str, value: object
) -> None:
    """Its file is not lost for that."""
    item = cache.put("a", b"data")
    sidecar = Path(cache.places.sidecar(item.key, 1))
    told = json.loads(sidecar.read_bytes())
    sidecar.unlink()
    sidecar.write_text(json.dumps({**told, field: value}), encoding="utf-8")

    assert cache.rebuild() == (0, 1, 0)
    assert cache.best(key=item.key).digest == item.digest  # type: ignore[union-attr]


def test_a_sidecar_that_is_a_link_is_passed_over(cache: Cache, tmp_path: Path) -> None:
    """As is one whose file is another size than it says."""
    linked, short = cache.put("a", b"data"), cache.put("b", b"data")
    sidecar = Path(cache.places.sidecar(linked.key, 1))
    sidecar.rename(tmp_path / "elsewhere")
    sidecar.symlink_to(tmp_path / "elsewhere")
    Path(short.path).chmod(0o644)
    Path(short.path).write_bytes(b"da")

    assert cache.rebuild() == (0, 1, 1)


def test_where_no_lease_can_be_taken_reading_goes_on(cache: Cache, root: Path) -> None:
    """Writing does not: nobody could tell that the writer lives."""
    item = cache.put("a", b"data")
    (root / "leases").write_text("in the way", encoding="utf-8")

    with item.open() as opened:
        assert opened.result.read() == "data"
    assert Path(item.path).exists()
    with pytest.raises(StorageError):
        cache.create("b", status="write")


def test_many_threads_use_more_connections_than_are_kept(cache: Cache) -> None:
    """All get one of their own, and what is not kept is closed."""
    cache.put("a", b"data")
    start = Barrier(12)

    def ask(_: int) -> int:
        def work(connection: sa.Connection) -> int:
            start.wait(timeout=30)
            return int(connection.execute(sa.text("SELECT 1")).scalar_one())

        return cache.database.read(work)

    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(ask, range(12))) == [1] * 12
    assert cache.best("a") is not None


def test_a_busy_registry_ends_in_a_typed_error(root: Path) -> None:
    """A relaxed write, too; what waits of the uses is lost, and nothing else."""
    with Cache(root, busy_timeout=0.1) as cache, Cache(root, busy_timeout=0.1) as other:
        item = cache.put("a", b"data")
        item.accessed()
        with other.batch():
            other.create("b")
            with pytest.raises(LockTimeoutError):
                cache.create("c")
            cache.flush()
        assert cache.by_id(item.id).read_count == 0  # type: ignore[union-attr]


def test_an_error_in_a_read_leaves_the_connection_sound(cache: Cache) -> None:
    """The next one works."""
    with pytest.raises(RegistryError):
        cache.database.read(lambda connection: connection.execute(sa.text("SELECT nonsense(1)")))
    with pytest.raises(ZeroDivisionError):
        cache.database.write(lambda _: 1 / 0)
    assert len(cache) == 0


def test_a_lost_connection_takes_along_what_was_handed_out(database: str, root: Path) -> None:
    """The next item that is handed out brings back the notes of the others."""
    with Cache(url=database, files=root) as cache, Cache(url=database, files=root) as other:
        paths = [Path(cache.put(name, b"data").path) for name in "ab"]
        assert len(other.leases.in_use().names) == 2
        other.database.write(_end_the_others)
        assert _lost(other)

        third = Path(cache.put("c", b"data").path)

        assert len(other.leases.in_use().names) == 3
        assert other.prune(max_bytes=0).removed == ()
        assert all(path.exists() for path in (*paths, third))
        cache.close()
        assert other.database.read(lambda one: one.execute(sa.select(handed)).all()) == []
        assert not cache.leases.is_alive("pg:no")
        assert cache.leases.described("nobody") == "another process"


def test_a_read_only_registry_on_a_server_writes_no_notes(database: str, root: Path) -> None:
    """It writes nothing at all; what it handed out stays, as in a directory."""
    with Cache(url=database, files=root) as cache:
        cache.put("a", b"data")
        with Cache(url=database, files=root, read_only=True) as reader:
            item = reader.best("a")
            assert item is not None
            assert Path(item.path).read_bytes() == b"data"
            assert reader.leases.in_use().names == cache.leases.in_use().names == set()
            assert cache.prune(max_bytes=0).removed == ()
            with pytest.raises(RegistryError):
                reader.create("b", status="write")


def test_a_cache_whose_registry_cannot_be_opened_misses(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is remembered, nothing raised, and it is logged."""
    (tmp_path / "registry").write_text("in the way", encoding="utf-8")
    caplog.set_level(logging.WARNING)
    cache = RegistryCache({"cache_dir": str(tmp_path)})

    assert cache.get("uid", "default") == "default"
    assert cache.set("uid", "value") is False
    cache.record("uid", Provenance("driver", "{}", "file:///x", ("sha256:00",), 1))
    cache.delete("uid")
    cache.clear()
    cache.close()

    assert len(caplog.records) >= 4


def test_the_room_names_what_it_has() -> None:
    """And nothing else."""
    import store.registry as cm

    assert set(dir(cm)) == set(cm.__all__)
    with pytest.raises(AttributeError):
        _ = cm.nothing
    assert cm.Cache is manager.Cache
    assert cm.CacheItem is CacheItem


def _end_the_others(connection: sa.Connection) -> None:
    connection.exec_driver_sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND application_name = 'store registry'"
        " AND pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')"
    )


def _lost(other: Cache) -> bool:
    clock: Clock = other.clock
    for _ in range(100):
        if not other.leases.in_use().names:
            return True
        clock.sleep(0.02)
    return False
