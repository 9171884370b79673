"""Writes journals, and makes files of their own of what they hold."""

from __future__ import annotations

import errno
import fcntl
import logging
import math
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from store.cache.journals import HEADER, SUFFIX, journals_of, read_journal
from store.cache.layout import Layout
from store.cache.quarantine import clear_way, obstacle
from store.clock import Clock
from store.files.small import put_small
from store.files.syncing import sync_many
from store.files.unfinished import partial_name

log = logging.getLogger(__name__)

MOST: Final = 16
"""How many journals there are at most: readers hold them in memory."""

OLD: Final = 3600.0
"""How old a journal gets before the next run that takes many files in spreads it, in seconds."""

_RECORD: Final = re.compile(r"records/v1/[a-z0-9_]+/[0-9a-f]{2}/[0-9a-f]+\.json")
_ENTRY: Final = re.compile(r"entries/v1/[0-9a-f]{2}/[0-9a-f]{64}\.json")
"""What a journal may speak of: it leads nowhere else, whatever it holds."""


class Line(NamedTuple):
    """What a journal says of one file."""

    record: str
    """Where its record would lie."""
    entry: str
    """Where its entry would, or an empty text."""
    text: str
    """What would lie there: JSON in one line."""


def add_journal(layout: Layout, lines: Iterable[Line], clock: Clock, *, durable: bool) -> None:
    """Write what is known of many files, in one step.

    Raises:
        OSError: It cannot be written; nothing of it is left.
    """
    start = len(layout.root) + 1
    path = f"{layout.journals}{clock.now_ns():020d}-{secrets.token_hex(4)}{SUFFIX}"
    told = (f"{one.record[start:]}\t{one.entry[start:]}\t{one.text}" for one in lines)
    clear_way(layout, path, clock)
    put_small(f"{layout.partial}/{partial_name()}", path, "\n".join((HEADER, *told, "")).encode())
    journals_of(layout).changed()
    if durable:
        sync_many([path], top=layout.root)


def spread(layout: Layout, *, before: float = math.inf) -> None:
    """Make files of their own of what journals hold; where the cache cannot be written to, they stay.

    Args:
        layout: Where the cache lies.
        before: Only journals are spread that were written by then, in seconds since 1970 UTC.
    """
    if not any(_written(layout, name) <= before for name in journals_of(layout).names()):
        return
    try:
        with _alone(layout):
            for name in journals_of(layout).names():
                if _written(layout, name) <= before:
                    _spread_one(layout, name)
    except OSError as error:
        log.debug("the journals of %s stay: %s", layout.root, error)


def spread_what_holds(layout: Layout, path: str) -> None:
    """Spread all journals if one of them speaks of a path, which is to be removed or marked."""
    if journals_of(layout).find(path) is not None:
        spread(layout)


def _written(layout: Layout, name: str) -> float:
    try:
        return os.lstat(f"{layout.journals}{name}").st_mtime
    except OSError:
        return 0.0


@contextmanager
def _alone(layout: Layout) -> Iterator[None]:
    """Keep other processes from bringing back what is removed after this.

    Raises:
        OSError: The directory cannot be locked, or something is in its way.
    """
    directory = layout.journals
    if obstacle(layout, directory) is not None:
        raise NotADirectoryError(errno.ENOTDIR, "it leads out of the cache", directory)
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _spread_one(layout: Layout, name: str) -> None:
    """Spread one journal, and remove it.

    Raises:
        OSError: Something of it cannot be written; the next to try begins where this one ended.
    """
    path = f"{layout.journals}{name}"
    by_text: dict[str, list[str]] = {}
    used = _written(layout, name)
    for place, (text, _) in read_journal(path).items():
        if _RECORD.fullmatch(place) or _ENTRY.fullmatch(place):
            by_text.setdefault(text, []).append(f"{layout.root}/{place}")
    for text, places in by_text.items():
        _write(layout, text, places, used)
    os.unlink(path)  # noqa: PTH108 - text
    journals_of(layout).changed()


def _write(layout: Layout, text: str, places: list[str], used: float) -> None:
    """Let a text lie where nothing does: one inode, with as many names.

    Raises:
        OSError: It cannot be written.
    """
    missing = [one for one in places if not os.path.lexists(one)]
    if not missing or any(obstacle(layout, one) is not None for one in missing):
        return
    first, *others = missing
    data = text.encode()
    _, linked = put_small(_own(layout), first, data, also=others[0] if others else None)
    os.utime(first, (used, used))
    if others and not linked:
        put_small(_own(layout), others[0], data)


def _own(layout: Layout) -> str:
    return f"{layout.partial}/{partial_name()}"
