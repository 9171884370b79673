"""An item as it stands in the registry."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from store.registry.prepared import Prepared
from store.registry.schema import attributes, items
from store.registry.status import Status

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND: Final = dt.timedelta(microseconds=1)


class Entry(NamedTuple):
    """One row of ``registry_items``; the fields are its columns."""

    id: int
    key: str
    version: int
    status: int
    before: int | None
    published: bool
    pinned: bool
    uri: str
    params: str
    filename: str
    ext: str
    label: str | None
    created: int
    size: int | None
    digest: str | None
    holder: str | None

    @property
    def version_id(self) -> str:
        """``<key>-<version>``, which names the item."""
        return f"{self.key}-{self.version}"

    @property
    def current(self) -> Status:
        """The status, as a member."""
        return Status(self.status)


COLUMNS: Final = tuple(items.c[name] for name in Entry._fields)
"""The columns of an entry, in its order."""

ENTRY: Final = sa.select(*COLUMNS)
"""Selects entries."""

_BY_ID: Final = Prepared(ENTRY.where(items.c.id == sa.bindparam("id")))
_BY_VERSION: Final = Prepared(
    ENTRY.where(items.c.key == sa.bindparam("key"), items.c.version == sa.bindparam("version"))
)
_ROW: Final = (attributes.c.space, attributes.c.name, attributes.c.kind, attributes.c.value)
_ATTRIBUTES: Final = Prepared(
    sa.select(*_ROW)
    .where(
        attributes.c.item_id == sa.bindparam("item_id"), attributes.c.part == sa.bindparam("part")
    )
    .order_by(attributes.c.space)
)
_BOTH_PARTS: Final = Prepared(
    sa.select(attributes.c.part, *_ROW)
    .where(attributes.c.item_id == sa.bindparam("item_id"))
    .order_by(attributes.c.part, attributes.c.space)
)


def entry_from(row: Any) -> Entry | None:  # noqa: ANN401 - a row, as the driver gives it
    """Return the entry of a row of a prepared statement; None for None."""
    if row is None:
        return None
    return Entry._make((*row[:5], bool(row[5]), bool(row[6]), *row[7:]))


def entry_of(connection: sa.Connection, item_id: int) -> Entry | None:
    """Return the entry of an id, or None."""
    return entry_from(_BY_ID.first(connection, {"id": item_id}))


def entry_of_version(connection: sa.Connection, key: str, version: int) -> Entry | None:
    """Return the entry of a key and version, or None."""
    return entry_from(_BY_VERSION.first(connection, {"key": key, "version": version}))


def now_of(connection: sa.Connection, known: Entry) -> Entry | None:
    """Return the row of an item as it is now, also where a rebuilt registry gave it another id."""
    found = entry_of(connection, known.id)
    if found is not None and (found.key, found.version) == (known.key, known.version):
        return found
    return entry_of_version(connection, known.key, known.version)


def attribute_rows(
    connection: sa.Connection, item_id: int, part: int
) -> list[tuple[str, str, str, str]]:
    """Return an item's rows of (namespace, name, kind, value), those without a namespace first."""
    return list(map(tuple, _ATTRIBUTES.rows(connection, {"item_id": item_id, "part": part})))


def all_rows(connection: sa.Connection, item_id: int) -> list[tuple[int, str, str, str, str]]:
    """Return an item's attributes and parameters as rows of (part, namespace, name, kind, value)."""
    return list(map(tuple, _BOTH_PARTS.rows(connection, {"item_id": item_id})))


def moment_of(microseconds: int | None) -> dt.datetime | None:
    """Return a time of the registry as a datetime in UTC; None for None."""
    return None if microseconds is None else _EPOCH + microseconds * _MICROSECOND


def microseconds_of(moment: dt.datetime) -> int:
    """Return a datetime as the registry has it; without a zone it is taken for UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return (aware - _EPOCH) // _MICROSECOND
