"""The plain values that a cache remembers."""

from __future__ import annotations

from collections import namedtuple
from typing import NamedTuple


class CachedResource(namedtuple("CachedResource", ["uid", "local_path"])):  # noqa: PYI024 - the seed's class
    """A resource that lies on this machine.

    Attributes:
        uid: The resource's identity (str).
        local_path: The path of its file (str).
    """

    __slots__ = ()


class Provenance(NamedTuple):
    """Where a cached resource came from, as ``Cache.record`` is told it; no field holds a secret."""

    driver: str
    """The name or class of the store driver."""
    query: str
    """The query in its canonical spelling (JSON with sorted keys), or an empty string."""
    origin: str
    """The address without user, password and query, or an empty string."""
    digests: tuple[str, ...]
    """The digests that the file was held against or was given, as ``algorithm:hex``."""
    size: int
    """The file's size in bytes."""
