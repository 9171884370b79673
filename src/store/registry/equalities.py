"""Finds items by equal attributes, with statements compiled once.

That is what a search most often asks. To build a statement of its parts takes SQLAlchemy several times as
long as a database takes to answer it, so one is built for each number and kind of terms, and kept. What it
finds is what `store.registry.query.select` finds.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import attrs
import sqlalchemy as sa

from store.registry.attributes import CONTAINERS, number_of, written
from store.registry.comparing import is_plain
from store.registry.filters import Filters
from store.registry.prepared import Prepared
from store.registry.query import FEW, PROBE
from store.registry.records import ENTRY, Entry, entry_from
from store.registry.schema import ATTRS, PARAMS, attributes, items
from store.registry.terms import And, Compare, Term

_NOTHING: Final = Filters()
_MOST: Final = 8
"""How many terms a statement that is kept may have."""

_IDS: Final = sa.select(items.c.id)


class Equality(NamedTuple):
    """A term that an attribute equals a value of which the index has all.

    Attributes:
        is_number: Whether it is compared as a number, else as a text.
        values: What is bound: part, space, name, value and kind.
    """

    is_number: bool
    values: tuple[int, str, str, float | str, str]


def equalities_of(filters: Filters) -> list[Equality] | None:
    """Return the terms of filters that ask for nothing but equal attributes; None for any others."""
    terms = _flat(filters.terms)
    if not 0 < len(terms) <= _MOST or attrs.evolve(filters, terms=()) != _NOTHING:
        return None
    found = [_equality(term) for term in terms]
    return None if None in found else found  # type: ignore[return-value]


def ids_of(connection: sa.Connection, terms: Sequence[Equality]) -> set[int]:
    """Return the ids of the items of which all terms hold; removed ones are left out."""
    return {row[0] for row in _rows(connection, terms, whole=False)}


def entries_of(connection: sa.Connection, terms: Sequence[Equality]) -> list[Entry]:
    """Return the items of which all terms hold, in the order they were made; removed ones are left out."""
    found = map(entry_from, _rows(connection, terms, whole=True))
    return [entry for entry in found if entry is not None]


def _flat(terms: Sequence[Term]) -> list[Term]:
    found: list[Term] = []
    for term in terms:
        found += _flat(term.terms) if isinstance(term, And) else [term]
    return found


def _equality(term: Term) -> Equality | None:
    if not isinstance(term, Compare) or term.operator != "=" or term.name.scope == "field":
        return None
    part = PARAMS if term.name.scope == "params" else ATTRS
    value = term.value
    if not is_plain(value):
        return None
    number = number_of(value)
    kind, text = written(value)
    if kind in CONTAINERS:
        return None
    known = text if number is None else number
    return Equality(number is not None, (part, term.name.space, term.name.name, known, kind))


def _rows(connection: sa.Connection, terms: Sequence[Equality], *, whole: bool) -> Sequence[Any]:
    """Run the statement that begins with the rarest term."""
    first, rarest = 0, PROBE
    for number, term in enumerate(terms if len(terms) > 1 else ()):
        count = _probe(term.is_number).first(connection, _bound(0, term))[0]
        if count < rarest:
            first, rarest = number, count
        if count < FEW:
            break
    query = _query(tuple(term.is_number for term in terms), first, whole=whole)
    values: dict[str, Any] = {}
    for number, term in enumerate(terms):
        values |= _bound(number, term)
    return query.rows(connection, values)


def _bound(number: int, term: Equality) -> dict[str, Any]:
    part, space, name, value, kind = term.values
    return {
        f"part{number}": part,
        f"space{number}": space,
        f"name{number}": name,
        f"value{number}": value,
        f"kind{number}": kind,
    }


@functools.cache
def _probe(is_number: bool) -> Prepared:  # noqa: FBT001 - a cache's key
    some: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(attributes)
    some = some.where(_row(0, is_number))
    return Prepared(sa.select(sa.func.count()).select_from(some.limit(PROBE).subquery()))


@functools.lru_cache(256)
def _query(shape: tuple[bool, ...], first: int, *, whole: bool) -> Prepared:
    query = (ENTRY if whole else _IDS).where(items.c.status >= 0)
    for number, is_number in enumerate(shape):
        row = _row(number, is_number)
        if number == first:
            query = query.where(items.c.id.in_(sa.select(attributes.c.item_id).where(row)))
        else:
            some: sa.Select[Any] = sa.select(sa.literal_column("1"))
            some = some.where(attributes.c.item_id == items.c.id, row)
            query = query.where(some.correlate(items).exists())
    return Prepared(query.order_by(items.c.id))


def _row(number: int, is_number: bool) -> sa.ColumnElement[bool]:  # noqa: FBT001 - a cache's key
    def bind(name: str, column: sa.Column[Any]) -> sa.BindParameter[Any]:
        """Return a parameter of the column's type, named apart from those of other rows."""
        return sa.bindparam(f"{name}{number}", type_=column.type)

    row = attributes.c
    named = [row[name] == bind(name, row[name]) for name in ("part", "space", "name")]
    if is_number:
        kinds = sa.or_(row.kind == "int", row.kind == "float")
        return sa.and_(*named, row.number == bind("value", row.number), kinds)
    same = row.short == bind("value", row.short)
    return sa.and_(*named, row.number.is_(None), same, row.kind == bind("kind", row.kind))
