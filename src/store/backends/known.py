"""A resource as a hit needs it: light to make, and soon made whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from store.backends.resources import Digested, ResourceInfo
from store.frozen import Frozen, field
from store.integrity.digest import Digests

if TYPE_CHECKING:
    # A hit does without: to import attrs takes a sixth of a warm fetch.
    from store.backends.digested import DigestedResource


def plain(known: KnownResource) -> DigestedResource:
    """Return the resource as any driver with ``urls`` takes it."""
    from store.backends.digested import DigestedResource

    return DigestedResource(
        known.digests, size=known.size, filename=known.filename, urls=known.urls
    )


class KnownResource(Digested, Frozen):
    """What a query itself, or a remembered answer, says of a resource; never handed to a driver.

    Attributes:
        digests: At least one, checked.
        size: The size in bytes, where it is known.
        filename: What the file is called, a label, where it is known.
        urls: Where it can be had; never shown.
        makes: Makes of it what its driver is promised, when there is something to be brought.
    """

    digests: Digests
    size: int | None = None
    filename: str | None = None
    urls: tuple[str, ...] = field(default=(), shown=False)
    makes: Callable[[KnownResource], DigestedResource] = field(factory=lambda: plain, shown=False)


def whole(metadata: ResourceInfo) -> ResourceInfo:
    """Return a resource as its driver is promised it: asked where a hit did not do."""
    return metadata.makes(metadata) if isinstance(metadata, KnownResource) else metadata
