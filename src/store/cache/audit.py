"""Looks at what a cache holds, and holds every file against its digest."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs

from store.cache.content import Content


@attrs.frozen(kw_only=True)
class Held:
    """One file that the cache owns, as listings show it.

    Attributes:
        digest: Its address in the cache, ``algorithm:hex``.
        path: Where it lies.
        name: Its file name.
        size: In bytes.
        added: When it was kept, in seconds since 1970 UTC, or None where no record says.
        used: When it was last handed out (to the day), in seconds since 1970 UTC, or None.
    """

    digest: str
    path: str
    name: str
    size: int
    added: float | None
    used: float | None


@attrs.frozen(kw_only=True)
class Finding:
    """What became of one file in an audit: ``ok``, ``damaged`` (quarantined) or ``missing``."""

    held: Held
    state: str
    reason: str | None = None


def held_files(content: Content) -> Iterator[Held]:
    """Go through the owned files, in no particular order; an entry that vanishes meanwhile is left out."""
    raise NotImplementedError


def audit(
    content: Content,
    *,
    quick: bool = False,
    jobs: int | None = None,
    told: Callable[[int, int], None] | None = None,
) -> Iterator[Finding]:
    """Hold every owned file against its digest; what is damaged goes to quarantine.

    Args:
        content: The files.
        quick: Compare stamps only; a file whose stamp moved is hashed.
        jobs: How many are hashed at once; None is one a core.
        told: Is called with the bytes done and the bytes in all.
    """
    raise NotImplementedError
