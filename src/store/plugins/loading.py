"""Loads stores and caches by name, ours, strangers' and e3-core's."""

from __future__ import annotations

from typing import Any

from store.backends.base import Store
from store.cache.backends.base import Cache


def load_store(name: str, configuration: Any, cache: Cache) -> Store[Any]:  # noqa: ANN401
    """Return a store by the name of its driver.

    Looks among the builtin drivers, then among plugins (group ``store``), then in e3-core's group
    ``e3.store``; a store of e3-core's kind is wrapped in ours.

    Args:
        name: The driver's name.
        configuration: What the driver wants to be told.
        cache: The cache to be asked first; one of e3-core's kind is taken too.

    Raises:
        UnknownNameError: No driver of that name; ``known`` lists those there are.
        PluginConflictError: Two plugins bring the name.
        PluginError: The driver cannot be made.
    """
    raise NotImplementedError


def load_cache(name: str = "file-cache", configuration: Any = None) -> Cache:  # noqa: ANN401
    """Return a cache by the name of its backend; also in e3-core's group ``e3.store.cache.backend``.

    Raises:
        UnknownNameError: No backend of that name.
        PluginConflictError: Two plugins bring the name.
        PluginError: The backend cannot be made.
    """
    raise NotImplementedError


def find(kind: str, name: str) -> Any:  # noqa: ANN401 - each kind has its own
    """Return the factory of a ``driver``, ``cache``, ``transport``, ``archive``, ``command`` or ``locator``.

    A builtin one is found without importing or scanning for any plugin.

    Raises:
        UnknownNameError: There is none of that name.
        PluginConflictError: Two plugins bring it.
    """
    raise NotImplementedError


def names(kind: str) -> tuple[str, ...]:
    """Return all names of a kind, plugins' included, sorted."""
    raise NotImplementedError
