"""What a search may ask of an item, as a tree."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

import attrs

from store.errors import QueryError

FIELDS: Final[Mapping[str, str]] = {
    "id": "number",
    "key": "text",
    "version": "number",
    "status": "status",
    "uri": "text",
    "filename": "text",
    "ext": "text",
    "label": "text",
    "date": "time",
    "size": "number",
    "digest": "text",
    "pinned": "flag",
    "last_read": "time",
    "read_count": "number",
    "last_search": "time",
    "search_count": "number",
}
"""The fields that every item has, and what kind of value each is compared with."""

OPERATORS: Final = ("=", "!=", "<=", ">=", "<", ">", "in", "not in", "like", "not like", "between")
"""What compares a name with a value; ``==`` and ``<>`` are read too."""

Scope: TypeAlias = Literal["field", "attrs", "params"]


@attrs.frozen
class Name:
    """What a term speaks of.

    Attributes:
        scope: A field of the item, an attribute or a parameter.
        name: Its name.
        space: The namespace of an attribute or parameter, an empty text for none.
    """

    scope: Scope
    name: str
    space: str = ""

    def __attrs_post_init__(self) -> None:
        """Refuse a field that no item has.

        Raises:
            QueryError: There is no such field.
        """
        if self.scope == "field" and self.name not in FIELDS:
            near = difflib.get_close_matches(self.name, FIELDS, n=1)
            hint = f": did you mean {near[0]!r}?" if near else ":"
            raise QueryError(
                f"items have no field {self.name!r}{hint} known are {', '.join(FIELDS)}",
                known=tuple(FIELDS),
            )


@attrs.frozen
class Compare:
    """A name is there, and compares so with a value.

    Attributes:
        name: What is compared.
        operator: One of `OPERATORS`.
        value: With what: for ``in`` and ``not in`` a list, for ``between`` a pair, both ends included.
    """

    name: Name
    operator: str
    value: Any

    def __attrs_post_init__(self) -> None:
        """Refuse what cannot be compared.

        Raises:
            QueryError: The operator is unknown, or the value is none for it.
        """
        if self.operator not in OPERATORS:
            raise QueryError(
                f"{self.operator!r} is no operator: known are {', '.join(OPERATORS)}",
                known=OPERATORS,
            )
        if self.operator in {"in", "not in"} and not isinstance(
            self.value, list | tuple | set | frozenset
        ):
            raise QueryError(f"{self.operator!r} needs a list of values, not {self.value!r}")
        if self.operator == "between" and (
            not isinstance(self.value, list | tuple) or len(self.value) != 2  # noqa: PLR2004 - two ends
        ):
            raise QueryError(f"'between' needs two values, not {self.value!r}")
        if self.operator.endswith("like") and not isinstance(self.value, str):
            raise QueryError(f"{self.operator!r} needs a text with % and _, not {self.value!r}")


@attrs.frozen
class Exists:
    """A name is there, whatever its value."""

    name: Name


@attrs.frozen
class And:
    """All of these hold; of none, everything does."""

    terms: tuple[Term, ...]


@attrs.frozen
class Or:
    """One of these holds; of none, nothing does."""

    terms: tuple[Term, ...]


@attrs.frozen
class Not:
    """This does not hold: also where the name is not there at all."""

    term: Term


Term: TypeAlias = "Compare | Exists | And | Or | Not"
"""A condition."""
