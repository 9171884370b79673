"""Private directories of downloads under way, and the abandoned ones."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from store.cache.failures import cache_errors
from store.cache.layout import Layout
from store.cache.quarantine import clear_way
from store.clock import Clock
from store.files.apart import lay_apart
from store.files.atomic import discard, make_directories, write_bytes
from store.files.syncing import sync_directory
from store.files.unfinished import partial_name, will_be_finished
from store.integrity.digest import DEFAULT_ALGORITHM

ABANDONED: Final = 86_400.0
"""After how long without a change a download is taken for abandoned, in seconds."""


_TAG: Final = b"""Signature: 8a477f597d28d172789f06886806bc55
# This directory is a cache of `store`: what it holds can be fetched again, and backups may pass it over.
"""


def prepare(layout: Layout, clock: Clock, *, durable: bool) -> None:
    """Make a cache's directory, and sweep what the dead left behind.

    Args:
        layout: Where the cache lies.
        clock: The time.
        durable: Make its name last, with those of all directories above it: whoever made the first lock
            may have made them, too.

    Raises:
        CacheError: It cannot be made.
    """
    with cache_errors(layout.root):
        Path(layout.root).mkdir(parents=True, exist_ok=True)
        tag = Path(layout.root, "CACHEDIR.TAG")
        if not tag.exists():
            for parent in Path(layout.root).parents if durable else ():
                with contextlib.suppress(OSError):  # not ours, perhaps not even to be read
                    sync_directory(parent)
            # Where the directories of downloads and contents are to be made, which have nothing in common.
            for above in (layout.partial, f"{layout.content}{DEFAULT_ALGORITHM}"):
                make_directories(above, durable=durable)
                lay_apart(above)
            write_bytes(tag, _TAG, durable=durable)
    for path in abandoned(layout, clock):
        discard(path)


@contextlib.contextmanager
def opened(layout: Layout, clock: Clock) -> Iterator[Path]:
    """Do the work of `Content.workspace`."""
    directory = Path(layout.partial) / partial_name()
    clear_way(layout, str(directory), clock)
    with cache_errors(directory):
        directory.mkdir(mode=0o700, parents=True)
    try:
        yield directory
    finally:
        discard(directory)


def abandoned(layout: Layout, clock: Clock) -> Iterator[Path]:
    """Go through what lies below ``partial/`` and will not be finished.

    What belongs to a process of this machine, boot and process namespace is abandoned when that process
    is gone; anything else when nothing in it has changed for a day.
    """
    try:
        entries = [] if os.path.islink(layout.partial) else list(os.scandir(layout.partial))  # noqa: PTH114 - text
    except OSError:
        return
    for entry in entries:
        if not will_be_finished(entry.name) or clock.now() - _last_change(entry) > ABANDONED:
            yield Path(entry.path)


def _last_change(entry: os.DirEntry[str]) -> float:
    times = []
    try:
        times.append(entry.stat(follow_symlinks=False).st_mtime)
        if entry.is_dir(follow_symlinks=False):
            with os.scandir(entry.path) as inside:
                times += [one.stat(follow_symlinks=False).st_mtime for one in inside]
    except OSError:
        pass
    return max(times, default=0.0)
