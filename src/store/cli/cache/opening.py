"""Opens the cache that a command speaks of, and finds files in it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from store.cli.output import several

if TYPE_CHECKING:
    from store.cache.audit import Held
    from store.cache.backends.base import Cache
    from store.cache.content import Content
    from store.cli.frame import Frame

_SHORTEST: Final = 6
"""How many hexadecimal digits at least stand for a digest."""


@contextlib.contextmanager
def opened_cache(frame: Frame) -> Iterator[Cache]:
    """Open the cache that the settings name, and close it afterwards.

    Raises:
        StoreError: The settings cannot be read, or there is no such cache.
    """
    from store.fetching.options import cache_configuration
    from store.plugins.loading import load_cache

    settings = frame.settings
    cache = load_cache(settings.cache, cache_configuration(settings))
    try:
        yield cache
    finally:
        cache.close()


def held_as_data(held: Held) -> dict[str, Any]:
    """Return a file of the cache as plain data; which file it is on disk is nobody's business."""
    import attrs

    return attrs.asdict(held, filter=lambda attribute, _: attribute.name != "identity")


def counted(held: Sequence[Held]) -> str:
    """Return how many files, and how many trees if there are any, as people say it."""
    trees = sum(one.kind == "tree" for one in held)
    return in_words(len(held) - trees, trees)


def in_words(files: int, trees: int) -> str:
    """Return both numbers with their nouns; no trees are not spoken of."""
    told = several(files, "file")
    return f"{told} and {several(trees, 'tree')}" if trees else told


def find_held(content: Content, what: str) -> list[Held]:
    """Return what a digest, the beginning of one, or a path names: one content's files, then its trees.

    Args:
        content: The files of the cache.
        what: ``sha256:<hex>``, at least six hexadecimal digits with or without the algorithm, or a path.

    Raises:
        QueryError: The beginning of a digest names several.
        DigestError: An algorithm is named, and no digits of it.
    """
    from store.cache.audit import held_files

    path = os.path.abspath(what)  # noqa: PTH100 - resolve() would follow links
    if "/" in what and content.layout.record_of(path) is not None:
        return [held for held in held_files(content) if held.path == path]
    wanted = _digest(what)
    if wanted is None:
        return []
    found = [held for held in held_files(content) if _begins(held.digest, wanted)]
    if len({held.digest for held in found}) > 1:
        from store.errors import QueryError

        known = tuple(sorted({held.digest for held in found}))
        raise QueryError(
            f"{what!r} stands for {len(known)} files: give more digits", query=what, known=known
        )
    return sorted(found, key=lambda held: (held.kind, held.name))


def is_digest(what: str) -> bool:
    """Whether a text is a digest or the beginning of one, and no locator.

    Raises:
        DigestError: It names an algorithm, and no digits of it.
    """
    return _digest(what) is not None


def _digest(what: str) -> str | None:
    """Return what a digest in the cache must begin with: ``algorithm:hex`` or hexadecimal digits alone."""
    from store.errors import DigestError
    from store.integrity.digest import SIZES, Digest

    with contextlib.suppress(DigestError):
        return str(Digest.parse(what, allow_weak=True))
    algorithm, mark, digits = what.rpartition(":")
    plausible = len(digits) >= _SHORTEST and all(one in "0123456789abcdefABCDEF" for one in digits)
    named = algorithm.lower() in SIZES
    if plausible and (not mark or named):
        return what.lower()
    if named:
        raise DigestError(
            f"{what!r} does not begin a digest: give at least {_SHORTEST} hexadecimal digits",
            digest=what,
        )
    return None


def _begins(digest: str, wanted: str) -> bool:
    return (
        digest.startswith(wanted) if ":" in wanted else digest.partition(":")[2].startswith(wanted)
    )
