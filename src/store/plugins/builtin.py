"""What the house itself brings, declared through the hooks of plugins.

A `Lazy` names its module without importing it, so that naming a driver imports that driver alone. The
functions are marked as implementations of hooks where they are registered: a look-up of what is ours does
without pluggy, whose import takes a twelfth of a warm fetch.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from store.transports.base import TransferOptions, Transport


class Lazy(NamedTuple):
    """A class or function that is imported when it is first needed.

    Attributes:
        module: The module that defines it.
        attribute: Its name there.
    """

    module: str
    attribute: str

    def load(self) -> Any:  # noqa: ANN401 - whatever is named
        """Return what is named.

        Raises:
            ImportError: The module, or something that it needs, is missing.
            AttributeError: The module has no such name.
        """
        return getattr(importlib.import_module(self.module), self.attribute)

    def __call__(self, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever is named
        """Call what is named."""
        return self.load()(*arguments, **named)


class Opening(NamedTuple):
    """Makes a transport of ours, as ``transports.opening`` has it.

    Attributes:
        scheme: The scheme that it opens.
    """

    scheme: str

    def __call__(self, options: TransferOptions) -> Transport:
        """Return the transport."""
        from store.transports.opening import transport_for

        return transport_for(f"{self.scheme}://", options)


def store_drivers() -> Mapping[str, Lazy]:
    """Return our store drivers."""
    return {
        "bucket": Lazy("store.backends.bucket_store", "BucketStore"),
        "file": Lazy("store.backends.file_store", "FileStore"),
        "http": Lazy("store.backends.http_store", "HTTPStore"),
        "http-simple-store": Lazy("store.backends.http_simple_store", "HTTPSimpleStore"),
        "pypi": Lazy("store.backends.pypi_store", "PyPIStore"),
        "registry": Lazy("store.backends.registry_store", "RegistryStore"),
        "release": Lazy("store.backends.release_store", "ReleaseStore"),
    }


def store_caches() -> Mapping[str, Lazy]:
    """Return our cache backends."""
    return {
        "disk": Lazy("store.cache.backends.disk", "DiskCache"),
        "file-cache": Lazy("store.cache.backends.filecache", "FileCache"),
        "memory": Lazy("store.cache.backends.memory", "MemoryCache"),
        "null": Lazy("store.cache.backends.null", "NullCache"),
        "registry": Lazy("store.registry.cache_backend", "RegistryCache"),
    }


def store_transports() -> Mapping[str, Opening]:
    """Return our transports."""
    from store.transports.opening import schemes

    return {scheme: Opening(scheme) for scheme in schemes()}


def store_locators() -> Mapping[str, Lazy]:
    """Return our readers of locators."""
    return {
        "bucket": Lazy("store.backends.bucket_store", "locate"),
        "pypi": Lazy("store.backends.pypi_store", "locate"),
        "registry": Lazy("store.backends.registry_store", "locate"),
        "release": Lazy("store.backends.release_store", "locate"),
    }
