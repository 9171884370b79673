"""Turns filters into one SELECT, the rarest term first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import sqlalchemy as sa

from store.errors import QueryError
from store.registry.comparing import matches
from store.registry.database import Database
from store.registry.fields import column_of, field_condition
from store.registry.filters import Filters
from store.registry.language import parse_name
from store.registry.records import ENTRY
from store.registry.schema import ATTRS, PARAMS, attributes, items
from store.registry.status import REMOVED
from store.registry.terms import And, Compare, Exists, Name, Not, Or, Term

PROBE: Final = 500
"""Up to how many matches a term's are counted, to begin with the rarest."""

FEW: Final = 50
"""So few matches are few enough to begin with, whatever the other terms'."""

Condition = sa.ColumnElement[bool]


def select(
    filters: Filters,
    database: Database,
    connection: sa.Connection | None = None,
    *,
    what: sa.Select[Any] = ENTRY,
) -> sa.Select[Any]:
    """Return the query for what the filters mean.

    Args:
        filters: Which items.
        database: Knows how the database spells what they do not have in common.
        connection: Is asked how rare terms are; None asks nothing.
        what: What is selected of each item.

    Raises:
        QueryError: A term cannot be asked.
    """
    conditions = [*_plain(filters), *_statuses(filters, items)]
    if filters.newest:
        conditions.append(_is_newest(filters))
    terms = list(_flat(filters.terms))
    first = None
    if connection is not None and not any((filters.key, filters.uri, filters.ids)):
        first = _rarest([one for one in terms if _countable(one)], database, connection)
    for term in terms:
        if term is first:
            rows = _rows(term, database)
            conditions.append(items.c.id.in_(sa.select(attributes.c.item_id).where(rows)))
        else:
            conditions.append(condition_of(term, database))
    query = what.where(*conditions)
    for field in filters.order:
        for column in _order(parse_name(field.removeprefix("-"))):
            direction = column.desc() if field.startswith("-") else column.asc()
            query = query.order_by(direction.nulls_last())
    query = query.order_by(items.c.id)
    if filters.limit is not None or filters.offset is not None:
        query = query.limit(_count(filters.limit, "limit")).offset(_count(filters.offset, "offset"))
    return query


def condition_of(term: Term, database: Database) -> Condition:  # noqa: PLR0911 - one a kind of term
    """Return the condition that a term holds of an item.

    Raises:
        QueryError: It cannot be asked.
    """
    if isinstance(term, And):
        return sa.and_(sa.true(), *(condition_of(one, database) for one in term.terms))
    if isinstance(term, Or):
        return sa.or_(sa.false(), *(condition_of(one, database) for one in term.terms))
    if isinstance(term, Not):
        return sa.not_(sa.func.coalesce(condition_of(term.term, database), sa.false()))
    if term.name.scope == "field":
        if isinstance(term, Exists):
            return column_of(term.name.name).is_not(None)
        return field_condition(term, database)
    if isinstance(term, Compare) and term.operator in {"!=", "not in", "not like"}:
        opposite = "=" if term.operator == "!=" else term.operator.removeprefix("not ")
        there = condition_of(Exists(term.name), database)
        same = condition_of(Compare(term.name, opposite, term.value), database)
        return sa.and_(there, sa.not_(same))
    return (
        sa.select(sa.literal(1))
        .where(attributes.c.item_id == items.c.id, _rows(term, database))
        .correlate(items)
        .exists()
    )


def _rows(term: Compare | Exists, database: Database) -> Condition:
    named = _named(term.name)
    if isinstance(term, Exists):
        return named
    return sa.and_(named, matches(term.operator, term.value, database))


def _named(name: Name) -> Condition:
    part = PARAMS if name.scope == "params" else ATTRS
    return sa.and_(
        attributes.c.part == part, attributes.c.space == name.space, attributes.c.name == name.name
    )


def _flat(terms: Iterable[Term]) -> Iterable[Term]:
    for term in terms:
        if isinstance(term, And):
            yield from _flat(term.terms)
        else:
            yield term


def _countable(term: Term) -> bool:
    return (
        isinstance(term, Compare)
        and term.name.scope != "field"
        and not term.operator.startswith(("not", "!"))
    )


def _rarest(terms: Sequence[Any], database: Database, connection: sa.Connection) -> Compare | None:
    if len(terms) < 2:  # noqa: PLR2004 - there is no choice
        return terms[0] if terms else None
    counts = []
    for term in terms:
        some = sa.select(sa.literal(1)).select_from(attributes).where(_rows(term, database))
        count = sa.select(sa.func.count()).select_from(some.limit(PROBE).subquery())
        counts.append(connection.execute(count).scalar_one())
        if counts[-1] < FEW:
            break
    return terms[counts.index(min(counts))]  # type: ignore[no-any-return]


def _order(name: Name) -> Iterable[sa.ColumnElement[Any]]:
    """Return what items are put in order by: attributes as numbers, then as texts."""
    if name.scope == "field":
        yield column_of(name.name)
        return
    for column in (attributes.c.number, attributes.c.short):
        row = sa.select(column).where(attributes.c.item_id == items.c.id, _named(name))
        yield row.correlate(items).scalar_subquery()


def _plain(filters: Filters) -> Iterable[Condition]:
    column = items.c
    if filters.key is not None:
        yield column.key == filters.key
    if filters.uri is not None:
        yield column.uri == filters.uri
    if filters.ids is not None:
        yield column.id.in_(sorted(filters.ids))
    if filters.versions is not None:
        yield column.version.in_(sorted(filters.versions))
    if filters.newer_than is not None:
        yield column.created > filters.newer_than
    if filters.older_than is not None:
        yield column.created < filters.older_than
    if filters.ext is not None:
        yield column.ext == filters.ext.strip(".")
    if filters.label is not None:
        yield column.label == filters.label
    if filters.filename is not None:
        yield column.filename == filters.filename


def _statuses(filters: Filters, table: sa.FromClause) -> list[Condition]:
    if filters.statuses is not None:
        return [table.c.status.in_(sorted(map(int, filters.statuses)))]
    if filters.include_removed:
        return []
    return [table.c.status.not_in(sorted(map(int, REMOVED)))]


def _is_newest(filters: Filters) -> Condition:
    newer = items.alias()
    found = sa.select(sa.literal(1)).where(
        newer.c.key == items.c.key,
        newer.c.version > items.c.version,
        *_statuses(filters, newer),
    )
    return sa.not_(found.correlate(items).exists())


def _count(value: object, name: str) -> int:
    if value is None:
        # A database wants a limit where there is an offset.
        return 2**62 if name == "limit" else 0
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise QueryError(f"{name} is a whole number from 0, not {value!r}", query=value)
    return value
