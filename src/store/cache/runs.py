"""Adds a line to the counts of a cache, for next to nothing."""

from __future__ import annotations

import errno
from typing import Final

from store.cache.layout import Layout
from store.cache.quarantine import obstacle
from store.files.appending import append

DIRECTORY: Final = "stats/v1"
"""Where the counts lie below the cache's directory."""

FOLDED_FROM: Final = 64 << 10
"""How large the file of runs grows before it is folded, in bytes."""


def add_run(layout: Layout, line: str) -> bool:
    """Add what a run has counted: a JSON object, as `store.cache.counts` reads it.

    Args:
        layout: Where the cache lies.
        line: The object, without an end of line.

    Returns:
        Whether the file of runs is to be folded now.

    Raises:
        OSError: It cannot be added.
    """
    path = f"{layout.root}/{DIRECTORY}/runs"
    if obstacle(layout, path) is not None:
        raise NotADirectoryError(errno.ENOTDIR, "it would lead out of the cache", path)
    return append(path, f"{line}\n".encode()) > FOLDED_FROM


def add_hits(layout: Layout, hits: int, saved: int, now: float) -> bool:
    """Add a run that had nothing but hits; see `add_run`.

    Args:
        layout: Where the cache lies.
        hits: How many.
        saved: How many bytes they have.
        now: The time, in seconds since 1970 UTC.

    Returns:
        Whether the file of runs is to be folded now.

    Raises:
        OSError: It cannot be added.
    """
    return add_run(layout, f'{{"hits": {hits}, "saved": {saved}, "since": {now}}}')
