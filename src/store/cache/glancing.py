"""Says that an owned file is right, where its record and a stat do."""

from __future__ import annotations

import os
from typing import Final, NamedTuple

from store import jsontext
from store.cache.journals import journals_of
from store.cache.layout import Layout
from store.cache.records import VERSION
from store.cache.uses import DAY
from store.integrity.digest import Digest
from store.integrity.stamp import Stamp
from store.machine import boot_id

_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LARGEST: Final = 1 << 14
"""The largest record that is read here, in bytes."""


class Glance(NamedTuple):
    """What a glance has shown."""

    path: str
    stamp: Stamp
    digests: frozenset[Digest]


def glance(layout: Layout, digest: Digest, name: str, now: float) -> Glance | None:
    """Look at a file's record and stat, and at nothing else.

    Args:
        layout: Where the cache lies.
        digest: What the file is named by.
        name: Its file name.
        now: The time, in seconds since 1970 UTC.

    Returns:
        What is known of it, where its stamp is the recorded one and its use was marked within a day; None
        where anything is unusual, and whoever asks has to look closer.
    """
    try:
        place, journals = layout.record(digest), journals_of(layout)
        found = (None if journals.alone() else _read(place)) or journals.find(place)
        if found is None:
            return None
        data, used = found
        record = jsontext.loads(data)
        known = record["files"][name]
        stamp = Stamp(*known["stamp"])
        path = f"{layout.directory(digest)}/{name}"
        lasting = known["durable"] is True or stamp.boot == boot_id() != ""
        right = record["v"] == VERSION and record["digests"][digest.algorithm] == digest.hex
        if not (
            lasting
            and right
            and now - DAY < used <= now
            and Stamp.of(os.lstat(path)).same_file(stamp)
        ):
            return None
        return Glance(path, stamp, frozenset([Digest(*one) for one in record["digests"].items()]))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _read(path: str) -> tuple[bytes, float] | None:
    """Return what a record holds and when it was used; None where there is none."""
    try:
        descriptor = os.open(path, _FLAGS)
    except FileNotFoundError:
        return None
    try:
        return os.read(descriptor, _LARGEST), os.fstat(descriptor).st_mtime
    finally:
        os.close(descriptor)
