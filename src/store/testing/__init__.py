"""What authors of drivers and backends test with: suites, fakes, faults.

The suites below are loaded when they are first used: each lies in a module of its own, with what it needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from store.faces import face

if TYPE_CHECKING:
    from store.testing.caches import CacheSuite
    from store.testing.registries import RegistrySuite
    from store.testing.releases import ArchiveSuite
    from store.testing.storages import StorageSuite
    from store.testing.stores import StoreSuite
    from store.testing.tiers import TierSuite
    from store.testing.transports import TransportSuite

_HOMES: Final = {
    "store.testing.caches": ("CacheSuite",),
    "store.testing.registries": ("RegistrySuite",),
    "store.testing.releases": ("ArchiveSuite",),
    "store.testing.storages": ("StorageSuite",),
    "store.testing.stores": ("StoreSuite",),
    "store.testing.tiers": ("TierSuite",),
    "store.testing.transports": ("TransportSuite",),
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

__getattr__, __dir__ = face(__name__, _HOMES)
