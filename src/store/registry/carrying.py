"""Carries over what only an old registry can tell when it is rebuilt."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any, Final

import attrs
import sqlalchemy as sa

from store.errors import StoreError
from store.files.leases import is_held
from store.registry.database import Database, Rebuilt
from store.registry.engines import sqlite_engine
from store.registry.failures import DamagedError, registry_errors
from store.registry.identity import is_regular
from store.registry.keys import KEY
from store.registry.places import Places
from store.registry.records import ENTRY, Entry, all_rows
from store.registry.schema import attributes, heads, items, uses
from store.registry.sidecars import Sidecar, parsed, sidecar_text
from store.registry.status import Status

log = logging.getLogger(__name__)

_LAST: Final = 1 << 30
"""Up to which number a damaged registry is believed that a version was given out."""

_TOLD: Final = sa.and_(
    items.c.published, items.c.status.not_in([int(Status.WRITE), int(Status.DELETED)])
)
"""Which rows are made anew from their files and sidecars; nothing but the registry tells of the others."""


@attrs.frozen
class Carried:
    """What could be read of a damaged registry that lies in no sidecar.

    Attributes:
        heads: The last version that was given out for each key.
        writing: What living processes write, and by which lease.
    """

    heads: tuple[tuple[str, int], ...] = ()
    writing: tuple[tuple[Sidecar, str], ...] = ()


def tell_anew(connection: sa.Connection, fill: Callable[[sa.Connection], Rebuilt]) -> Rebuilt:
    """Forget what files and sidecars told, and have a registry filled by what they tell now.

    Whatever else stands in it stays.
    """
    told = sa.select(items.c.id).where(_TOLD)
    for table, column in ((attributes, attributes.c.item_id), (uses, uses.c.item_id)):
        connection.execute(sa.delete(table).where(column.in_(told)))
    connection.execute(sa.delete(items).where(_TOLD))
    return fill(connection)


def statuses_of(connection: sa.Connection) -> dict[tuple[str, int], Status]:
    """Return the status of each key and version that is in a registry."""
    rows = connection.execute(sa.select(items.c.key, items.c.version, items.c.status))
    return {(row[0], row[1]): Status(row[2]) for row in rows}


def is_sound(engine: sa.Engine, where: str) -> bool:
    """Whether SQLite finds nothing wrong with a registry, and all tables are there."""
    try:
        with registry_errors(where), engine.connect() as connection:
            for table in (heads, items, attributes, uses):
                connection.execute(sa.select(table).limit(1)).all()
            found = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one()
    except (DamagedError, UnicodeDecodeError):  # the message may quote damaged bytes
        return False
    return bool(found == "ok")


def carried_from(places: Places, busy_timeout: float) -> Carried:
    """Return what can still be read of a damaged registry; nothing where there is none."""
    if not is_regular(str(places.database)):
        return Carried()
    engine = sqlite_engine(places.database, read_only=True, busy_timeout=busy_timeout)
    try:
        return Carried(tuple(_heads(engine)), tuple(_writing(engine, places)))
    finally:
        engine.dispose()


def _rows(engine: sa.Engine, statement: Any) -> Iterator[Any]:  # noqa: ANN401 - any select
    """Go through rows as far as they can be read."""
    try:
        with engine.connect() as connection:
            yield from connection.execute(statement)
    except (sa.exc.SQLAlchemyError, ValueError, OverflowError, StoreError) as error:
        log.debug("not all of a damaged registry can be read: %s", error)


def _heads(engine: sa.Engine) -> Iterator[tuple[str, int]]:
    for key, version in _rows(engine, sa.select(heads.c.key, heads.c.last_version)):
        if _is_name(key, version):
            yield key, version


def _writing(engine: sa.Engine, places: Places) -> Iterator[tuple[Sidecar, str]]:
    started = [int(Status.WRITE), int(Status.UNINITIALIZED)]
    for row in _rows(engine, ENTRY.where(items.c.status.in_(started))):
        entry = Entry(*row)
        holder = entry.holder
        if not isinstance(holder, str) or not _is_name(entry.key, entry.version):
            continue
        try:
            if is_held(places.leases, holder):
                with engine.connect() as connection:
                    rows = all_rows(connection, entry.id)
                yield parsed(sidecar_text(entry, rows).encode()), holder
        except (sa.exc.SQLAlchemyError, ValueError, TypeError, OSError, StoreError) as error:
            log.warning("an item that is being written cannot be carried over: %s", error)


def _is_name(key: object, version: object) -> bool:
    return (
        isinstance(key, str)
        and KEY.fullmatch(key) is not None
        and isinstance(version, int)
        and 0 < version < _LAST
    )


def raise_heads(database: Database, connection: sa.Connection, carried: Carried) -> None:
    """See to it that no version of the old registry is given out anew."""
    from store.registry.creating import raise_head

    for key, version in carried.heads:
        raise_head(database, connection, key, version)
