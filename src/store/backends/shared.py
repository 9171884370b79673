"""Says whether shared tiers are asked for a resource before its origin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from store.backends.resources import ResourceInfo, digests_of, filename_of, size_of
from store.backends.telling import label_of
from store.transports.base import TransferOptions

if TYPE_CHECKING:
    # Most have no tiers: nothing of them is loaded then.
    from store.sharing.tiers import Sharing


class Asker(Protocol):
    """What is needed of a store."""

    options: TransferOptions

    @property
    def needs_network(self) -> bool:
        """Whether its bytes come over the network."""
        ...


def sharing_of(store: Asker, metadata: ResourceInfo) -> Sharing | None:
    """Return what asks the tiers for a resource, or None where none is to be asked.

    Only what is pinned by a digest is taken from a tier, since nothing else says that it is right; and what
    lies on this machine is nearer than any tier.

    Args:
        store: Who would bring it.
        metadata: What is wanted.
    """
    if not store.options.tiers or not store.needs_network:
        return None
    from store.addresses import label
    from store.files.names import safe_name
    from store.sharing.tiers import sharing_for

    urls = getattr(metadata, "urls", ())
    return sharing_for(
        store.options,
        digests_of(metadata),
        size=size_of(metadata),
        label=label_of(metadata),
        filename=filename_of(metadata) or (safe_name(label(urls[0]), "") if urls else ""),
    )
