"""Makes placed files last, and takes stamps that can be trusted."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from store.cache.examining import grain_of, wait_until_steady
from store.cache.layout import Address, Layout
from store.cache.records import Known, Record, read_record, write_record
from store.clock import Clock
from store.files.syncing import sync_directory, sync_many
from store.integrity.digest import Digest, Digests
from store.integrity.stamp import Stamp

log = logging.getLogger(__name__)


class Placed(NamedTuple):
    """A file that lies in place and is still to be stamped.

    Attributes:
        address: What it is.
        digests: What is known of it.
        stamp: Its stamp when it was found right, before it was moved.
        synced: Whether its content has reached the disk.
        lasting: Whether its name has, too.
    """

    address: Address
    digests: Digests
    stamp: Stamp
    synced: bool = False
    lasting: bool = False


def settle(
    layout: Layout, placed: Sequence[Placed], clock: Clock, *, durable: bool
) -> dict[str, tuple[Stamp, frozenset[Digest]]]:
    """Make files that lie in place last, wait until their stamps can be trusted, and record them.

    Args:
        layout: Where the cache lies.
        placed: The files; the wait is one for all of them.
        clock: The time.
        durable: Make content, names and records survive a power cut.

    Returns:
        What may be trusted from now on, by path.

    Raises:
        OSError: The disk refused; what lies in place is found to be a miss or is hashed.
    """
    if durable:
        _synchronize(layout, placed)
    grain = grain_of(placed[0].stamp.device)
    stamps = (_stamp(layout.file(one.address), one) for one in placed)
    wait_until_steady((one for one in stamps if one is not None), grain, clock)
    trusted = {}
    for one in placed:
        path = layout.file(one.address)
        found = _stamp(path, one)
        if found is not None and found.racy(clock.file_time_ns(), grain):
            found = None
        record = _recorded(layout, one, found, clock, durable=durable)
        if found is not None:
            trusted[path] = (found, record.digests)
    return trusted


def _synchronize(layout: Layout, placed: Sequence[Placed]) -> None:
    """Bring files, their names, and the names of their directories to the disk, many of them at once."""
    sync_many(layout.file(one.address) for one in placed if not one.synced)
    unsynced = {Path(layout.directory(one.address.digest)) for one in placed if not one.synced}
    above = {parent for one in unsynced for parent in one.parents}
    top = Path(layout.root)
    late = {Path(layout.directory(one.address.digest)) for one in placed if one.synced}
    for directory in late | {one for one in above if one.is_relative_to(top)}:
        sync_directory(directory)


def _stamp(path: str, placed: Placed) -> Stamp | None:
    """Return the stamp of a file, or None where it is another one by now."""
    try:
        stamp = Stamp.of(os.lstat(path))
    except OSError:
        return None
    return stamp if stamp.only_links_moved(placed.stamp) else None


def _recorded(
    layout: Layout, placed: Placed, stamp: Stamp | None, clock: Clock, *, durable: bool
) -> Record:
    path = layout.record(placed.address.digest)
    known = read_record(layout, placed.address.digest)
    digests = {**dict(() if known is None else known.digests), **dict(placed.digests)}
    record = Record(
        digests=frozenset(Digest(*one) for one in digests.items()),
        size=placed.stamp.size,
        added=clock.now() if known is None else known.added,
        files={} if known is None else dict(known.files),
    )
    record.files[placed.address.name] = Known(
        stamp, stamp is not None and (durable or placed.lasting)
    )
    try:
        write_record(layout, placed.address.digest, record, clock, durable=durable)
    except OSError as error:
        log.debug("%s is not recorded, and is hashed when it is next asked for: %s", path, error)
    return record
