"""Compares the fields that every item has with a value, in SQL."""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

import sqlalchemy as sa

from store.errors import QueryError
from store.registry.database import Database
from store.registry.records import microseconds_of
from store.registry.schema import items, uses
from store.registry.status import status_of
from store.registry.terms import FIELDS, Compare

_ORDERS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_USES: Final = {
    "last_read": "last_read",
    "read_count": "reads",
    "last_search": "last_search",
    "search_count": "searches",
}
_LARGEST: Final = 2**63 - 1


def column_of(field: str) -> sa.ColumnElement[Any]:
    """Return the column of a field, to compare or to order by.

    Raises:
        QueryError: There is no such field.
    """
    if field in _USES:
        column = uses.c[_USES[field]]
        return sa.select(column).where(uses.c.item_id == items.c.id).scalar_subquery()
    if field not in FIELDS:
        raise QueryError(
            f"items have no field {field!r}: known are {', '.join(FIELDS)}", known=tuple(FIELDS)
        )
    return items.c["created" if field == "date" else field]


def field_condition(term: Compare, database: Database) -> sa.ColumnElement[bool]:
    """Return the condition that a field compares so with a value; a field that is null is not there.

    Raises:
        QueryError: The value is none for that field.
    """
    field, mark, value = term.name.name, term.operator, term.value
    column = column_of(field)
    if value is None:
        if mark not in {"=", "!="}:
            raise QueryError(f"nothing but = and != goes with null, not {mark!r}")
        return column.is_(None) if mark == "=" else column.is_not(None)
    if mark in {"in", "not in"}:
        values = [_converted(field, one) for one in value]
        return column.in_(values) if mark == "in" else column.not_in(values)
    if mark in {"like", "not like"}:
        if FIELDS[field] != "text":
            raise QueryError(f"the field {field!r} is no text: {mark!r} does not go with it")
        found = database.like(column, value)
        return found if mark == "like" else sa.and_(column.is_not(None), sa.not_(found))
    if mark == "between":
        low, high = value
        return sa.and_(column >= _converted(field, low), column <= _converted(field, high))
    found_order: sa.ColumnElement[bool] = _ORDERS[mark](column, _converted(field, value))
    return found_order


def moment_from(value: object) -> int:
    """Return a time, however it was given, in microseconds since 1970 UTC.

    Args:
        value: A datetime or date (without a zone it is UTC), such a text in ISO 8601, or seconds since 1970.

    Raises:
        QueryError: It is no time.
    """
    if isinstance(value, str):
        text = value[5:] if value.lower().startswith("date:") else value
        try:
            value = dt.datetime.fromisoformat(text.strip())
        except ValueError as error:
            raise QueryError(
                f"{value!r} is no time: write 2026-01-31 or 2026-01-31T12:00:00Z"
            ) from error
    if isinstance(value, dt.datetime):
        return microseconds_of(value)
    if isinstance(value, dt.date):
        return microseconds_of(dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC))
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12:  # noqa: PLR2004 - the year 33658
        return round(value * 1_000_000)
    raise QueryError(f"{value!r} is no time: write 2026-01-31 or 2026-01-31T12:00:00Z")


def _converted(field: str, value: Any) -> Any:  # noqa: ANN401 - any value
    kind = FIELDS[field]
    if kind == "status":
        return int(status_of(value))
    if kind == "time":
        return moment_from(value)
    if kind == "flag" and isinstance(value, bool):
        return value
    if kind == "text" and isinstance(value, str):
        return value
    if kind == "number" and type(value) in {int, float}:
        # What no column can hold is compared with what is just beyond its range.
        return max(-_LARGEST, min(_LARGEST, value))
    raise QueryError(f"the field {field!r} cannot be compared with {value!r}", query=value)
