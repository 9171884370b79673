"""Claims one of many resources to fetch, for a moment and without waiting."""

from __future__ import annotations

import fcntl
import os
from typing import NamedTuple

from store.cache.flight import FLIGHTS, Flight
from store.cache.layout import Layout
from store.files.holding import taken_at_once


class Claim(NamedTuple):
    """The right to fetch a resource that no other thread or process fetches now."""

    key: tuple[str, str]
    flight: Flight
    descriptor: int

    def release(self) -> None:
        """Give the right back; who waits for it looks again."""
        # Explicitly, since a fork keeps a closed lock alive.
        fcntl.flock(self.descriptor, fcntl.LOCK_UN)
        os.close(self.descriptor)
        FLIGHTS.end(self.key, self.flight)


def claimed(layout: Layout, uid: str) -> Claim | None:
    """Claim a resource as `cache.flight.flying` would.

    Returns:
        The claim, or None where another thread or process fetches it, or there are no locks here.

    Raises:
        OSError: The lock file cannot be made.
    """
    key = (layout.root, uid)
    flight, leading = FLIGHTS.begin(key)
    if not leading:
        return None
    descriptor = None
    try:
        descriptor = taken_at_once(layout.lock(uid))
    finally:
        if descriptor is None:
            FLIGHTS.end(key, flight)
    return None if descriptor is None else Claim(key, flight, descriptor)
