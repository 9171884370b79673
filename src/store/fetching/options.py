"""Turns settings into what the rooms below take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from store.config.credentials import Credentials
from store.config.model import Settings
from store.transports.base import Bounds, Retrying, TransferOptions

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
    return TransferOptions(
        bounds=Bounds(
            connect_timeout=settings.connect_timeout,
            read_timeout=settings.read_timeout,
            stall_timeout=settings.stall_timeout,
            minimum_rate=settings.minimum_rate,
            deadline=settings.deadline,
            max_size=settings.max_size,
            allow_downgrade=settings.allow_downgrade,
        ),
        retrying=Retrying(attempts=settings.retries + 1),
        offline=settings.offline,
        credentials=Credentials(use_keyring=settings.keyring),
        listener=listener,
        durable=settings.durability == "full",
        strict=True,
    )
