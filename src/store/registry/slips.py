"""Tells names that are nearly a field's, and so hardly an attribute's."""

from __future__ import annotations

from typing import Final

from store.errors import QueryError

_FIELDS: Final = (
    "attrs",
    "filename",
    "label",
    "last_read",
    "last_search",
    "pinned",
    "read_count",
    "search_count",
    "status",
)
"""What an update may set, but for ``date``: ``data`` and ``rate`` are words of their own."""

_WORDS: Final = frozenset({"stats"})
"""What is a letter away from a field, and is a word of its own."""


def check_spelling(name: str) -> None:
    """Refuse the name of an attribute that is one slip away from a field.

    A slip is a letter that is missing, too much, another, or two in the other's place, within the word:
    ``labels``, ``label2`` and ``xlabel`` are names like any other.

    Raises:
        QueryError: It is.
    """
    for field in _FIELDS:
        if name not in _WORDS and is_slip(name, field):
            raise QueryError(
                f"{name!r} is no field: did you mean {field!r}? An attribute of that name is set by"
                f" attrs={{{name!r}: …}}",
                query=name,
                known=_FIELDS,
            )


def is_slip(name: str, word: str) -> bool:
    """Whether a name is a word with one slip in it."""
    if abs(len(name) - len(word)) > 1 or name.startswith(word) or name.endswith(word):
        return False
    start = 0
    while start < min(len(name), len(word)) and name[start] == word[start]:
        start += 1
    left, right = name[start:], word[start:]
    return (
        left[1:] == right
        or left == right[1:]
        or left[1:] == right[1:]
        or (left[:2] == right[1::-1] and left[2:] == right[2:])
    )
