"""Versions of releases, and the expressions that choose among them.

A version is one of Semantic Versioning 2.0.0 (https://semver.org). An expression is one or more clauses,
all of which must hold: one text with commas or spaces between them, or several texts.

=================  =====================================================================
clause             admits
=================  =====================================================================
``1.2.3``          that version, as ``==``, ``=`` and ``===`` before it; ``1.2`` and ``1.2.*`` any ``1.2.x``
``!=1.2.3``        every other one
``>=1.2``          from ``1.2.0`` on; ``<1.2`` what comes before ``1.2.0``
``>1.2``           from ``1.3.0`` on; ``<=1.2`` any ``1.2.x``, and what comes before
``~=1.4.2``        ``>=1.4.2,<1.5``; ``~=1.4`` is ``>=1.4,<2`` (as PEP 440 has it)
``~1.4.2``         ``>=1.4.2,<1.5``; ``~1.4`` is ``1.4.*`` and ``~1`` is ``1.*``
``^1.4.2``         ``>=1.4.2,<2``; ``^0.4.2`` is ``>=0.4.2,<0.5`` and ``^0.0.2`` is ``0.0.2`` alone
``*``              every version, as no clause at all does; ``x`` is another way to write the star
=================  =====================================================================

A pre-release is admitted only where a clause names one of the same three numbers: ``>=1.2.0-rc.1`` admits
``1.2.0-rc.2``, and not ``1.3.0-rc.1``; ``!=`` asks for none. Build metadata have no part in precedence:
``1.2.3+b1`` is that build alone, and ``!=1.2.3+b1`` every other one, while ``1.2.3`` is any build of it where
it does not exist as such, the highest first (by the rules of pre-releases). Other operators refuse them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from store.errors import QueryError

_NUMBER: Final = r"(?:0|[1-9][0-9]{0,17})"
_TAIL: Final = (
    r"(?:-(?P<pre>(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
    r"(?:\.(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*))?"
    r"(?:\+(?P<build>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
)
_VERSION: Final = re.compile(rf"({_NUMBER})\.({_NUMBER})\.({_NUMBER}){_TAIL}")
_WHOLE: Final = re.compile(
    rf"v?(?P<major>{_NUMBER}|[*xX])(?:\.(?P<minor>{_NUMBER}|[*xX]))?(?:\.(?P<patch>{_NUMBER}|[*xX]){_TAIL})?"
)
_CLAUSE: Final = re.compile(r"(===|==|!=|<=|>=|~=|=|<|>|~|\^)?\s*([^\s,<>=!~^]+)[\s,]*")
_LONG: Final = re.compile(r"[0-9]{19}")
_STEP: Final = "write clauses such as '>=1,<2', '~=1.4', '^2' or '1.2.*'"
_LONGEST: Final = 256
"""How many characters a version may have: it becomes part of a file's name."""

_PARTS: Final = 3
_EQUAL: Final = frozenset({"===", "==", "=", "!="})

Expressions = str | Iterable[str] | None
"""What chooses among versions: one text, several, or None for every one that is no pre-release."""


