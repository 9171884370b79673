"""Turns a query for a resource into a verified local file.

The names below are loaded when they are first used, so that ``import store`` costs next to nothing.
"""

from __future__ import annotations

import sys

# Until the command can tell of it, Ctrl-C ends it as it ends any program: nothing is begun yet, and what the
# interpreter would say is where it stood in our imports. A program that imports us keeps what it has.
if "".join(getattr(sys, "argv", ())[:1]).endswith("/store"):
    import signal

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)

from typing import TYPE_CHECKING, Final

from store.cache import hand_on
from store.faces import face

if TYPE_CHECKING:
    from store.backends.base import Store
    from store.backends.digested import DigestedResource
    from store.backends.resources import ResourceInfo
    from store.cache.backends.base import DEFAULT_TIMEOUT, NEVER, Cache
    from store.errors import (
        ArchiveError,
        CacheError,
        ConfigurationError,
        CredentialsError,
        DigestError,
        DriftError,
        IntegrityError,
        LocatorError,
        LockTimeoutError,
        MissingKeyError,
        OfflineError,
        PluginConflictError,
        PluginError,
        QueryError,
        RateLimitedError,
        RedirectError,
        RefusedError,
        RegistryError,
        ReleaseExistsError,
        ReleaseRecordNotFoundError,
        ResourceNotFoundError,
        StatusError,
        StorageError,
        StoreError,
        TooLargeError,
        TransportError,
        TransportTimeoutError,
        TruncatedError,
        UnknownNameError,
        UnsafeArchiveError,
        UnsafeNameError,
        UnverifiedError,
    )
    from store.fetching.explaining import Explanation
    from store.fetching.fetcher import Fetcher
    from store.fetching.lists import read_list
    from store.fetching.locator import Listed
    from store.fetching.many import fetch_each, fetch_many
    from store.fetching.results import Outcome, Resolved, Result
    from store.fetching.single import fetch, resolve, why
    from store.freshness.aged_file import AgedFile
    from store.freshness.kernel_file import KernelFileCache
    from store.freshness.listing import newest_in
    from store.hooks import hookimpl
    from store.integrity.digest import Digest
    from store.plugins.loading import load_cache, load_store
    from store.records import CachedResource, Provenance

__version__: Final = "0.1.0"
"""The version of the distribution, which setup.cfg takes from here."""

_HOMES: Final = {
    "store.backends.base": ("Store",),
    "store.backends.digested": ("DigestedResource",),
    "store.backends.resources": ("ResourceInfo",),
    "store.cache.backends.base": ("DEFAULT_TIMEOUT", "NEVER", "Cache"),
    "store.errors": (
        "ArchiveError",
        "CacheError",
        "ConfigurationError",
        "CredentialsError",
        "DigestError",
        "DriftError",
        "IntegrityError",
        "LocatorError",
        "LockTimeoutError",
        "MissingKeyError",
        "OfflineError",
        "PluginConflictError",
        "PluginError",
        "QueryError",
        "RateLimitedError",
        "RedirectError",
        "RefusedError",
        "RegistryError",
        "ReleaseExistsError",
        "ReleaseRecordNotFoundError",
        "ResourceNotFoundError",
        "StatusError",
        "StorageError",
        "StoreError",
        "TooLargeError",
        "TransportError",
        "TransportTimeoutError",
        "TruncatedError",
        "UnknownNameError",
        "UnsafeArchiveError",
        "UnsafeNameError",
        "UnverifiedError",
    ),
    "store.fetching.explaining": ("Explanation",),
    "store.fetching.fetcher": ("Fetcher",),
    "store.fetching.lists": ("read_list",),
    "store.fetching.locator": ("Listed",),
    "store.fetching.many": ("fetch_each", "fetch_many"),
    "store.fetching.results": ("Outcome", "Resolved", "Result"),
    "store.fetching.single": ("fetch", "resolve", "why"),
    "store.freshness.aged_file": ("AgedFile",),
    "store.freshness.kernel_file": ("KernelFileCache",),
    "store.freshness.listing": ("newest_in",),
    "store.hooks": ("hookimpl",),
    "store.integrity.digest": ("Digest",),
    "store.plugins.loading": ("load_cache", "load_store"),
    "store.records": ("CachedResource", "Provenance"),
}

__all__ = [
    "DEFAULT_TIMEOUT",
    "NEVER",
    "AgedFile",
    "ArchiveError",
    "Cache",
    "CacheError",
    "CachedResource",
    "ConfigurationError",
    "CredentialsError",
    "Digest",
    "DigestError",
    "DigestedResource",
    "DriftError",
    "Explanation",
    "Fetcher",
    "IntegrityError",
    "KernelFileCache",
    "Listed",
    "LocatorError",
    "LockTimeoutError",
    "MissingKeyError",
    "OfflineError",
    "Outcome",
    "PluginConflictError",
    "PluginError",
    "Provenance",
    "QueryError",
    "RateLimitedError",
    "RedirectError",
    "RefusedError",
    "RegistryError",
    "ReleaseExistsError",
    "ReleaseRecordNotFoundError",
    "Resolved",
    "ResourceInfo",
    "ResourceNotFoundError",
    "Result",
    "StatusError",
    "StorageError",
    "Store",
    "StoreError",
    "TooLargeError",
    "TransportError",
    "TransportTimeoutError",
    "TruncatedError",
    "UnknownNameError",
    "UnsafeArchiveError",
    "UnsafeNameError",
    "UnverifiedError",
    "__version__",
    "fetch",
    "fetch_each",
    "fetch_many",
    "hookimpl",
    "load_cache",
    "load_store",
    "newest_in",
    "read_list",
    "resolve",
    "why",
]

__getattr__, __dir__ = face(__name__, _HOMES)

# e3-core has it there too; the cache's room may not know the plugins', so the face hands it on.
hand_on("load_cache", lambda: __getattr__("load_cache"))
