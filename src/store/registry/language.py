"""Reads the language of searches: ``driver = "pypi" and size > 1e6``.

::

    search     = all { "or" all }
    all        = one { "and" one }
    one        = "not" one | "(" search ")" | "exists" name | name "exists" | comparison
    comparison = name ( "=" | "==" | "!=" | "<>" | "<" | "<=" | ">" | ">=" ) value
               | name [ "not" ] "in" "(" value { "," value } ")"
               | name [ "not" ] "like" text
               | name [ "not" ] "between" value "and" value
               | name "is" [ "not" ] "null"
    name       = word { "." word }       word = letters, digits, _ and -; any text in `backticks`
    value      = text | number | "true" | "false" | "null" | @date | @datetime (ISO 8601)
    text       = "…" or '…', in which the quote is written twice

A lone word is a field where items have one of that name, else an attribute. ``attrs.x`` is always an
attribute, ``params.x`` a parameter, ``item.x`` a field; ``space.x`` and ``attrs.space.x`` an attribute in a
namespace. Keywords are read in any case.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, Final

from store.errors import QueryError
from store.registry.terms import FIELDS, And, Compare, Exists, Name, Not, Or, Term
from store.registry.tokens import Token, tokens_of

_SAME: Final = {"==": "=", "<>": "!="}
_MARKS: Final = frozenset({"=", "!=", "<", "<=", ">", ">="})
_CONSTANTS: Final = {"true": True, "false": False, "null": None, "none": None}
_DEEPEST: Final = 100
_LONGEST_NUMBER: Final = 4000


def parse(text: str) -> Term:
    """Read a search.

    Raises:
        QueryError: It cannot be read; the message says where.
    """
    return _Parser(text).whole()


def parse_name(text: str) -> Name:
    """Read a name alone: a field, or an attribute or parameter.

    Raises:
        QueryError: It cannot be read.
    """
    return _Parser(text).lone_name()


class _Parser:
    """Reads a search from its beginning to its end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens_of(text)
        self._at = 0
        self._depth = 0

    def whole(self) -> Term:
        """Read the whole text as a condition.

        Raises:
            QueryError: It is none, or goes on behind one.
        """
        term = self._search()
        if self._next().kind != "end":
            raise self._wrong("'and', 'or' or the end")
        return term

    def lone_name(self) -> Name:
        """Read the whole text as the name of one field or attribute.

        Raises:
            QueryError: It is none, or goes on behind one.
        """
        name = self._name()
        if self._next().kind != "end":
            raise self._wrong("the end of the name")
        return name

    def _search(self) -> Term:
        terms = [self._all()]
        while self._take("or"):
            terms.append(self._all())
        return terms[0] if len(terms) == 1 else Or(tuple(terms))

    def _all(self) -> Term:
        terms = [self._one()]
        while self._take("and"):
            terms.append(self._one())
        return terms[0] if len(terms) == 1 else And(tuple(terms))

    def _one(self) -> Term:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._wrong("less in brackets")
        try:
            if self._take("not"):
                return Not(self._one())
            if self._take("("):
                term = self._search()
                self._expect(")")
                return term
            if self._take("exists"):
                return Exists(self._name())
            return self._comparison(self._name())
        finally:
            self._depth -= 1

    def _comparison(self, name: Name) -> Term:
        token = self._next()
        mark = _SAME.get(token.text, token.text)
        if token.kind == "mark" and mark in _MARKS:
            self._at += 1
            return Compare(name, mark, self._value())
        if self._take("exists"):
            return Exists(name)
        if self._take("is"):
            wanted = "!=" if self._take("not") else "="
            self._expect("null")
            return Compare(name, wanted, None)
        negated = self._take("not")
        if self._take("in"):
            return Compare(name, "not in" if negated else "in", self._values())
        if self._take("like"):
            return Compare(name, "not like" if negated else "like", self._value())
        if self._take("between"):
            low = self._value()
            self._expect("and")
            between = Compare(name, "between", (low, self._value()))
            return And((Exists(name), Not(between))) if negated else between
        raise self._wrong("an operator such as =, <, in, like, between or exists")

    def _name(self) -> Name:
        words = [self._word()]
        while self._take("."):
            words.append(self._word())
        scope, rest = words[0], words[1:]
        if not rest:
            return Name("field" if scope in FIELDS else "attrs", scope)
        if scope == "item" and len(rest) == 1:
            return Name("field", rest[0])
        if scope not in {"attrs", "params"}:
            scope, rest = "attrs", words
        if len(rest) > 2:  # noqa: PLR2004 - a namespace and a name
            raise self._wrong("a name with at most one namespace: quote dots with `backticks`")
        *space, name = rest
        return Name("params" if scope == "params" else "attrs", name, *space)

    def _word(self) -> str:
        token = self._next()
        if token.kind not in {"word", "name"}:
            raise self._wrong("a name")
        self._at += 1
        return token.text if token.kind == "word" else token.text[1:-1].replace("``", "`")

    def _values(self) -> list[Any]:
        self._expect("(")
        values = [self._value()]
        while self._take(","):
            values.append(self._value())
        self._expect(")")
        return values

    def _value(self) -> Any:  # noqa: ANN401 - any plain value
        token = self._next()
        self._at += 1
        if token.kind == "text":
            quote = token.text[0]
            return token.text[1:-1].replace(quote * 2, quote)
        if token.kind == "number" and len(token.text) < _LONGEST_NUMBER:
            return float(token.text) if re.search("[.eE]", token.text) else int(token.text)
        if token.kind == "time":
            return self._moment(token)
        if token.kind == "word" and token.text.lower() in _CONSTANTS:
            return _CONSTANTS[token.text.lower()]
        self._at -= 1
        raise self._wrong("a value: a number, a text in quotes, true, false, null or @2026-01-31")

    def _moment(self, token: Token) -> dt.date:
        text = token.text[1:]
        try:
            return (
                dt.date.fromisoformat(text) if ":" not in text else dt.datetime.fromisoformat(text)
            )
        except ValueError as error:
            self._at -= 1
            raise self._wrong("a time such as @2026-01-31 or @2026-01-31T12:00:00Z") from error

    def _take(self, wanted: str) -> bool:
        token = self._next()
        if token.kind in {"word", "mark"} and token.text.lower() == wanted:
            self._at += 1
            return True
        return False

    def _expect(self, wanted: str) -> None:
        if not self._take(wanted):
            raise self._wrong(repr(wanted))

    def _next(self) -> Token:
        return self._tokens[self._at]

    def _wrong(self, wanted: str) -> QueryError:
        token = self._next()
        rest = self._text[token.at :][:40]
        place = f"at {rest!r}" if rest else "at its end"
        return QueryError(
            f"the search {self._text!r} cannot be read {place}: there should be {wanted}",
            query=self._text,
        )
