"""Splits a search into its words, marks and values."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from store.errors import QueryError

_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<text>"(?:[^"]|"")*"|'(?:[^']|'')*')
    | (?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))
    | (?P<time>@[0-9][0-9TtZz:.+-]*)
    | (?P<mark><=|>=|!=|<>|==|[=<>(),.])
    | (?P<name>`(?:[^`]|``)*`)
    | (?P<word>[^\W\d][\w-]*)
    )""",
    re.VERBOSE,
)


class Token(NamedTuple):
    """A piece of a search.

    Attributes:
        kind: ``text``, ``number``, ``time``, ``mark``, ``name``, ``word`` or ``end``.
        text: The piece, as it stands there.
        at: Where it stands.
    """

    kind: str
    text: str
    at: int


def tokens_of(search: str) -> list[Token]:
    """Return the pieces of a search, and an end.

    Raises:
        QueryError: Something in it is no piece of any kind.
    """
    tokens, at = [], 0
    text = search.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise QueryError(f"the search cannot be read at {text[at:][:40]!r}", query=search)
        kind = found.lastgroup or ""
        tokens.append(Token(kind, found[kind], found.start(kind)))
        at = found.end()
    return [*tokens, Token("end", "", at)]
