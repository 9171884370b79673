"""Makes a cache smaller: by age, by size, least recently used first, never what is in use."""

from __future__ import annotations

import attrs

from store.cache.audit import Held
from store.cache.content import Content


@attrs.frozen(kw_only=True)
class Pruned:
    """What a pruning removed, or would remove.

    Attributes:
        removed: The files.
        in_use: What should have gone but may be in use (leases), and stayed.
        freed: Bytes that were or would be freed, orphans included.
        left: Bytes that are left.
        orphans: How many abandoned partial downloads and quarantined files were swept.
    """

    removed: tuple[Held, ...]
    in_use: tuple[Held, ...]
    freed: int
    left: int
    orphans: int


def prune(
    content: Content,
    *,
    max_size: int | None = None,
    older_than: float | None = None,
    dry_run: bool = False,
) -> Pruned:
    """Remove what was not used for long, and then the least recently used, until the limits hold.

    What was handed out since the oldest live lease began stays (use marks are to the day, so a day more
    is kept). Abandoned partial downloads and quarantined files older than a day are swept too. Entries
    that point to what is gone are found to be misses when they are next asked for.

    Args:
        content: The files.
        max_size: The most bytes that may be left.
        older_than: Remove what was not used for so many seconds.
        dry_run: Change nothing, only say what would go.

    Raises:
        CacheError: The cache cannot be written to.
        LockTimeoutError: Another process is pruning.
    """
    raise NotImplementedError


def clear(content: Content, *, dry_run: bool = False) -> Pruned:
    """Remove all content, records and orphans, except what may be in use."""
    raise NotImplementedError
