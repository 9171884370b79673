"""A registry of versioned files with status and typed attributes.

It stands in for the project ``cachedir`` (cache-manager): ``import store.registry as cm``. The names
below are loaded when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from store.registry.item import CacheItem
    from store.registry.manager import Cache
    from store.registry.status import Status

_HOMES: Final = {
    "Cache": "store.registry.manager",
    "CacheItem": "store.registry.item",
    "Status": "store.registry.status",
    "log": "",
    "session": "",
}

__all__ = ["Cache", "CacheItem", "Status", "log", "session"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    """Load a public name from the module that defines it (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    home = _HOMES[name]
    value = getattr(import_module(home), name) if home else import_module(f"{__name__}.{name}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
