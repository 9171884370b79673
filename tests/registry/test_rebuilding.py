"""A rebuild keeps what only the registry knows, and carries over what can be read of a damaged one."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from store.files.unfinished import partial_name
from store.registry.manager import Cache
from store.registry.status import Status


def test_a_sound_registry_keeps_its_file(cache: Cache, root: Path) -> None:
    """Nothing is moved aside, and those who have it open go on."""
    item = cache.put("a", b"data")
    with Cache(root, durability="relaxed") as other:
        found = other.best("a")

        cache.rebuild()

        assert not (root / "damaged").exists()
        assert found == item
        assert found is not None
        assert found.status is Status.READY


@pytest.mark.parametrize("damage", ["index", "table", "marked"])
def test_a_damaged_registry_gives_no_version_anew(cache: Cache, root: Path, damage: str) -> None:
    """And takes nothing away from who is writing."""
    cache.put("gone", b"1").remove(disk=True, keep_record=False)
    writing = cache.create("w", attrs={"n": 1}, status="write")
    Path(writing.path).write_bytes(b"mine")
    dead = cache.create("dead", status="write")
    kept = cache.put("a", b"data")
    cache.database.write(
        lambda one: one.exec_driver_sql(
            f"UPDATE registry_items SET holder = '1-1.lease' WHERE id = {dead.id}"
        )
    )
    cache.database.close()
    with sqlite3.connect(root / "registry.sqlite") as connection:
        if damage == "table":
            connection.execute("DROP TABLE registry_uses")
        elif damage == "marked":
            connection.execute("PRAGMA application_id = 7")
        else:
            connection.execute("PRAGMA writable_schema = ON")
            connection.execute("DELETE FROM sqlite_master WHERE name = 'registry_items_uris'")
    connection.close()

    cache.rebuild()

    assert len({one.name[:12] for one in (root / "damaged").iterdir()}) == 1
    assert cache.create("gone").version == 2
    assert cache.create("dead").version == 2
    writing.ready()
    found = cache.best("w")
    assert found is not None
    assert found.attrs == {"n": 1}
    assert Path(found.path).read_bytes() == b"mine"
    assert cache.best("a") is not None
    assert kept.status is Status.READY


def test_what_a_killed_rebuild_left_is_removed_by_cleaning(cache: Cache, root: Path) -> None:
    """What a living one is making stays, and what is the user's."""
    cache.put("a", b"data")
    alive = partial_name()
    dead = alive.replace(f"-{os.getpid()}-", f"-{2**22 + 1}-")
    for name in (f"{one}.sqlite{end}" for one in (alive, dead) for end in ("", "-wal", "-shm")):
        (root / name).write_bytes(b"half")

    (root / ".store-notes.sqlite").write_bytes(b"theirs")
    os.utime(root / ".store-notes.sqlite", (1, 1))

    assert cache.clean_disk() == 3

    (root / ".store-notes.sqlite").unlink()
    assert {one.name for one in root.glob(".store-*")} == {
        f"{alive}.sqlite{end}" for end in ("", "-wal", "-shm")
    }
