"""Reads the seed's spelling of a search: a dictionary of attributes.

``{"rows>=": 5}``, ``{"rows": (">=", 5)}``, ``{"name": ("like", "x%")}``; a list is an *or* of its values, a
dictionary a namespace; ``"__and": False`` joins all of it by *or*. A text that begins with ``DATE:`` stands
for a time (ISO 8601).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, Final

from store.errors import QueryError
from store.registry.terms import OPERATORS, And, Compare, Exists, Name, Not, Or, Term

AND: Final = "__and"
"""The key that says whether all must hold (the default) or one is enough."""

_NAME: Final = re.compile(r"(?s)(.*?)\s*(==|<>|!=|<=|>=|=|<|>)?")
_SAME: Final = {"==": "=", "<>": "!="}
_WORDS: Final = frozenset(OPERATORS) | _SAME.keys() | {"exists"}
_DATE: Final = "date:"
_FEW: Final = 8
"""So many values are an *or* of equalities; more are asked at once."""


def term_of(attrs: Mapping[str, Any]) -> Term:
    """Return what a dictionary asks for; it is not changed.

    Raises:
        QueryError: A name or an operator cannot be read.
    """
    if not isinstance(attrs, Mapping):
        raise QueryError(f"attrs is a mapping, not {type(attrs).__name__}")
    terms = tuple(_terms(attrs, ""))
    return And(terms) if attrs.get(AND, True) else Or(terms)


def _terms(attrs: Mapping[str, Any], space: str) -> list[Term]:
    terms: list[Term] = []
    for key, value in attrs.items():
        if key == AND and not space:
            continue
        if not isinstance(key, str):
            raise QueryError(f"the name of an attribute is text, not {key!r}")
        if isinstance(value, Mapping) and value and not space:
            terms.append(And(tuple(_terms(value, key))))
        else:
            terms.append(_term(key, value, space))
    return terms


def _term(key: str, value: Any, space: str) -> Term:  # noqa: ANN401 - any value
    found = _NAME.fullmatch(key)
    name, mark = (found[1], found[2]) if found and found[1] else (key, None)
    operator = _SAME.get(mark, mark) if mark else "="
    spoken = Name("attrs", name, space)
    if isinstance(value, list):
        if (
            len(value) > _FEW
            and operator == "="
            and not any(isinstance(one, tuple) for one in value)
        ):
            return _compared(spoken, "in", value)  # the same, asked without a tree of so many terms
        return Or(tuple(_compared(spoken, operator, one) for one in value))
    return _compared(spoken, operator, value)


def _compared(name: Name, operator: str, value: Any) -> Term:  # noqa: ANN401 - any value
    if isinstance(value, tuple) and len(value) == 2 and _is_operator(value[0]):  # noqa: PLR2004 - a pair
        operator, value = str(value[0]).lower(), value[1]
        operator = _SAME.get(operator, operator)
    if operator == "exists":
        return Exists(name) if value else Not(Exists(name))
    return Compare(name, operator, _value(value))


def _is_operator(word: object) -> bool:
    return isinstance(word, str) and word.lower() in _WORDS


def _value(value: Any) -> Any:  # noqa: ANN401 - any value
    if isinstance(value, list | tuple):
        return type(value)(_value(one) for one in value)
    if isinstance(value, str) and value.lower().startswith(_DATE):
        try:
            return dt.datetime.fromisoformat(value[len(_DATE) :].strip())
        except ValueError as error:
            raise QueryError(
                f"{value!r} is no time: write DATE:2026-01-31 or DATE:2026-01-31T12:00:00Z"
            ) from error
    return value
