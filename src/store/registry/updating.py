"""What an update changes: fields of an item, and attributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs
import sqlalchemy as sa

from store.errors import QueryError
from store.registry.attributes import Attribute, is_namespace, rows_of
from store.registry.creating import insert_attributes
from store.registry.database import Database
from store.registry.fields import moment_from
from store.registry.records import Entry
from store.registry.schema import ATTRS, attributes, items, uses
from store.registry.slips import check_spelling
from store.registry.status import Status, status_of

NOW: Final = "now"
"""What stands for the present where a date is set."""

_TEXTS: Final = frozenset({"label", "filename"})
_USES: Final = {
    "last_read": "last_read",
    "read_count": "reads",
    "last_search": "last_search",
    "search_count": "searches",
}
_FIXED: Final = frozenset(
    {"id", "key", "version", "version_id", "uri", "params", "size", "digest", "ext"}
)


@attrs.frozen(kw_only=True)
class Changes:
    """What is to be changed.

    Attributes:
        status: The status to move to, or None.
        fields: Columns of the item.
        uses: Columns of its use.
        rows: Attributes to be set, each in place of the one of its name.
        names: The names that were given; what was a namespace and is no longer, or the reverse, goes.
    """

    status: Status | None = None
    fields: Mapping[str, Any] = attrs.field(factory=dict)
    uses: Mapping[str, Any] = attrs.field(factory=dict)
    rows: Sequence[Attribute] = ()
    names: Mapping[str, bool] = attrs.field(factory=dict)


def changes_of(update: Mapping[str, Any], now: int) -> Changes:
    """Read an update: fields by their names, ``attrs`` a mapping, any other name an attribute.

    Args:
        update: The update; it is not changed.
        now: The time, in microseconds since 1970 UTC.

    Raises:
        QueryError: A field cannot be set so, or not at all, or an attribute's name is nearly that of a field.
        TypeError: A value cannot be written down.
    """
    status: Status | None = None
    fields: dict[str, Any] = {}
    used: dict[str, Any] = {}
    given: dict[str, Any] = {}
    for name, value in update.items():
        if name == "attrs":
            if not isinstance(value, Mapping):
                raise TypeError(f"attrs is a mapping, not {type(value).__name__}")
            given |= value
        elif name == "status":
            status = status_of(value)
        elif name in _FIXED:
            raise QueryError(f"{name!r} is what the item is, and cannot be set", query=name)
        elif name == "date":
            fields["created"] = _moment(value, now)
        elif name in _TEXTS or name == "pinned":
            fields[name] = _checked(name, value)
        elif name in _USES:
            used[_USES[name]] = (
                _count(name, value) if name.endswith("count") else _moment(value, now)
            )
        else:
            if isinstance(name, str):
                check_spelling(name)
            given[name] = (
                _now_as_text(value, now) if value == NOW and name.endswith("date") else value
            )
    return Changes(
        status=status,
        fields=fields,
        uses=used,
        rows=rows_of(given),
        names={name: is_namespace(value) for name, value in given.items()},
    )


def apply(
    database: Database, connection: sa.Connection, entries: Sequence[Entry], changes: Changes
) -> None:
    """Change everything but the status, in a transaction that writes."""
    ids = [entry.id for entry in entries]
    if changes.fields:
        connection.execute(sa.update(items).where(items.c.id.in_(ids)).values(**changes.fields))
    if changes.uses:
        insert = database.insert(uses)
        statement = insert.on_conflict_do_update(
            index_elements=[uses.c.item_id],
            set_={one: insert.excluded[one] for one in changes.uses},
        )
        blank = {"reads": 0, "searches": 0, "last_read": None, "last_search": None}
        connection.execute(statement, [{"item_id": one, **blank, **changes.uses} for one in ids])
    if changes.rows:
        connection.execute(sa.delete(attributes).where(_replaced(ids, changes)))
        for item_id in ids:
            insert_attributes(connection, item_id, ATTRS, changes.rows)


def _replaced(ids: Sequence[int], changes: Changes) -> sa.ColumnElement[bool]:
    column = attributes.c
    old = [sa.and_(column.space == row.space, column.name == row.name) for row in changes.rows]
    for name, is_space in changes.names.items():
        if is_space:
            old.append(sa.and_(column.space == "", column.name == name))
        else:
            old.append(column.space == name)
    return sa.and_(column.item_id.in_(ids), column.part == ATTRS, sa.or_(*old))


def _moment(value: Any, now: int) -> int:  # noqa: ANN401 - any value
    return now if value == NOW else moment_from(value)


def _now_as_text(value: Any, now: int) -> Any:  # noqa: ANN401 - any value
    from store.registry.records import moment_of

    return moment_of(now) if value == NOW else value


def _count(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise QueryError(f"{name} is a whole number from 0, not {value!r}", query=value)
    return value


def _checked(name: str, value: Any) -> Any:  # noqa: ANN401 - any value
    if name == "pinned":
        if isinstance(value, bool):
            return value
        raise QueryError(f"pinned is true or false, not {value!r}", query=value)
    if name == "label" and value is None:
        return None
    if not isinstance(value, str) or "\0" in value:
        raise QueryError(f"{name} is text, not {value!r}", query=value)
    from store.files.names import safe_name

    return safe_name(value) if name == "filename" else value