class Version(NamedTuple):
    """One version, ordered by precedence (section 11 of Semantic Versioning), then by its build.

    Attributes:
        major: The first number.
        minor: The second.
        patch: The third.
        pre: The identifiers of a pre-release; none for a release proper.
        build: The build metadata, or an empty text; it has no part in precedence.
    """

    major: int
    minor: int
    patch: int
    pre: tuple[str, ...] = ()
    build: str = ""

    @classmethod
    def parse(cls, text: object) -> Version:
        """Read a version.

        Raises:
            QueryError: It is none of Semantic Versioning.
        """
        match = _VERSION.fullmatch(text) if isinstance(text, str) else None
        if match is None or len(match[0]) > _LONGEST:
            raise QueryError(
                f"{str(text)[:_LONGEST]!r} is no version: write it as 1.2.3, or 1.2.3-rc.1 (semver.org)",
                query=text,
            )
        pre = tuple(match["pre"].split(".")) if match["pre"] else ()
        return cls(int(match[1]), int(match[2]), int(match[3]), pre, match["build"] or "")

    @property
    def numbers(self) -> tuple[int, int, int]:
        """The three numbers."""
        return self.major, self.minor, self.patch

    @property
    def precedence(self) -> tuple[Any, ...]:
        """What versions are ordered by."""
        return (*self.numbers, not self.pre, _ranks(self.pre))

    @property
    def order(self) -> tuple[Any, ...]:
        """What they are sorted by: the precedence, then the build."""
        return self.precedence, _ranks(self.build.split(".")) if self.build else (), self.build

    def __lt__(self, other: object) -> bool:
        """Whether it comes before another."""
        return self.order < other.order if isinstance(other, Version) else NotImplemented

    def __le__(self, other: object) -> bool:
        """Whether it comes before another, or is the same."""
        return self == other or self < other

    def __gt__(self, other: object) -> bool:
        """Whether it comes behind another."""
        return not self <= other

    def __ge__(self, other: object) -> bool:
        """Whether it comes behind another, or is the same."""
        return not self < other

    def __str__(self) -> str:
        """Return it as it is written."""
        text = ".".join(map(str, self.numbers)) + (f"-{'.'.join(self.pre)}" if self.pre else "")
        return f"{text}+{self.build}" if self.build else text


class Clause(NamedTuple):
    """One condition, as the stretch of precedence that it admits.

    Attributes:
        text: As it was written.
        low: Where the stretch begins, or None.
        high: Where it ends, itself left out, or None.
        outside: Whether what lies outside of it is admitted instead.
        pre: The three numbers of the pre-release that it names, or None.
        exact: Whether it names one version: one that was yanked is had only by such a clause.
        build: The only build that lies in the stretch, or an empty text for all of them.
    """

    text: str
    low: tuple[Any, ...] | None = None
    high: tuple[Any, ...] | None = None
    outside: bool = False
    pre: tuple[int, int, int] | None = None
    exact: bool = False
    build: str = ""

    def admits(self, version: Version) -> bool:
        """Return whether a version lies in the stretch."""
        found = version.precedence
        inside = (
            (self.low is None or self.low <= found)
            and (self.high is None or found < self.high)
            and self.build in {"", version.build}
        )
        return inside is not self.outside


class Choice(NamedTuple):
    """What several clauses admit together.

    Attributes:
        clauses: All of them; none admits every version that is no pre-release.
    """

    clauses: tuple[Clause, ...] = ()

    def names(self, version: Version) -> bool:
        """Return whether a version is named in full, its build too: it is had though it was yanked."""
        return any(one.exact and one.build == version.build for one in self.clauses)

    def admits(self, version: Version) -> bool:
        """Return whether every clause admits a version, and a pre-release was asked for."""
        if version.pre and all(one.pre != version.numbers for one in self.clauses):
            return False
        return all(one.admits(version) for one in self.clauses)

    def __str__(self) -> str:
        """Return the clauses with commas between them."""
        return ",".join(one.text for one in self.clauses) or "*"


def choice_from(expressions: Expressions) -> Choice:
    """Read an expression, or several that must all hold.

    Args:
        expressions: One text, several, or None.

    Raises:
        QueryError: One of them cannot be read.
    """
    if expressions is None:
        return Choice()
    given: object = expressions
    several = isinstance(given, Iterable) and not isinstance(given, str)
    texts: Iterable[object] = given if several else [given]  # type: ignore[assignment]
    return Choice(tuple(clause for text in texts for clause in _clauses(text)))


def _clauses(text: object) -> Iterable[Clause]:
    if not isinstance(text, str):
        raise QueryError(f"a version expression is text like '>=1,<2', not {text!r}", query=text)
    rest = text.strip().strip(",").strip()
    if "," in text and not rest:
        raise _unread(text)
    while rest:
        match = _CLAUSE.match(rest)
        if match is None:
            raise _unread(text)
        yield _clause(match[1] or "==", match[2], text)
        rest = rest[match.end() :]


