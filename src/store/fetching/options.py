"""Turns settings into what the rooms below take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from store.config.model import Settings
from store.transports.base import TransferOptions

if TYPE_CHECKING:
    # A warm fetch tells nobody: events load when there is something to tell.
    from store.events import Listener


def cache_configuration(settings: Settings) -> dict[str, Any]:
    """Return what a cache backend is told."""
    return {
        "cache_dir": None if settings.cache_dir is None else str(settings.cache_dir),
        "durability": settings.durability,
        "verify": settings.verify,
        "lock_timeout": settings.lock_timeout,
    }


def transfer_options(settings: Settings, listener: Listener | None = None) -> TransferOptions:
    """Return how a store is to move bytes."""
    if listener is not None:
        from store.backends.failures import owned

        listener = owned(listener)
    return TransferOptions.from_settings(settings, listener)
