"""Prepared statements do what SQLAlchemy does with the same statement."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from store.registry.manager import Cache
from store.registry.prepared import Prepared
from store.registry.records import Entry, entry_from
from store.registry.schema import heads, items

NEWEST = sa.select(*items.c).where(items.c.key == sa.bindparam("key")).order_by(items.c.id).limit(1)


def test_a_row_is_the_one_that_sqlalchemy_finds(cache: Cache) -> None:
    """Values that the statement brings itself (a limit) are bound, and bools are bools again."""
    item = cache.put("a", b"data", pinned=True)
    cache.put("a", b"data")
    values = {"key": item.key}

    plain = cache.database.read(lambda connection: connection.execute(NEWEST, values).one())
    found = cache.database.read(lambda connection: Prepared(NEWEST).rows(connection, values))

    entry = entry_from(found[0])
    assert len(found) == 1
    assert entry is not None
    assert entry == Entry(*plain)
    assert (entry.published, entry.pinned) == (True, True)
    assert type(entry.pinned) is bool


def test_no_row_is_none(cache: Cache) -> None:
    """`first` finds nothing where there is nothing."""
    statement = Prepared(NEWEST)

    found = cache.database.read(lambda connection: statement.first(connection, {"key": "0"}))

    assert found is None
    assert entry_from(found) is None


def test_what_fails_is_taken_back(cache: Cache) -> None:
    """A transaction that SQLAlchemy never heard of ends with the block all the same."""
    insert = Prepared(sa.insert(heads), ("key", "last_version"))

    def work(connection: sa.Connection) -> None:
        insert.many(connection, [{"key": "x", "last_version": 1}, {"key": "y", "last_version": 2}])
        raise KeyError("x")

    with pytest.raises(KeyError):
        cache.database.write(work)

    count = sa.select(sa.func.count()).select_from(heads)
    assert cache.database.read(lambda connection: connection.execute(count).scalar_one()) == 0


def test_a_server_is_asked_the_usual_way(database: str, cache: Cache) -> None:
    """On PostgreSQL the same statement gives the same rows, changes and counts."""
    insert = Prepared(sa.insert(heads), ("key", "last_version"))
    update = Prepared(sa.update(heads).values(last_version=sa.bindparam("to")))
    select = Prepared(sa.select(heads.c.key, heads.c.last_version).order_by(heads.c.key))
    rows = [{"key": "x", "last_version": 1}, {"key": "y", "last_version": 2}]

    def work(connection: sa.Connection) -> tuple[int, list[tuple[str, int]]]:
        insert.many(connection, rows)
        changed = update.changed(connection, {"to": 7})
        return changed, [tuple(row) for row in select.rows(connection, {})]

    with Cache(url=database, files=cache.places.root) as server:
        answers = [one.database.write(work) for one in (cache, server)]

    assert answers == [(2, [("x", 7), ("y", 7)])] * 2
