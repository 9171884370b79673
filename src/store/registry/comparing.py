"""Compares typed rows of attributes with a value, in SQL, all bound.

Numbers compare with numbers, times with times, texts with texts; a value of another kind does not match.
"""

from __future__ import annotations

import datetime as dt
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

import sqlalchemy as sa

from store.errors import QueryError
from store.registry.attributes import CONTAINERS, PREFIX, number_of, short_of, written
from store.registry.database import Database
from store.registry.schema import attributes
from store.registry.values import EXACT, is_clean

Condition = sa.ColumnElement[bool]

_ORDERS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_NUMBERS: Final = ("int", "float")
_TIMES: Final = ("date", "datetime")
_MOST_VALUES: Final = 10_000
"""How many values one ``in`` may list."""

_kind: Final = attributes.c.kind
_value: Final = attributes.c.value
_short: Final = attributes.c.short
_number: Final = attributes.c.number
_texts: Final = _number.is_(None)
_is_number: Final = _number.is_not(None)


def matches(mark: str, value: Any, database: Database) -> Condition:  # noqa: ANN401 - any value
    """Return the condition that a row's value compares so with a value.

    Args:
        mark: ``=``, ``<``, ``<=``, ``>``, ``>=``, ``in``, ``like`` or ``between``.
        value: With what.
        database: Knows how the database spells what they do not have in common.

    Raises:
        QueryError: A value of that kind has no order, or there are too many.
    """
    if mark == "=":
        return _equal(value)
    if mark == "in":
        return _among(list(value))
    if mark == "like":
        return sa.and_(_texts, _kind == "str", database.like(_value, value))
    if mark == "between":
        low, high = value
        return sa.and_(_ordered(">=", low), _ordered("<=", high))
    return _ordered(mark, value)


def is_plain(value: Any) -> bool:  # noqa: ANN401 - any value
    """Return whether the column in the index decides alone whether a value equals another."""
    kind = type(value)
    if kind is str:
        return len(value) < PREFIX and is_clean(value)
    if kind is float:
        return math.isfinite(value) and abs(value) < EXACT
    return kind is int and -EXACT < value < EXACT


def _equal(value: Any) -> Condition:  # noqa: ANN401 - any value
    number, kinds = number_of(value), _family(value)
    if number is not None:
        if isinstance(value, int) and abs(value) >= EXACT:
            return sa.and_(_number == number, _kind == "int", _value == hex(value))
        return sa.and_(_number == number, _kind.in_(kinds), _exactly(value))
    kind, text = _written(value)
    found = sa.and_(_texts, _short == short_of(kind, text), _kind == kind)
    return found if kind in CONTAINERS or len(text) < PREFIX else sa.and_(found, _value == text)


def _exactly(value: Any) -> Condition:  # noqa: ANN401 - any value
    # A large float equals only the whole number that it is, not its neighbours of the same float.
    if isinstance(value, float) and math.isfinite(value) and abs(value) >= EXACT:
        return sa.or_(_kind == "float", _value == hex(int(value)))
    return _kind == "float" if value in (math.inf, -math.inf) else sa.true()


def _ordered(mark: str, value: Any) -> Condition:  # noqa: ANN401 - any value
    compare = _ORDERS[mark]
    kinds = _family(value)
    if kinds:
        number = number_of(value)
        if number is None:
            return sa.false()  # nothing is more or less than NaN
        if kinds == _NUMBERS and abs(number) >= EXACT:
            beyond = _ORDERS[mark[0]](_number, number)
            return sa.and_(_is_number, _kind.in_(kinds), sa.or_(beyond, _tied(mark, value, number)))
        return sa.and_(_is_number, _kind.in_(kinds), compare(_number, number))
    kind, text = _written(value)
    if kind not in {"str", "text"}:
        raise QueryError(f"{mark!r} needs a number, a text or a time, not {value!r}")
    start = text[:PREFIX]
    within = _short >= start if mark[0] == ">" else _short <= start
    return sa.and_(_texts, _kind == "str", within, compare(_value, text))


def _tied(mark: str, value: float, number: float) -> Condition:
    """Compare what shares its nearest float with the value: whole numbers by their digits."""
    compare = _ORDERS[mark]
    floats = sa.and_(_kind == "float", sa.true() if compare(number, value) else sa.false())
    if value in {math.inf, -math.inf}:
        # Every whole number lies between the infinities, however large.
        ints = sa.true() if compare(0, value) else sa.false()
        return sa.and_(_number == number, sa.or_(floats, sa.and_(_kind == "int", ints)))
    text = hex(int(value))
    sign = 1 if value > 0 else -1
    shorter, smaller = (
        (operator.lt, operator.lt)
        if (mark[0] == "<") == (sign > 0)
        else (
            operator.gt,
            operator.gt,
        )
    )
    length = sa.func.length(_value)
    digits = sa.or_(
        shorter(length, len(text)),
        sa.and_(length == len(text), smaller(_value, text)),
        _value == text if "=" in mark else sa.false(),
    )
    return sa.and_(_number == number, sa.or_(floats, sa.and_(_kind == "int", digits)))


def _among(values: list[Any]) -> Condition:
    if len(values) > _MOST_VALUES:
        raise QueryError(f"'in' takes at most {_MOST_VALUES} values, not {len(values)}")
    texts = [one for one in values if type(one) is str and is_plain(one)]
    numbers = [float(one) for one in values if type(one) is not str and is_plain(one)]
    rest = [one for one in values if not is_plain(one)]
    found: list[Condition] = []
    if texts:
        found.append(sa.and_(_texts, _short.in_(texts), _kind == "str"))
    if numbers:
        found.append(sa.and_(_is_number, _kind.in_(_NUMBERS), _number.in_(numbers)))
    found += map(_equal, rest)
    return sa.or_(sa.false(), *found)


def _family(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - any value
    if type(value) in {int, float}:
        return _NUMBERS
    return _TIMES if type(value) in {dt.date, dt.datetime} else ()


def _written(value: Any) -> tuple[str, str]:  # noqa: ANN401 - any value
    try:
        return written(value)
    except TypeError as error:
        raise QueryError(f"nothing can be compared with {value!r}: {error}") from error
