"""Which names take part: patterns to include and to exclude."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from typing import Final

from store.buckets.keys import key_of
from store.errors import QueryError, UnsafeNameError

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


def by_key(wanted: Callable[[str], bool] | None) -> Callable[[str], bool] | None:
    """Return whether a name on disk takes part: its key decides, so that both sides leave the same out.

    Args:
        wanted: Whether a key takes part; None where all do.
    """
    if wanted is None:
        return None

    def named(name: str) -> bool:
        """Whether the key that a file stands for is wanted; of a name that is none the name itself."""
        try:
            return wanted(key_of(name))
        except UnsafeNameError:
            return wanted(name)

    return named


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
