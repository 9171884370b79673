"""Claims resources to be fetched, for a moment and without waiting."""

from __future__ import annotations

import os
from typing import NamedTuple

from store.cache.flight import FLIGHTS, Flight
from store.cache.layout import Address, Layout
from store.cache.quarantine import Ways
from store.files.dirlocks import give_directory, take_directory
from store.integrity.digest import Digest


class Claim(NamedTuple):
    """The right to fetch a resource that no other thread or process fetches now."""

    key: tuple[str, str]
    flight: Flight
    descriptor: int
    directory: str
    made: bool

    def release(self, *, vain: bool = False) -> None:
        """Give the right back; who waits for it looks again.

        Args:
            vain: Whether nothing came, so that the directory that was made for it may go.
        """
        give_directory(self.descriptor, self.directory if vain and self.made else None)
        FLIGHTS.end(self.key, self.flight)


class Claims:
    """Claims resources that a digest names, by locking the directories that are to hold them.

    Args:
        layout: Where the cache lies.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._ways = Ways(layout)

    def claim(self, uid: str, digest: Digest, name: str) -> Claim | None:
        """Claim a resource as `cache.flight.flying` would.

        Returns:
            The claim; None where another thread or process fetches it, where its file lies there already,
            or where something is in the way: whoever fetches in the usual way looks closer.

        Raises:
            OSError: The directory cannot be made.
        """
        if not self._is_clear(digest):
            return None
        key = (self._layout.root, uid)
        flight, leading = FLIGHTS.begin(key)
        if not leading:
            return None
        directory = self._layout.directory(digest)
        descriptor = None
        try:
            descriptor, made = take_directory(directory)
        finally:
            if descriptor is None:
                FLIGHTS.end(key, flight)
        if descriptor is None:
            return None
        claim = Claim(key, flight, descriptor, directory, made)
        if not made and os.path.lexists(self._layout.file(Address(digest, name))):
            claim.release()
            return None
        return claim

    def _is_clear(self, digest: Digest) -> bool:
        """Whether nothing but directories is on the way to what a digest names; looked at once each."""
        above = f"{digest.algorithm}/{digest.hex[:2]}"
        ways, layout = self._ways, self._layout
        return ways.are_clear(f"{layout.content}{above}") and ways.are_clear(
            f"{layout.records}{above}"
        )
