"""What authors of drivers and backends test with: suites, fakes, faults.

The suites below are loaded when they are first used: each lies in a module of its own, with what it needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from store.testing.caches import CacheSuite
    from store.testing.registries import RegistrySuite
    from store.testing.releases import ArchiveSuite
    from store.testing.storages import StorageSuite
    from store.testing.stores import StoreSuite
    from store.testing.tiers import TierSuite
    from store.testing.transports import TransportSuite

_HOMES: Final = {
    "ArchiveSuite": "releases",
    "CacheSuite": "caches",
    "RegistrySuite": "registries",
    "StorageSuite": "storages",
    "StoreSuite": "stores",
    "TierSuite": "tiers",
    "TransportSuite": "transports",
}

__all__ = [
    "ArchiveSuite",
    "CacheSuite",
    "RegistrySuite",
    "StorageSuite",
    "StoreSuite",
    "TierSuite",
    "TransportSuite",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    """Load a suite from the module that defines it (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the suites."""
    return sorted(__all__)
