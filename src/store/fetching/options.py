"""Turns settings into what the rooms below take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from store.config.credentials import Credentials
from store.config.directories import cache_directory
from store.config.model import Settings
from store.transports.base import Bounds, Retrying, TransferOptions

STANDING: Final = "mirrors/v1.json"
"""Where it lies below the cache's directory which mirrors failed."""

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
        routes=settings.routes,
        user_agent=settings.user_agent,
        per_host=settings.per_host,
        limit_rate=settings.limit_rate,
        standing=standing_file(settings),
    )


def standing_file(settings: Settings) -> str:
    """Return the file in which is remembered which mirrors failed."""
    return f"{settings.cache_dir or cache_directory()}/{STANDING}"
