"""Reads the filters that the calls of a registry have in common."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias, TypedDict

from store.errors import QueryError, RefusedError
from store.registry.fields import moment_from
from store.registry.filters import Filters
from store.registry.keys import key_of
from store.registry.language import parse
from store.registry.spellings import term_of
from store.registry.status import StatusesLike, statuses_of
from store.registry.terms import And, Compare, Exists, Not, Or, Term
from store.registry.values import is_clean

NEWEST: Final = -1
"""The version that stands for the newest one."""

_MOST_TERMS: Final = 500
"""How many conditions a search may have."""

Moment: TypeAlias = "dt.datetime | dt.date | str | float | None"
"""A time: a datetime (UTC where it has no zone), ISO 8601, or seconds since 1970; None is no matter."""

Versions: TypeAlias = "int | Iterable[int] | None"
"""One version, several, or -1 for the newest of each key."""


class Asked(TypedDict, total=False):
    """The filters by the names that `search`, `remove` and `update` give them; see `Cache.search`."""

    status: StatusesLike | None
    version: Versions
    newer_than: Moment
    older_than: Moment
    ext: str | None
    label: str | None
    filename: str | None
    key: str | None
    attrs: Mapping[str, Any] | None
    where: str | Term | None
    include_removed: bool
    ids: int | Iterable[int] | None
    newest: bool
    order: str | Iterable[str]
    limit: int | None
    offset: int | None


def filters_of(
    asked: Asked, uri: str | None = None, params: Mapping[str, Any] | None = None
) -> Filters:
    """Return filters that can be asked of the registry.

    Args:
        asked: The filters.
        uri: The URI of what is meant, whatever its parameters where those are None.
        params: Its parameters, exactly.

    Raises:
        QueryError: One of them cannot be read.
        TypeError: A parameter cannot be written down, or there is no filter of such a name.
    """
    _known(asked)
    key = asked.get("key")
    if key is None and params is not None:
        key = key_of(uri, params)
    versions = _numbers(asked.get("version"), "version")
    newest = asked.get("newest", False)
    if versions is not None and NEWEST in versions:
        newest, versions = True, versions - {NEWEST} or None
    return Filters(
        key=_text(key, "key"),
        uri=_text(uri, "uri"),
        ids=_numbers(asked.get("ids"), "ids"),
        versions=versions,
        newest=newest,
        statuses=statuses_of(asked.get("status")),
        include_removed=asked.get("include_removed", False),
        newer_than=_moment(asked.get("newer_than")),
        older_than=_moment(asked.get("older_than")),
        ext=_text(asked.get("ext"), "ext"),
        label=_text(asked.get("label"), "label"),
        filename=_text(asked.get("filename"), "filename"),
        terms=_bounded(tuple(_terms(asked))),
        order=order_of(asked.get("order", ())),
        limit=_count(asked.get("limit"), "limit"),
        offset=_count(asked.get("offset"), "offset"),
    )


def checked(filters: Filters, *, everything: bool) -> Filters:
    """Return filters that name something, before what they mean is changed.

    Raises:
        RefusedError: They would mean every item there is, and nobody said so.
    """
    if not everything and not filters.names_something():
        raise RefusedError(
            "without a filter this would touch every item of the registry: give one, or say all=True"
        )
    return filters


def _known(asked: Asked) -> None:
    """See that each is a filter: one that is misspelled would filter nothing, and more would be touched."""
    if unknown := asked.keys() - Asked.__optional_keys__:
        raise TypeError(
            f"there is no filter {min(unknown)!r}: known are uri, params,"
            f" {', '.join(sorted(Asked.__optional_keys__))}"
        )


def _terms(asked: Asked) -> Iterable[Term]:
    attrs, where = asked.get("attrs"), asked.get("where")
    if attrs is not None and attrs != {}:
        yield term_of(attrs)
    if isinstance(where, str):
        yield parse(where)
    elif isinstance(where, Compare | Exists | And | Or | Not):
        yield where
    elif where is not None:
        raise QueryError(f"where is a text, such as 'rows > 5', not {where!r}", query=where)


def _bounded(terms: tuple[Term, ...]) -> tuple[Term, ...]:
    """Refuse more conditions than a database answers in time: each is a look-up of its own."""
    left, count = list(terms), 0
    while left:
        one = left.pop()
        if isinstance(one, And | Or):
            left += one.terms
        elif isinstance(one, Not):
            left.append(one.term)
        else:
            count += 1
    if count > _MOST_TERMS:
        raise QueryError(
            f"the search is too long: it has {count} conditions, and {_MOST_TERMS} are answered at most;"
            " ask for less at once, or with 'in'"
        )
    return terms


def _text(value: object, name: str) -> str | None:
    if value is None or (isinstance(value, str) and is_clean(value)):
        return value
    raise QueryError(f"{name} is a text without NUL, not {value!r}", query=value)


def _numbers(value: object, name: str) -> frozenset[int] | None:
    if value is None:
        return None
    values = value if isinstance(value, Iterable) and not isinstance(value, str) else (value,)
    found = frozenset(values)
    if not all(isinstance(one, int) and not isinstance(one, bool) for one in found):
        raise QueryError(f"{name} is a whole number, or several, not {value!r}", query=value)
    return frozenset(one for one in found if abs(one) < 2**63)


def _count(value: object, name: str) -> int | None:
    if value is None or (type(value) is int and 0 <= value < 2**63):
        return value
    raise QueryError(f"{name} is a whole number from 0 below 2**63, not {value!r}", query=value)


def _moment(value: Moment) -> int | None:
    return None if value is None else moment_from(value)


def order_of(value: str | Iterable[str]) -> tuple[str, ...]:
    """Return the names to sort by, each with a minus before it where the greatest comes first."""
    return (
        tuple(one.strip() for one in value.split(",")) if isinstance(value, str) else tuple(value)
    )
