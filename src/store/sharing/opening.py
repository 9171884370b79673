"""Opens the shared tiers that the settings name."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Final

from store.config.tier import Tier
from store.sharing.base import SharedTier
from store.transports.base import Retrying, TransferOptions

_OBJECTS: Final = "store.sharing.objects:ObjectTier"
_HTTP: Final = "store.sharing.http_cas:HttpTier"

_FACTORIES: Final = {
    "http": _HTTP,
    "https": _HTTP,
    "s3": _OBJECTS,
    "gs": _OBJECTS,
    "az": _OBJECTS,
    "bucket": _OBJECTS,
}
"""Where the factories lie, by scheme; what has none of these is a directory. Imported when first used."""

Factory = Callable[[Tier, TransferOptions], SharedTier]
"""Makes a tier."""

_strangers: Final[dict[str, Factory]] = {}


def register(scheme: str, factory: Factory) -> None:
    """Have tiers of a scheme that we do not know made by a stranger; they are asked over the network.

    Args:
        scheme: What their addresses begin with, in lower case.
        factory: Makes one.
    """
    if scheme not in _FACTORIES:
        _strangers[scheme] = factory


def is_networked(tier: Tier) -> bool:
    """Whether a tier is asked over the network by us, so that it is not asked offline."""
    return _scheme(tier) in _FACTORIES.keys() | _strangers.keys()


def opened(tier: Tier, options: TransferOptions) -> SharedTier:
    """Return a tier that can be asked; nothing is asked yet.

    It is asked once for each content, and waited for as long as its own timeout says.

    Args:
        tier: What the settings say of it.
        options: How bytes are to be moved from anywhere else.
    """
    bounds = options.bounds
    own = options._replace(
        bounds=bounds._replace(
            connect_timeout=min(tier.timeout, bounds.connect_timeout),
            read_timeout=min(tier.timeout, bounds.read_timeout),
            stall_timeout=min(tier.timeout, bounds.stall_timeout),
            deadline=None,
        ),
        retrying=Retrying(attempts=1),
        standing=None,
    )
    return _factory(tier)(tier, own)


def _factory(tier: Tier) -> Factory:
    stranger = _strangers.get(_scheme(tier))
    if stranger is not None:
        return stranger
    place = _FACTORIES.get(_scheme(tier), "store.sharing.directory:DirectoryTier")
    module, _, name = place.partition(":")
    found: Factory = getattr(importlib.import_module(module), name)
    return found


def _scheme(tier: Tier) -> str:
    """Return the scheme of an address in its normal spelling; a path, which begins with a slash, has none."""
    return "" if tier.address.startswith("/") else tier.address.partition(":")[0]
