"""Attributes as rows: one for each item, namespace and name."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from store.errors import QueryError
from store.registry.values import Written, canonical, is_clean, read, write

PREFIX: Final = 120
"""How much of a text is in the index, in characters: PostgreSQL takes no long ones."""

CONTAINERS: Final = frozenset({"list", "tuple", "set", "frozenset", "dict"})
"""The kinds of values that hold others."""

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND: Final = dt.timedelta(microseconds=1)


class Attribute(NamedTuple):
    """A typed value under a name.

    Attributes:
        space: The namespace; an empty text for none.
        name: The name.
        kind: The type's name, see `values.write`.
        value: The value as text.
        short: Its beginning, for the index; of a container a hash that equal ones share.
        number: What is compared: a number's nearest float, a time's microseconds since 1970 UTC; None for
            other kinds, and for NaN.
    """

    space: str
    name: str
    kind: str
    value: str
    short: str
    number: float | None

    @classmethod
    def of(cls, space: str, name: str, kind: str, value: str, number: float | None) -> Attribute:
        """Return a row, its short text made of the value."""
        return cls(space, name, kind, value, short_of(kind, value), number)


def rows_of(attrs: Mapping[str, Any] | None) -> list[Attribute]:
    """Return the rows of attributes; a dictionary with texts for keys is a namespace.

    Raises:
        TypeError: It is no mapping, a name is no text, or a value cannot be written down.
        QueryError: A name is empty, or holds a NUL.
    """
    if attrs is None:
        return []
    if not isinstance(attrs, Mapping):
        raise TypeError(f"attrs is a mapping, not {type(attrs).__name__}")
    rows = []
    for name, value in attrs.items():
        _check_name(name)
        if is_namespace(value):
            rows += [_row(name, inner, one) for inner, one in value.items()]
        else:
            rows.append(_row("", name, value))
    return rows


def attrs_of(rows: Iterable[tuple[str, str, str, str]]) -> dict[str, Any]:
    """Return the attributes that rows of (namespace, name, kind, value) hold.

    Raises:
        ValueError: A row was damaged.
    """
    attrs: dict[str, Any] = {}
    for space, name, kind, text in rows:
        value = read(kind, text)
        if not space:
            attrs[name] = value
            continue
        inner = attrs.get(space)
        if not isinstance(inner, dict):
            inner = attrs[space] = {}
        inner[name] = value
    return attrs


def is_namespace(value: object) -> bool:
    """Whether a value is kept as a namespace, name by name."""
    return (
        isinstance(value, Mapping)
        and bool(value)
        and all(type(name) is str and name and is_clean(name) for name in value)
    )


def number_of(value: Any) -> float | None:  # noqa: ANN401 - any value
    """Return what a number or time is compared by; None for anything else, and for NaN."""
    kind = type(value)
    if kind is int:
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    if kind is float:
        return None if math.isnan(value) else float(value)
    if kind is dt.datetime:
        moment = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
        return float((moment - _EPOCH) // _MICROSECOND)
    if kind is dt.date:
        return number_of(dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC))
    return None


def short_of(kind: str, text: str) -> str:
    """Return what is in the index of a value that was written."""
    if kind in CONTAINERS:
        spelling = canonical(read(kind, text))
        return hashlib.sha256(spelling.encode()).hexdigest()
    return text[:PREFIX]


def _row(space: str, name: str, value: Any) -> Attribute:  # noqa: ANN401 - any value
    _check_name(name)
    kind, text = written(value)
    return Attribute.of(space, name, kind, text, number_of(value))


def written(value: Any) -> Written:  # noqa: ANN401 - any value
    """Return a value as it is kept, any mapping as a dictionary."""
    return write(dict(value) if isinstance(value, Mapping) else value)


def _check_name(name: object) -> None:
    if type(name) is not str:
        raise TypeError(f"the name of an attribute is text, not {type(name).__name__}")
    if not name or not is_clean(name):
        raise QueryError(f"{name!r} names no attribute: give a text without NUL", query=name)
