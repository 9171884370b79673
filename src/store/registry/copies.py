"""Makes room on this machine where the files lie in a bucket."""

from __future__ import annotations

import os

from store.files.atomic import discard
from store.files.failures import free_bytes
from store.registry.changing import Changing


def drop_copies(cache: Changing, min_free: int) -> int:
    """Drop copies of what lies in the bucket until so many bytes are free here, those used last at the end.

    A copy that any process was handed stays. Nothing is lost: what is asked for again is brought again.

    Args:
        cache: A registry whose files lie in a bucket.
        min_free: How much is to be free on the disk of the copies, in bytes.

    Returns:
        How many bytes the dropped copies took.
    """
    used = cache.leases.in_use()
    found = []
    for one in cache.places.walk():
        if one.sidecar or f"{one.key}-{one.version}" in used:
            continue
        try:
            status = os.lstat(one.path)
        except OSError:
            continue
        found.append((max(status.st_atime, status.st_mtime), status.st_size, one.path))
    dropped = 0
    for _, size, path in sorted(found):
        free = free_bytes(cache.places.root)
        if free is None or free >= min_free:
            break
        discard(path)
        dropped += size
    return dropped
