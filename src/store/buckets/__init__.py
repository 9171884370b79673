"""Buckets of object stores, kept like directories.

It stands in for qarnot's ``qarnot.bucket``: ``from store.buckets import Bucket, Connection``. The names
below are loaded when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from store.faces import face

if TYPE_CHECKING:
    from store.buckets.bucket import Bucket
    from store.buckets.storage import Storage
    from store.buckets.summaries import Summary
    from store.transports.objects.connection import Connection

_HOMES: Final = {
    "store.buckets.bucket": ("Bucket",),
    "store.buckets.storage": ("Storage",),
    "store.buckets.summaries": ("Summary",),
    "store.transports.objects.connection": ("Connection",),
}

__all__ = ["Bucket", "Connection", "Storage", "Summary"]

__getattr__, __dir__ = face(__name__, _HOMES)
