"""Wraps stores that were written for e3-core's ``e3.store``.

Such a store has ``get_resource_metadata`` and ``download_resource_content``, and no base class of ours.
Only these two are called; verifying, single flight, caching and placing are done by our base class. Its
errors become ours, see ``plugins.foreign_errors``. Its metadata is handed on as it is: the core takes
anything with a ``uid`` (a property or a method) and ``verify``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from store.addresses import public_query
from store.backends.base import ResourceInfo, Store
from store.cache.backends.base import Cache
from store.errors import PluginError
from store.plugins.foreign_cache import ForeignCache, our_cache
from store.plugins.foreign_errors import foreign_errors


class ForeignStore(Store[ResourceInfo]):
    """A store of e3-core's kind, as one of ours. Attributes that are not ours are the foreign store's.

    Args:
        foreign: The store.
        store_configuration: What it was told.
        cache_backend: The cache to be asked first.
    """

    def __init__(
        self,
        foreign: Any,  # noqa: ANN401 - it has no class that we know
        store_configuration: Any,  # noqa: ANN401 - e3-core's signature
        cache_backend: Cache,
    ) -> None:
        super().__init__(store_configuration, cache_backend)
        self.foreign = foreign
        self.name = type(foreign).__name__

    def get_resource_metadata(self, query: Mapping[str, Any]) -> ResourceInfo:
        """Ask the foreign store, which gets a copy of the query.

        Raises:
            StoreError: What it raised, mapped.
        """
        with foreign_errors(self.name, query=public_query(query)):
            metadata: ResourceInfo = self.foreign.get_resource_metadata(dict(query))
            return metadata

    def download_resource_content(self, metadata: ResourceInfo, dest: str) -> str | None:
        """Have the foreign store move the bytes.

        Raises:
            StoreError: What it raised, mapped.
        """
        with foreign_errors(self.name, path=dest):
            path: str | None = self.foreign.download_resource_content(metadata, dest)
            return path

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the foreign store has
        """Return an attribute of the foreign store."""
        if name == "foreign":  # not made yet, as while a copy is made
            raise AttributeError(name)
        return getattr(self.foreign, name)


@attrs.frozen
class StoreAdapter:
    """Makes stores of a foreign class.

    Attributes:
        factory: The class.
    """

    factory: Callable[[Any, Any], Any]

    def __call__(self, configuration: Any, cache: Any) -> Store[Any]:  # noqa: ANN401 - e3-core's signature
        """Make the foreign store, which sees its own kind of cache where it has one, and wrap it.

        Raises:
            PluginError: What was made is no store.
        """
        ours = our_cache(cache)
        inner = ours.foreign if isinstance(ours, ForeignCache) else ours
        return our_store(self.factory(configuration, inner), configuration, ours)


def adapted_driver(factory: Any) -> Any:  # noqa: ANN401 - whatever was registered as a driver
    """Return a factory of our stores for a class of foreign ones; anything else as it is."""
    if isinstance(factory, type) and not issubclass(factory, Store) and _is_store(factory):
        return StoreAdapter(factory)
    return factory


def our_store(made: Any, configuration: Any, cache: Cache) -> Store[Any]:  # noqa: ANN401
    """Return a store that is ours, or a foreign one wrapped.

    Args:
        made: What a factory made.
        configuration: What it was told.
        cache: The cache to be asked first.

    Raises:
        PluginError: It is neither.
    """
    if isinstance(made, Store):
        return made
    if _is_store(made):
        return ForeignStore(made, configuration, cache)
    raise PluginError(
        f"a {type(made).__name__} is no store: it lacks get_resource_metadata or"
        " download_resource_content",
        plugin=type(made).__name__,
    )


def _is_store(made: Any) -> bool:  # noqa: ANN401 - whatever was made
    return all(
        callable(getattr(made, name, None))
        for name in ("get_resource_metadata", "download_resource_content")
    )
