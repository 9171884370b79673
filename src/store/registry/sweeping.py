"""Finds what nobody needs, and removes what no record speaks of."""

from __future__ import annotations

import os
from collections.abc import Container
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from store.cache.workspaces import ABANDONED
from store.clock import Clock
from store.files.atomic import discard
from store.files.unfinished import will_be_finished
from store.registry.changing import Changing
from store.registry.filters import Filters
from store.registry.places import Named
from store.registry.records import Entry, entry_of_version
from store.registry.status import REMOVED, Status
from store.registry.tidying import tidy

_STARTED: Final = frozenset({Status.UNINITIALIZED, Status.WRITE})


def fileless(cache: Changing) -> list[Entry]:
    """Return the items whose file should be there and is not; what a living writer has begun is passed over.

    Items that were made READY without a file are metadata alone, and lack nothing.
    """
    there = _in_the_bucket(cache)
    entries = cache.entries(Filters(include_removed=True))
    return [entry for entry in entries if _lacks(cache, entry, there)]


def outdated(cache: Changing) -> list[Entry]:
    """Return all but the newest READY version of each key, what is pinned, and what is being written."""
    entries = cache.entries(Filters(include_removed=True))
    newest: dict[str, int] = {}
    for entry in entries:
        if entry.status == Status.READY:
            newest[entry.key] = max(newest.get(entry.key, 0), entry.version)
    return [
        entry
        for entry in entries
        if not entry.pinned
        and not (entry.status == Status.READY and newest[entry.key] == entry.version)
        and not is_being_written(cache, entry)
    ]


def is_being_written(cache: Changing, entry: Entry) -> bool:
    """Whether a living writer has begun an item."""
    return entry.current in _STARTED and cache.leases.is_alive(entry.holder)


def remove_orphans(cache: Changing, *, dry_run: bool = False) -> int:
    """Remove the files of ours that no record speaks of, and what the dead never finished.

    Returns:
        How many files were removed, or would be.
    """
    removed = tidy(cache.places, dry_run=True) if dry_run else cache.tidy_journals()
    found = [*cache.places.walk(), *cache.places.walk_partial()]
    here = {os.fspath(one.path) for one in found}
    there = _in_the_bucket(cache)
    found += [one for path, one in there.items() if path not in here]
    known = {
        (entry.key, entry.version): entry for entry in cache.entries(Filters(include_removed=True))
    }
    for one in found:
        entry = known.get((one.key, one.version))
        if entry is not None and not _is_stray(cache, entry, one):
            continue
        if dry_run or _removed(cache, one):
            removed += 1
    for path in cache.places.unfinished():
        if _is_abandoned(path, cache.clock):
            removed += 1
            if not dry_run:
                discard(path)
    return removed


def _in_the_bucket(cache: Changing) -> dict[str, Named]:
    """Return the objects of ours, by the paths of their copies; none where the files lie in a directory."""
    if cache.remote is None:
        return {}
    return {os.fspath(one.named.path): one.named for one in cache.remote.walk()}


def _lacks(cache: Changing, entry: Entry, there: Container[str]) -> bool:
    if is_being_written(cache, entry) or entry.pinned:
        return False
    if entry.published:
        path = cache.places.published(entry.key, entry.version, entry.ext)
        return path not in there if cache.remote is not None else not os.path.lexists(path)
    was = entry.before if entry.current is Status.TRASH else entry.status
    if was == Status.READY:
        return False
    return not os.path.lexists(cache.places.partial(entry.key, entry.version, entry.ext))


def _is_stray(cache: Changing, entry: Entry, one: Named) -> bool:
    """Whether a file lies where its record does not have it."""
    if is_being_written(cache, entry):
        return False
    if one.sidecar:
        failed_later = entry.published and entry.current is Status.FAILED
        return not failed_later and entry.current not in {Status.READY, *REMOVED}
    if entry.published:
        return os.fspath(one.path) != cache.places.published(entry.key, entry.version, entry.ext)
    return os.fspath(one.path) != cache.places.partial(entry.key, entry.version, entry.ext)


def _removed(cache: Changing, one: Named) -> bool:
    """Remove a file, unless a record speaks of it by now: one is made while its key is held."""

    def work(connection: sa.Connection) -> bool:
        """Look once more while its key is held, and remove it."""
        cache.database.hold(connection, one.key)
        entry = entry_of_version(connection, one.key, one.version)
        if entry is not None and not _is_stray(cache, entry, one):
            return False
        discard(one.path)
        if cache.remote is not None:
            cache.remote.remove([os.fspath(one.path)])
        return True

    return cache.database.write(work, relaxed=True)


def _is_abandoned(path: Path, clock: Clock) -> bool:
    try:
        age = clock.now() - path.lstat().st_mtime
    except OSError:
        return False
    return age > ABANDONED or not will_be_finished(path.name.partition(".sqlite")[0])
