"""The hooks that a plugin may implement.

Each returns data, name to factory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from store.backends.base import Store
from store.cache.backends.base import Cache
from store.hooks import hookspec
from store.transports.base import TransferOptions, Transport

StoreFactory = Callable[[Any, Cache], Store[Any]]
"""Makes a store from its configuration and a cache; a `Store` class is one."""

CacheFactory = Callable[[Any], Cache]
"""Makes a cache from its configuration; a `Cache` class is one."""

TransportFactory = Callable[[TransferOptions], Transport]
"""Makes a transport; a `Transport` class is one."""

ArchiveFactory = Callable[..., Any]
"""Makes an archive of releases from a host, user and password."""

Locator = Callable[[str], Mapping[str, Any]]
"""Turns what follows ``driver:`` in a locator into the driver's query; raises `LocatorError`."""


@hookspec
def store_drivers() -> Mapping[str, StoreFactory]:  # type: ignore[empty-body]
    """Return store drivers by name: ``{"mirror": MirrorStore}``."""


@hookspec
def store_caches() -> Mapping[str, CacheFactory]:  # type: ignore[empty-body]
    """Return cache backends by name."""


@hookspec
def store_transports() -> Mapping[str, TransportFactory]:  # type: ignore[empty-body]
    """Return transports by the scheme they open."""


@hookspec
def store_archives() -> Mapping[str, ArchiveFactory]:  # type: ignore[empty-body]
    """Return archives of releases by the scheme of their address."""


@hookspec
def store_commands() -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Return click commands by the name they get below ``store``."""


@hookspec
def store_locators() -> Mapping[str, Locator]:  # type: ignore[empty-body]
    """Return, by driver name, the function that reads what follows ``name:`` in a locator."""
