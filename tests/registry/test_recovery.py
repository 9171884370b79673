"""What is damaged or missing is rebuilt; what is newer is left alone; the first schema still opens."""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from store.errors import RegistryError
from store.registry.manager import Cache
from store.registry.migrations import migrate
from store.registry.schema import APPLICATION_ID, VERSION, metadata

FIRST = Path(__file__).with_name("first_schema.sql")
"""The tables as the first release made them: never to be changed."""


@pytest.fixture
def stocked(root: Path) -> Path:
    """The file of a registry with some items, closed."""
    with Cache(root, durability="relaxed") as cache:
        for number in range(5):
            cache.put(f"u:{number}", f"data {number}".encode(), attrs={"n": number})
    return root / "registry.sqlite"


def contents(root: Path) -> dict[str | None, bytes]:
    """Return what lies in a registry, by URI."""
    with Cache(root, durability="relaxed") as cache:
        return {one.uri: Path(one.path).read_bytes() for one in cache.search(order="uri")}


EXPECTED = {f"u:{number}": f"data {number}".encode() for number in range(5)}


@pytest.mark.parametrize(
    "damage", ["missing", "empty", "text", "cut", "head", "directory", "foreign"]
)
def test_a_damaged_registry_is_rebuilt(stocked: Path, damage: str) -> None:
    """It is moved aside, and nothing is lost."""
    data = stocked.read_bytes()
    if damage == "missing":
        stocked.unlink()
    elif damage == "empty":
        stocked.write_bytes(b"")
    elif damage == "text":
        stocked.write_bytes(b"no registry at all" * 100)
    elif damage == "cut":
        stocked.write_bytes(data[: len(data) // 3])
    elif damage == "head":
        stocked.write_bytes(os.urandom(4096) + data[4096:])
    elif damage == "directory":
        stocked.unlink()
        stocked.mkdir()
        (stocked / "kept").touch()
    else:
        stocked.unlink()
        with sqlite3.connect(stocked) as connection:
            connection.execute("CREATE TABLE precious (x)")
        connection.close()

    assert contents(stocked.parent) == EXPECTED

    aside = list((stocked.parent / "damaged").glob("*")) if damage != "missing" else [None]
    assert len(aside) >= 1


def test_damage_at_random_heals_or_is_told(stocked: Path) -> None:
    """Never another error, never a wrong content."""
    data = stocked.read_bytes()
    chance = random.Random(7)
    for _ in range(12):
        broken = bytearray(data)
        for _ in range(chance.choice([1, 50, 2000])):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        for beside in ("-wal", "-shm"):
            Path(f"{stocked}{beside}").unlink(missing_ok=True)
        stocked.write_bytes(broken)
        with Cache(stocked.parent, durability="relaxed") as cache:
            try:
                for one in cache.search():
                    _ = one.attrs
                cache.rebuild()
            except (RegistryError, ValueError):
                cache.rebuild()
        assert contents(stocked.parent) == EXPECTED


def test_a_registry_that_is_moved_away_is_noticed(cache: Cache, root: Path) -> None:
    """A process that has it open goes on with the one that is there now."""
    cache.put("a", b"data")
    with Cache(root, durability="relaxed") as other:
        other.rebuild()
        made = other.put("b", b"data")

        assert cache.best("b") == made
        cache.put("c", b"data")
        assert other.best("c") is not None


def test_a_newer_schema_is_refused_untouched(stocked: Path) -> None:
    """Not a byte of it changes, nor of anything beside it."""
    with sqlite3.connect(stocked) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    before = {path: path.read_bytes() for path in stocked.parent.rglob("*") if path.is_file()}

    calls: tuple[Callable[[Cache], object], ...] = (len, lambda cache: cache.create("a"))
    for call in calls:
        with Cache(stocked.parent) as cache, pytest.raises(RegistryError, match="newer release"):
            call(cache)

    after = {path: path.read_bytes() for path in stocked.parent.rglob("*") if path.is_file()}
    assert {path for path in after if "leases" not in path.parts} == set(before)
    assert all(after[path] == data for path, data in before.items())


def test_a_newer_schema_on_a_server_is_refused(database: str, root: Path) -> None:
    """The same on PostgreSQL."""
    with Cache(url=database, files=root) as cache:
        cache.create("a")
        cache.database.write(
            lambda connection: connection.exec_driver_sql(
                f"UPDATE registry_meta SET value = '{VERSION + 1}'"
            )
        )
    with Cache(url=database, files=root) as cache, pytest.raises(RegistryError, match="newer"):
        cache.search()


def test_the_first_schema_opens(root: Path) -> None:
    """A registry of the first release is brought up to date, and says what it said then."""
    root.mkdir()
    with sqlite3.connect(root / "registry.sqlite") as connection:
        connection.executescript(FIRST.read_text(encoding="utf-8"))
    connection.close()

    with Cache(root) as cache:
        (item,) = cache.search()
        assert (item.uri, item.params, item.attrs) == ("first", {"p": 1}, {"n": 5, "s": {"t": "x"}})
        assert cache.by_attrs({"n>": 4}) == {item.id}
        assert cache.create("first", {"p": 1}).version == 2


def test_the_first_schema_leads_to_the_present_one(tmp_path: Path) -> None:
    """Migrated and made anew, the tables are the same."""
    shapes = []
    for name, script in (("old", FIRST.read_text(encoding="utf-8")), ("new", "")):
        path = tmp_path / name
        with sqlite3.connect(path) as connection:
            connection.executescript(script)
        connection.close()
        engine = sa.create_engine(f"sqlite:///{path}")
        with engine.begin() as opened:
            migrate(opened, opened.exec_driver_sql("PRAGMA user_version").scalar_one())
        inspector = sa.inspect(engine)
        shapes.append(
            {
                table: (
                    [
                        (one["name"], str(one["type"]), one["nullable"])
                        for one in inspector.get_columns(table)
                    ],
                    sorted(str(one["name"]) for one in inspector.get_indexes(table)),
                    sorted(str(one["name"]) for one in inspector.get_unique_constraints(table)),
                )
                for table in metadata.tables
            }
        )
        engine.dispose()

    assert shapes[0] == shapes[1]


def test_steps_are_taken_one_after_the_other(tmp_path: Path) -> None:
    """From whichever version there is."""
    taken: list[int] = []
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'x'}")
    steps = {number: lambda _, number=number: taken.append(number) for number in (1, 2, 3)}

    with engine.begin() as connection:
        migrate(connection, 2, steps=steps, wanted=4)
    engine.dispose()

    assert taken == [2, 3]


def test_the_file_is_marked_as_ours(stocked: Path) -> None:
    """By application id and schema version, for `file` and for us."""
    with sqlite3.connect(stocked) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_a_busy_registry_is_a_typed_error(root: Path) -> None:
    """Whoever holds the write lock for too long is told of, and nothing was made."""
    from store.errors import LockTimeoutError

    with Cache(root, busy_timeout=0.1, durability="relaxed") as cache:
        cache.put("a", b"1")
        holder = sqlite3.connect(root / "registry.sqlite", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(LockTimeoutError):
            cache.put("a", b"2")
        holder.execute("ROLLBACK")
        holder.close()

        assert cache.clean_disk() == 0
        assert cache.put("a", b"2").version == 2


def test_a_read_only_registry_that_is_missing_is_told(root: Path) -> None:
    """It is not made."""
    with Cache(root, read_only=True) as cache, pytest.raises(RegistryError) as caught:
        cache.search()

    assert caught.value.missing
    assert not root.exists()
