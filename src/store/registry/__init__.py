"""A registry of versioned files with status and typed attributes.

It stands in for the project ``cachedir`` (cache-manager): ``import store.registry as cm``. The names
below are loaded when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from store.faces import face

if TYPE_CHECKING:
    from store.registry.item import CacheItem
    from store.registry.manager import Cache
    from store.registry.status import Status

_HOMES: Final = {
    "store.registry": ("log", "session"),
    "store.registry.item": ("CacheItem",),
    "store.registry.manager": ("Cache",),
    "store.registry.status": ("Status",),
}

__all__ = ["Cache", "CacheItem", "Status", "log", "session"]

__getattr__, __dir__ = face(__name__, _HOMES)
