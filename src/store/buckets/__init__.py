"""Buckets of object stores, kept like directories.

It stands in for qarnot's ``qarnot.bucket``: ``from store.buckets import Bucket, Connection``. The names
below are loaded when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from store.buckets.bucket import Bucket
    from store.buckets.storage import Storage
    from store.buckets.summaries import Summary
    from store.transports.objects.connection import Connection

_HOMES: Final = {
    "Bucket": "store.buckets.bucket",
    "Connection": "store.transports.objects.connection",
    "Storage": "store.buckets.storage",
    "Summary": "store.buckets.summaries",
}

__all__ = ["Bucket", "Connection", "Storage", "Summary"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    """Load a public name from the module that defines it (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