def _clause(operator: str, text: str, whole: str) -> Clause:
    match = _WHOLE.fullmatch(text)
    if match is None or len(text) > _LONGEST:
        digits = "a number in it has 18 digits at the most" if _LONG.search(text) else _STEP
        raise _unread(whole, digits)
    given = [match[name] for name in ("major", "minor", "patch")]
    known = [int(one) for one in given if one is not None and one not in "*xX"]
    if any(one is not None and one not in "*xX" for one in given[len(known) :]):
        raise _unread(whole)  # a number behind a star
    full = len(known) == _PARTS
    if not full and (match["pre"] or match["build"]):
        raise _unread(whole)
    if match["build"] and operator not in _EQUAL:
        named = f"=={text.removeprefix('v')}"
        raise _unread(
            whole, f"build metadata have no precedence; leave them out, or name '{named}'"
        )
    pre = match["pre"]
    low = Version(*_padded(known), tuple(pre.split(".")) if pre and full else ())
    spelled = (text if operator in _EQUAL and operator != "!=" else operator + text).removeprefix(
        "v"
    )
    asked = low.numbers if low.pre and operator != "!=" else None
    stretch = _stretch(operator, known, low, whole)
    return stretch._replace(text=spelled, pre=asked, build=match["build"] or "")


def _stretch(operator: str, known: list[int], low: Version, whole: str) -> Clause:
    """Return the stretch that an operator and the numbers behind it mean."""
    begin = low.precedence if known else None
    behind = _behind(known, low)
    if operator in _EQUAL:
        exact = operator != "!=" and len(known) == _PARTS
        return Clause("", begin, behind, outside=operator == "!=", exact=exact)
    if not known and operator in {"<", ">", "~="}:
        raise _unread(whole)
    ends = {
        ">=": (begin, None),
        "<=": (None, behind),
        "<": (None, begin),
        ">": (behind, None),
    }
    if operator in ends:
        return Clause("", *ends[operator])
    held = _held(operator, known, whole) if known else None
    return Clause("", begin, _before([*held[:-1], held[-1] + 1]) if held else None)


def _held(operator: str, known: list[int], whole: str) -> list[int]:
    """Return the numbers that ``~=``, ``~`` and ``^`` hold on to."""
    if operator == "~=":
        if len(known) == 1:
            raise _unread(
                whole, f"'~=' wants two numbers at least: '^{known[0]}' is any {known[0]}.x"
            )
        return known[:-1]
    if operator == "~":
        return known[:2]
    first = next((at for at, one in enumerate(known) if one), len(known) - 1)
    return known[: first + 1]


def _behind(known: list[int], low: Version) -> tuple[Any, ...] | None:
    """Return the first precedence behind a version, or behind all that begin with these numbers."""
    if not known:
        return None
    if len(known) == _PARTS:
        return (*low.precedence[:-1], (*low.precedence[-1], (-1, 0, "")))
    return _before([*known[:-1], known[-1] + 1])


def _before(known: list[int]) -> tuple[Any, ...]:
    """Return the precedence of the first pre-release of these numbers: none comes before it."""
    return (*_padded(known), False, ())


def _padded(known: list[int]) -> tuple[int, int, int]:
    major, minor, patch = [*known, 0, 0, 0][:_PARTS]
    return major, minor, patch


def _ranks(identifiers: Iterable[str]) -> tuple[tuple[int, int, str], ...]:
    """Return what identifiers are compared by: numbers as such, and before words."""
    return tuple((0, int(one), "") if one.isdigit() else (1, 0, one) for one in identifiers)


def _unread(text: str, step: str = _STEP) -> QueryError:
    return QueryError(f"{text[:_LONGEST]!r} is no version expression: {step}", query=text)
