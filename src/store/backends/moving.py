"""Has a resource brought: by a shared tier, else by its driver."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from store.backends.failures import drivers_errors
from store.backends.resources import ResourceInfo, origin_of
from store.backends.telling import label_of, tell_started
from store.cache.backends.base import Cache
from store.errors import OfflineError
from store.transports.base import TransferOptions

if TYPE_CHECKING:
    # Most have no tiers: nothing of them is loaded then.
    from store.sharing.tiers import Sharing


class Source(Protocol):
    """What a delivery needs of a store."""

    cache_backend: Cache
    options: TransferOptions
    name: str

    @property
    def needs_network(self) -> bool:
        """Whether its bytes come over the network."""
        ...

    def download_resource_content(self, metadata: Any, dest: str, /) -> str | None:  # noqa: ANN401
        """Move the bytes of a resource into a private, empty directory."""
        ...


def moved(
    store: Source,
    metadata: ResourceInfo,
    directory: Path,
    *,
    sharing: Sharing | None,
    part: Path | None = None,
) -> str | None:
    """Have a resource brought into a directory; the caller verifies it.

    Args:
        store: Whose driver brings it, where no tier has it.
        metadata: What is wanted.
        directory: A private, empty directory.
        sharing: What asks the shared tiers, or None where none is to be asked.
        part: Where the origin's bytes are kept that come in vain; None keeps none.

    Returns:
        The path, or None where the driver reports failure so.

    Raises:
        OfflineError: No tier has it, and the network is not to be used.
        StoreError: What the driver raised.
    """
    tell_started(store.options.listener, metadata, store.name)
    if sharing is not None:
        shared = sharing.bring(directory)
        if shared is not None:
            return str(shared)
        refuse_offline(store, metadata)
        if sharing.told:  # the origin's attempts are counted from 1 again
            tell_started(store.options.listener, metadata, store.name)
    with contextlib.ExitStack() as stack:
        if part is not None:
            from store.transports.resuming import resumable

            stack.enter_context(resumable(part))
        stack.enter_context(drivers_errors(store.name))
        path: Any = store.download_resource_content(metadata, str(directory))
    return None if path is None else str(path)


def refuse_offline(store: Source, metadata: ResourceInfo) -> None:
    """Refuse a download that needs the network, where that is not to be used.

    Raises:
        OfflineError: It is so.
    """
    if store.options.offline and store.needs_network:
        missing = origin_of(metadata) or label_of(metadata)
        raise OfflineError(
            f"{missing} is not in the cache and the network is not to be used:"
            " fetch it once without --offline (STORE_OFFLINE)",
            missing=(missing,),
        )
