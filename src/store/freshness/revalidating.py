"""Asks a source whether it still has the content that is here."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from store.cache.examining import grain_of
from store.clock import Clock
from store.freshness.records import AgedRecord
from store.freshness.sources import Source
from store.integrity.digest import Digests
from store.integrity.stamp import Stamp
from store.transports.base import Conditions, NotModified, TransferOptions
from store.transports.receiving import Received, receive


class Unchanged(NamedTuple):
    """The source has the content that is here; what it says of it may have changed.

    Attributes:
        etag: An entity tag that came with the answer, or None.
        last_modified: A time of change that came with the answer, or None.
        stamp: The stamp of a local source, or None.
    """

    etag: str | None = None
    last_modified: str | None = None
    stamp: Stamp | None = None


class Brought(NamedTuple):
    """Bytes came.

    Attributes:
        received: The file, in a directory of the asker's.
        giver: The key of the source that gave it; empty where several are alike.
        local: Whether it was copied on this machine.
        stamp: The stamp of a local source, taken before and after; None where it could not be trusted.
    """

    received: Received
    giver: str
    local: bool
    stamp: Stamp | None


def ask(
    sources: Sequence[Source],
    directory: Path,
    *,
    known: AgedRecord | None,
    name: str,
    digests: Digests,
    options: TransferOptions,
) -> Unchanged | Brought:
    """Ask a source for its content, unless it is the one that is known already.

    A server is asked by ``If-None-Match`` and ``If-Modified-Since`` with what it said of the content when it
    gave it (RFC 9110, section 13): only the address that gave it, since tags of two servers mean nothing to
    each other. A local file whose stamp (size, times, inode) has not moved is not read.

    Args:
        sources: The source and its mirrors; the next one is asked on any failure.
        directory: Where what comes is to lie.
        known: What is here and whole, or None.
        name: What the file is to be called.
        digests: What it must be.
        options: How bytes are to be moved.

    Raises:
        StoreError: What the last source said.
    """
    first = sources[0]
    before = steady_stamp(first.address, options.clock) if first.local else None
    if before is not None and _same(known, first, before):
        return Unchanged(stamp=before)
    try:
        received = receive(
            [one.address for one in sources],
            directory,
            options=options,
            name=name,
            digests=digests,
            conditions=_conditions(sources, known),
        )
    except NotModified as answer:
        return Unchanged(answer.etag, answer.last_modified)
    giver = _giver(sources, received)
    after = steady_stamp(first.address, options.clock) if before is not None else None
    whole = after if giver is first and after == before else None
    return Brought(
        received, "" if giver is None else giver.key, giver is not None and giver.local, whole
    )


def steady_stamp(path: str, clock: Clock) -> Stamp | None:
    """Return the stamp of a local source, links followed; None where a change may still leave the same."""
    try:
        stamp = Stamp.of(os.stat(path))  # noqa: PTH116 - as elsewhere
    except (OSError, ValueError):
        return None
    return None if stamp.racy(clock.file_time_ns(), grain_of(stamp.device)) else stamp


def _same(known: AgedRecord | None, source: Source, stamp: Stamp) -> bool:
    return (
        known is not None
        and known.giver == source.key
        and known.stamp is not None
        and known.stamp.same_file(stamp)
    )


def _conditions(sources: Sequence[Source], known: AgedRecord | None) -> dict[str, Conditions]:
    if known is None or (known.etag is None and known.last_modified is None):
        return {}
    condition = Conditions(if_none_match=known.etag, if_modified_since=known.last_modified)
    return {one.address: condition for one in sources if not one.local and one.key == known.giver}


def _giver(sources: Sequence[Source], received: Received) -> Source | None:
    """Return the source that gave what came, or None where two look alike."""
    asked = received.attempts[-1].address
    found = [one for one in sources if one.shown == asked]
    return found[0] if len(found) == 1 else None
