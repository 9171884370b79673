"""Makes the files of a registry fewer: by age, count, size and last use."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

import attrs
import sqlalchemy as sa

from store.errors import QueryError, StatusError
from store.registry.changing import Changing
from store.registry.copies import drop_copies
from store.registry.filtering import Asked, filters_of
from store.registry.records import Entry
from store.registry.schema import items, uses
from store.registry.status import Status

_PRUNED: Final = frozenset({Status.READY, Status.TRASH})
"""What pruning may remove; what is being written it never touches."""


def _sensible(limits: object, attribute: attrs.Attribute[float | None], value: object) -> None:
    """See that a limit leaves something or nothing: less than nothing is a slip, and would take it all."""
    del limits
    if value is None or (isinstance(value, int | float) and 0 <= value < math.inf):
        return
    raise QueryError(f"{attribute.name} is a number from 0, not {value!r}", query=value)


def _limit() -> Any:  # noqa: ANN401 - what attrs makes a field of
    return attrs.field(default=None, validator=_sensible)


@attrs.frozen(kw_only=True)
class Limits:
    """What is to be left; what is None does not matter.

    Attributes:
        older_than: Nothing that was made so many seconds ago.
        unused_for: Nothing that was not read for so many seconds.
        versions: So many versions of each key, the newest.
        max_count: So many items in all, those read last.
        max_bytes: So many bytes in all, those read last.
        min_free: So many bytes free on the disk; where the files lie in a bucket, copies of them go.
    """

    older_than: float | None = _limit()
    unused_for: float | None = _limit()
    versions: int | None = _limit()
    max_count: int | None = _limit()
    max_bytes: int | None = _limit()
    min_free: int | None = _limit()


@attrs.frozen
class Pruned:
    """What came of it.

    Attributes:
        removed: What was removed, or would be.
        in_use: What should have gone but is in use, and stayed.
        freed: How many bytes that comes to.
        left: How many bytes are left.
    """

    removed: tuple[Entry, ...]
    in_use: tuple[Entry, ...]
    freed: int
    left: int


@attrs.frozen
class _Held:
    entry: Entry
    used: int

    @property
    def size(self) -> int:
        """What its removal frees, in bytes."""
        return bytes_in(self.entry)


def prune(
    cache: Changing, limits: Limits, *, asked: Asked | None = None, dry_run: bool = False
) -> Pruned:
    """Remove what the limits leave no room for, never what is pinned, being written or in use.

    Args:
        cache: The registry.
        limits: What is to be left.
        asked: Filters; only what they mean may go. None is everything.
        dry_run: Only say what would go.
    """
    cache.flush()
    if cache.remote is not None and limits.min_free is not None:
        # What is short of room is the disk of the copies, not the bucket.
        if not dry_run:
            drop_copies(cache, limits.min_free)
        limits = attrs.evolve(limits, min_free=None)
    held = _held(cache, asked)
    chosen = _chosen(held, limits, cache.now(), _lacking(cache, limits))
    used = cache.leases.in_use()
    in_use = tuple(one.entry for one in chosen if one.entry.version_id in used)
    going = [one.entry for one in chosen if one.entry.version_id not in used]
    if not dry_run:
        going, kept = remove_unused(cache, going)
        in_use += kept
    freed = sum(map(bytes_in, going))
    return Pruned(tuple(going), in_use, freed, sum(one.size for one in held) - freed)


def bytes_in(entry: Entry) -> int:
    """Return how many bytes an item's file takes; none where it has no file of its own."""
    return (entry.size or 0) if entry.published else 0


def bytes_of(cache: Changing, *, pinned: bool = False) -> int:
    """Return how many bytes the published files take in all, or those of them that are pinned."""
    total = sa.select(sa.func.coalesce(sa.func.sum(items.c.size), 0)).where(
        items.c.status.in_([int(one) for one in _PRUNED]), items.c.published
    )
    if pinned:
        total = total.where(items.c.pinned)
    return int(cache.database.read(lambda connection: connection.execute(total).scalar_one()))


def _held(cache: Changing, asked: Asked | None) -> list[_Held]:
    """Return what may go, what was used least recently first."""
    filters = filters_of(asked or {})
    if filters.statuses is None:
        filters = attrs.evolve(filters, statuses=_PRUNED)
    else:
        filters = attrs.evolve(filters, statuses=filters.statuses & _PRUNED)
    last = sa.select(uses.c.item_id, uses.c.last_read).where(uses.c.last_read.is_not(None))
    read = cache.database.read(
        lambda connection: {row[0]: row[1] for row in connection.execute(last)}
    )
    held = [
        _Held(entry, max(read.get(entry.id, 0), entry.created)) for entry in cache.entries(filters)
    ]
    return sorted(held, key=lambda one: (one.used, one.entry.id))


def _chosen(held: list[_Held], limits: Limits, now: int, lacking: int) -> list[_Held]:
    may_go = [one for one in held if not one.entry.pinned]
    going: dict[int, _Held] = {}

    def choose(some: Iterable[_Held]) -> None:
        """Let these go, whichever limit they passed; each once."""
        going.update((one.entry.id, one) for one in some)

    if limits.older_than is not None:
        before = now - limits.older_than * 1e6
        choose(one for one in may_go if one.entry.created < before)
    if limits.unused_for is not None:
        before = now - limits.unused_for * 1e6
        choose(one for one in may_go if one.used < before)
    if limits.versions is not None:
        choose(_older_versions(may_go, limits.versions))
    count = len(held) - len(going)
    size = sum(one.size for one in held) - sum(one.size for one in going.values())
    free = sum(one.size for one in going.values())
    for one in may_go:
        if one.entry.id in going:
            continue
        too_many = limits.max_count is not None and count > limits.max_count
        too_large = limits.max_bytes is not None and size > limits.max_bytes and one.size > 0
        too_full = free < lacking and one.size > 0
        if too_many or too_large or too_full:
            going[one.entry.id] = one
            count, size, free = count - 1, size - one.size, free + one.size
    return list(going.values())


def _older_versions(held: list[_Held], versions: int) -> Iterable[_Held]:
    keys: defaultdict[str, list[_Held]] = defaultdict(list)
    for one in held:
        keys[one.entry.key].append(one)
    for some in keys.values():
        some.sort(key=lambda one: -one.entry.version)
        yield from reversed(some[versions:])


def _lacking(cache: Changing, limits: Limits) -> int:
    from store.files.failures import free_bytes

    if limits.min_free is None:
        return 0
    free = free_bytes(cache.places.root)
    return 0 if free is None else limits.min_free - free


def remove_unused(cache: Changing, going: list[Entry]) -> tuple[list[Entry], tuple[Entry, ...]]:
    """Mark what goes, look again who uses it, and only then remove the files and the records.

    Returns:
        What was removed, and what stayed since it is in use.
    """
    marked: list[tuple[Entry, Entry]] = []
    for entry in going:
        try:
            marked.append((entry, cache.move(entry, Status.DELETED)))
        except StatusError:
            continue  # another moved it meanwhile
    used = cache.leases.in_use()
    kept = [(entry, now) for entry, now in marked if entry.version_id in used]
    for entry, now in kept:
        cache.put_back(now, entry)
    gone = [(entry, now) for entry, now in marked if entry.version_id not in used]
    cache.remove_files([now for _, now in gone])
    cache.forget([now for _, now in gone])
    return [entry for entry, _ in gone], tuple(entry for entry, _ in kept)
