"""Makes a cache smaller, least recently used first, never in use."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import attrs

from store.cache.audit import Held, bytes_of, held_files
from store.cache.content import Content
from store.cache.failures import cache_errors
from store.cache.layout import TREE_RECORD, Layout
from store.cache.naming import nameless
from store.cache.quarantine import clear_way, obstacle
from store.cache.records import write_record
from store.cache.shelves import shelves, tree_entries
from store.cache.uses import DAY
from store.cache.workspaces import abandoned
from store.files.atomic import discard
from store.files.leases import oldest_lease
from store.files.locks import exclusively
from store.files.names import PARTIAL_PREFIX
from store.files.unfinished import partial_name

log = logging.getLogger(__name__)

_LOCK: Final = "prune.lock"

_PATIENCE: Final = 10.0
"""How long another's pruning is waited for, in seconds."""


@attrs.frozen(kw_only=True)
class Pruned:
    """What a pruning removed, or would remove.

    Attributes:
        removed: The files and trees.
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
    held = sorted(held_files(content), key=lambda one: (_last_use(one), one.identity))
    now = content.clock.now()
    due = [] if older_than is None else [one for one in held if now - _last_use(one) > older_than]
    if max_size is not None:
        # Names of one file stand together, since its use is marked once: the last of them frees it.
        last = {one.identity: index for index, one in enumerate(held)}
        left = bytes_of(held[len(due) :])
        for index, one in enumerate(held[len(due) :], start=len(due)):
            if left <= max_size:
                break
            due.append(one)
            left -= one.size if last[one.identity] == index else 0
    return _removed(content, held, due, everything=False, dry_run=dry_run)


def clear(content: Content, *, dry_run: bool = False) -> Pruned:
    """Remove all content, records and orphans, except what may be in use.

    Raises:
        CacheError: The cache cannot be written to.
        LockTimeoutError: Another process is pruning.
    """
    held = list(held_files(content))
    return _removed(content, held, held, everything=True, dry_run=dry_run)


def _removed(
    content: Content, held: list[Held], due: list[Held], *, everything: bool, dry_run: bool
) -> Pruned:
    layout = content.layout
    orphans = list(_orphans(content, everything=everything))
    freed = sum(_size(path) for path in orphans)
    if not (held or orphans or any(map(os.path.lexists, (layout.records, layout.leases)))):
        return Pruned(removed=(), in_use=(), freed=0, left=0, orphans=0)
    gone: list[Held] = []
    kept: list[Held] = []
    with cache_errors(layout.root), contextlib.ExitStack() as stack:
        if not dry_run:
            lock = f"{layout.locks}/{_LOCK}"
            clear_way(layout, lock, content.clock)
            stack.enter_context(exclusively(lock, timeout=_PATIENCE, clock=content.clock))
            _oldest_lease(layout)  # removes those of the dead, also where nothing is due
        for one in due:
            (
                gone if (_unused(content, one) if dry_run else _taken_away(content, one)) else kept
            ).append(one)
        if not dry_run:
            for path in orphans:
                discard(path)
            _tidy(content)
    stayed = set(held) - set(gone)
    left = bytes_of(stayed)
    freed += bytes_of(held) - left
    return Pruned(
        removed=tuple(gone), in_use=tuple(kept), freed=freed, left=left, orphans=len(orphans)
    )


def _last_use(held: Held) -> float:
    """Return when a file was last used; one without a record is as young as its last change."""
    if held.used is not None:
        return held.used
    try:
        return os.lstat(held.path).st_ctime
    except OSError:
        return 0.0


def _unused(content: Content, held: Held, record: str | None = None) -> bool:
    """Whether nobody can be using a file or tree, as things are at this moment.

    Args:
        content: The files.
        held: Which it is.
        record: Where its record lies, if not where it should.
    """
    began = _oldest_lease(content.layout)
    if began is None:
        return True
    record = record or content.layout.record_of(held.path)
    if record is None:
        return False
    try:
        used = os.lstat(record).st_mtime
    except OSError:
        used = _last_use(held)
    return used < began - DAY


def _oldest_lease(layout: Layout) -> float | None:
    """Return when the oldest lease began; what lies behind a link is none of ours."""
    return None if obstacle(layout, f"{layout.leases}/") else oldest_lease(layout.leases)


def _taken_away(content: Content, held: Held) -> bool:
    """Remove a file or tree, unless it is in use.

    It is first renamed away and then looked at once more: who marks a use later than that look does not
    find it any more and fetches it anew; who marked it earlier gets it back.
    """
    if not _unused(content, held):
        return False
    doomed = Path(content.layout.partial) / partial_name()
    clear_way(content.layout, str(doomed), content.clock)
    doomed.parent.mkdir(parents=True, exist_ok=True)
    tree = content.layout.tree_of(held.path)
    here = Path(tree or held.path)
    try:
        here.rename(doomed)
    except FileNotFoundError:
        return True
    # A tree's record went along with it.
    if not _unused(content, held, tree and f"{doomed}/{TREE_RECORD}"):
        doomed.rename(here)
        return False
    discard(doomed)
    return True


def _orphans(content: Content, *, everything: bool) -> Iterator[Path]:
    """Go through what is left over: dead downloads, old quarantine, old locks, unfinished files."""
    layout = content.layout
    yield from abandoned(layout, content.clock)
    now = content.clock.now()
    young = now if everything else now - DAY
    yield from (path for path, changed in _listed(layout, layout.quarantine) if changed <= young)
    for path, changed in _listed(layout, layout.locks):
        if path.name != _LOCK and changed <= now - DAY:
            yield path
    directories = [entry for _, entry in tree_entries(layout)]
    for top in (*_tops(layout), f"{layout.root}/entries", f"{layout.root}/resolutions"):
        directories += (
            directory
            for directory, _, names in _walk(layout, top)
            if any(name.startswith(PARTIAL_PREFIX) for name in names)
        )
    for directory in directories:
        for path, changed in _listed(layout, directory):
            if path.name.startswith(PARTIAL_PREFIX) and changed <= now - DAY:
                yield path


def _tops(layout: Layout) -> tuple[str, ...]:
    """Return the directories whose empty ones below are removed."""
    return tuple(top.rstrip("/") for top in (layout.content, layout.records, layout.trees))


def _listed(layout: Layout, directory: str) -> Iterable[tuple[Path, float]]:
    found: list[tuple[Path, float]] = []
    if obstacle(layout, f"{directory}/"):
        return found
    with contextlib.suppress(OSError), os.scandir(directory) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                found.append((Path(entry.path), entry.stat(follow_symlinks=False).st_mtime))
    return found


def _walk(layout: Layout, top: str) -> list[tuple[str, list[str], list[str]]]:
    """Return what lies below a directory, above before below; where it is a link, it leads out.

    What lies in trees is left out: an empty directory there is a part of what was unpacked.
    """
    found = []
    for path, directories, names in () if obstacle(layout, f"{top}/") else os.walk(top):
        found.append((path, directories, names))
        directories[:] = [one for one in directories if layout.tree_of(f"{path}/{one}") is None]
    return found


def _size(path: Path) -> int:
    with contextlib.suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            with os.scandir(path) as entries:
                return sum(_size(Path(one.path)) for one in entries)
        return path.lstat().st_size
    return 0


def _tidy(content: Content) -> None:
    """Let records and names speak only of what is there, and remove directories that hold nothing."""
    layout = content.layout
    for name in nameless(layout):
        discard(name)
    for shelf in shelves(layout):
        if shelf.record is None or shelf.record.files.keys() <= shelf.files.keys() != set():
            continue
        with contextlib.suppress(OSError):
            if shelf.files:
                left = {
                    name: one for name, one in shelf.record.files.items() if name in shelf.files
                }
                fresh = shelf.record._replace(files=left)
                write_record(layout, shelf.digest, fresh, content.clock, used=fresh.used)
            else:
                os.unlink(layout.record(shelf.digest))  # noqa: PTH108 - text
    for top in _tops(layout):
        for path, _, _ in reversed(_walk(layout, top)):
            with contextlib.suppress(OSError):
                os.rmdir(path)  # noqa: PTH106 - text; one that holds something stays
