"""Removes journals of which nothing counts any more."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping
from typing import Final

from store.files.atomic import discard
from store.files.exclusive import create_whole
from store.files.syncing import sync_many
from store.registry.journals import Line, checked_lines_of, journals, read_line
from store.registry.places import Places

log = logging.getLogger(__name__)

_SPARSE: Final = 4
"""A journal of which less than one in so many lines counts is made sidecars of."""

Names = set[tuple[str, int]]
"""Keys and versions."""


def tidy(places: Places, *, dry_run: bool = False) -> int:
    """Remove the journals of which nothing counts any more; of one with little left, make sidecars.

    One that is damaged from its beginning to its end is moved aside; one that cannot be read stays.

    Args:
        places: Where the registry lies.
        dry_run: Only say how many would go.

    Returns:
        How many journals were removed.

    Raises:
        StorageError: A sidecar cannot be written; its journal stays.
    """
    removed = 0
    # Before the files: what comes later has files that are not seen here.
    seen = journals(places)
    bare = _without_sidecar(places) if seen else set()
    told: Names = set()
    for journal in reversed(seen):
        try:
            lines = {(key, version): line for key, version, line in checked_lines_of(journal)}
        except OSError as error:
            log.warning("the journal %s cannot be read, and stays: %s", journal, error)
            continue
        living = {name: line for name, line in lines.items() if name in bare and name not in told}
        told |= living.keys()
        if len(living) * _SPARSE >= len(lines) > 0 or not places.is_ours(journal):
            continue
        removed += 1
        if not dry_run:
            _spread(places, living)
            if lines:
                discard(journal)
            else:
                places.set_aside(journal)
    return removed


def _without_sidecar(places: Places) -> Names:
    files: Names = set()
    told: Names = set()
    for one in places.walk():
        (told if one.sidecar else files).add((one.key, one.version))
    return files - told


def _spread(places: Places, living: Mapping[tuple[str, int], Line]) -> None:
    """Give items the sidecars that their lines stood for, unless they have got one meanwhile."""
    made = []
    for (key, version), line in living.items():
        text = read_line(line)
        path = places.check(places.sidecar(key, version))
        if text is not None:
            with contextlib.suppress(FileExistsError):
                create_whole(path, text, via=places.writing, durable=False)
                made.append(path)
    sync_many(made)
