"""Looks at what a cache holds, and holds all of it against its digests."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence

import attrs

from store.cache.content import Content
from store.cache.layout import Address, Layout
from store.cache.manifests import TREE
from store.cache.shelves import Shelf, shelf_of, shelves, tree_entries
from store.cache.tree_records import read_tree_record
from store.cache.trees import Trees
from store.integrity.digest import Digest
from store.integrity.stamp import Stamp


@attrs.frozen(kw_only=True)
class Held:
    """One file or tree that the cache owns, as listings show it.

    Attributes:
        digest: Its address in the cache, ``algorithm:hex``; a tree's is that of its archive.
        path: Where it lies.
        name: Its file name; a tree's is that of its archive and ``!/``.
        size: In bytes; a tree's is that of all files in it.
        added: When it was kept, in seconds since 1970 UTC, or None where no record says.
        used: When it was last handed out (to the day), in seconds since 1970 UTC, or None.
        identity: Its device and inode: several names of one content may be one file on disk.
        kind: ``file`` or ``tree``.
    """

    digest: str
    path: str
    name: str
    size: int
    added: float | None
    used: float | None
    identity: tuple[int, int] = (0, 0)
    kind: str = "file"


def bytes_of(held: Iterable[Held]) -> int:
    """Return the bytes that files take on disk: one with several names counts once."""
    return sum({(one.identity, one.digest): one.size for one in held}.values())


@attrs.frozen(kw_only=True)
class Finding:
    """What became of one file or tree in an audit.

    Attributes:
        held: Which it was.
        state: ``ok``; ``damaged``: set aside; ``missing``: a record speaks of it, but it is gone;
            ``unread``: it could not be read (no permission, the algorithm's package is missing).
        reason: Why it is not ok, or None.
    """

    held: Held
    state: str
    reason: str | None = None


def held_files(content: Content) -> Iterator[Held]:
    """Go through the owned files and trees, in no particular order.

    An entry that vanishes meanwhile is left out.

    Raises:
        CacheError: A directory of the cache cannot be read.
    """
    for shelf in shelves(content.layout):
        for name, status in shelf.files.items():
            if stat.S_ISREG(status.st_mode):
                yield _held(content.layout, shelf, name, status)
    yield from held_trees(content.layout)


def held_trees(layout: Layout) -> Iterator[Held]:
    """Go through the owned trees, in no particular order."""
    for digest, entry in tree_entries(layout):
        record = read_tree_record(entry)
        try:
            status = os.lstat(entry)
        except OSError:
            continue
        yield Held(
            digest=str(digest),
            path=f"{entry}/{TREE}",
            name=f"{digest.hex[:12] if record is None else record.archive}!/",
            size=0 if record is None else record.size,
            added=None if record is None else record.added,
            used=None if record is None else record.used,
            identity=(status.st_dev, status.st_ino),
            kind="tree",
        )


def audit(
    content: Content,
    *,
    quick: bool = False,
    only: Iterable[Digest] | None = None,
    jobs: int | None = None,
    told: Callable[[int, int], None] | None = None,
) -> Iterator[Finding]:
    """Hold every owned file against its digest, and every tree against those of its files.

    What is damaged goes to quarantine.

    Args:
        content: The files.
        quick: Compare stamps only; a file whose stamp moved is hashed.
        only: Of the files, look at those under these digests alone; see `cache.surveying`.
        jobs: How many are hashed at once; None is one a core.
        told: Is called with the bytes done and the bytes in all.

    Raises:
        CacheError: A directory of the cache cannot be read.
    """
    suspects: list[Held] = []
    done, total = 0, 0
    layout = content.layout
    for shelf in shelves(layout) if only is None else (shelf_of(layout, one) for one in only):
        for name, status in shelf.files.items():
            held = _held(content.layout, shelf, name, status)
            total += held.size
            known = None if shelf.record is None else shelf.record.files.get(name)
            if quick and known is not None and known.vouches_for(Stamp.of(status)):
                done += held.size
                yield Finding(held=held, state="ok")
            else:
                suspects.append(held)
        yield from _missing(content.layout, shelf)
    trees = list(held_trees(content.layout))
    suspects += trees
    total += sum(held.size for held in trees)
    if told is not None:
        told(done, total)
    for finding in _hashed(content, suspects, jobs, quick=quick):
        done += finding.held.size
        if told is not None:
            told(done, total)
        yield finding


def _hashed(
    content: Content, suspects: Sequence[Held], jobs: int | None, *, quick: bool
) -> Iterator[Finding]:
    """Hash files and trees, several at once: hashing lets other threads run."""
    if not suspects:
        return
    from concurrent.futures import ThreadPoolExecutor

    # The largest first, so that none of them is left over for the end.
    queue = sorted(suspects, key=lambda held: held.size, reverse=True)
    with ThreadPoolExecutor(jobs or os.cpu_count() or 1) as pool:
        try:
            yield from pool.map(lambda held: _found(content, held, quick=quick), queue)
        finally:
            pool.shutdown(cancel_futures=True)


def _found(content: Content, held: Held, *, quick: bool) -> Finding:
    if held.kind == "tree":
        verdict = Trees(content).examine(held.path, quick=quick)
    else:
        verdict = content.examine(held.path)
    return Finding(held=held, state=verdict.state, reason=verdict.reason)


def _held(layout: Layout, shelf: Shelf, name: str, status: os.stat_result) -> Held:
    return Held(
        digest=str(shelf.digest),
        path=layout.file(Address(shelf.digest, name)),
        name=name,
        size=status.st_size,
        added=None if shelf.record is None else shelf.record.added,
        used=None if shelf.record is None else shelf.record.used,
        identity=(status.st_dev, status.st_ino),
    )


def _missing(layout: Layout, shelf: Shelf) -> Iterator[Finding]:
    if shelf.record is None:
        return
    for name in shelf.record.files.keys() - shelf.files.keys():
        path = layout.file(Address(shelf.digest, name))
        if os.path.lexists(path):
            continue
        held = Held(
            digest=str(shelf.digest),
            path=path,
            name=name,
            size=0,
            added=shelf.record.added,
            used=shelf.record.used,
        )
        yield Finding(held=held, state="missing", reason="its record is there, the file is gone")
