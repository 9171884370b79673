"""Which names take part: patterns to include and to exclude."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from typing import Final

from store.errors import QueryError

_SIGNS: Final = r"(\*\*/|\*\*|\*|\?)"


def wanted_by(
    include: Sequence[str] = (), exclude: Sequence[str] = ()
) -> Callable[[str], bool] | None:
    """Return whether a relative name takes part, or None where all do.

    Args:
        include: Patterns of which one must match; empty for all. ``*`` and ``?`` do not cross a slash,
            ``**`` does. A pattern without a slash is held against the last component, or against any
            directory above it; one that ends with a slash means all below that directory.
        exclude: Patterns of which none may match.

    Raises:
        QueryError: A pattern is empty.
    """
    if not include and not exclude:
        return None
    taken = [_compiled(one) for one in include]
    left = [_compiled(one) for one in exclude]

    def wanted(name: str) -> bool:
        """Whether a name is taken in and not left out."""
        if taken and not any(one.search(name) for one in taken):
            return False
        return not any(one.search(name) for one in left)

    return wanted


@functools.lru_cache(maxsize=64)
def _compiled(pattern: str) -> re.Pattern[str]:
    text = pattern.removeprefix("./")
    below = text.endswith("/")
    bare = text.strip("/")
    if not bare:
        raise QueryError(
            f"{pattern!r} is no pattern: write one like '*.txt' or 'data/**'", query=pattern
        )
    start = r"\A" if "/" in text.removesuffix("/") else r"(?:\A|/)"
    end = "/" if below else r"(?:\Z|/)"
    return re.compile(start + _translated(bare) + end, re.DOTALL)


def _translated(text: str) -> str:
    """Return the regular expression of a pattern without its outer slashes."""
    signs = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(signs.get(part, re.escape(part)) for part in re.split(_SIGNS, text))
