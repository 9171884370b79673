"""Tells a listener what becomes of a resource."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from store.backends.resources import ResourceInfo, digests_of, filename_of, uid_of
from store.carried import class_of
from store.errors import IntegrityError

if TYPE_CHECKING:
    # Events are loaded by whoever tells one: a hit without a listener needs none.
    from store.events import Listener


def label_of(metadata: ResourceInfo) -> str:
    """Return what a person would call a resource: its file name, else its uid."""
    return filename_of(metadata) or uid_of(metadata)


def tell_hit(
    listener: Listener | None, metadata: ResourceInfo, path: str, size: int | None = None
) -> None:
    """Tell that the cache had it, unless nobody wants to hear of it: then events are not even loaded."""
    if listener is not None and getattr(listener, "hears_hits", True):
        from store.events import Hit

        known = os.stat(path).st_size if size is None else size  # noqa: PTH116 - a hit
        listener(Hit(label_of(metadata), path, known, uid_of(metadata)))


def tell_quarantined(
    listener: Listener | None, metadata: ResourceInfo, path: str, reason: str
) -> None:
    """Tell that what the cache had was wrong, and is set aside."""
    if listener is not None:
        from store.events import Quarantined

        listener(Quarantined(label_of(metadata), path, reason, uid_of(metadata)))


def tell_started(listener: Listener | None, metadata: ResourceInfo, driver: str) -> None:
    """Tell that the driver is asked to bring it."""
    if listener is not None:
        from store.events import Started

        listener(Started(name=label_of(metadata), uid=uid_of(metadata), driver=driver))


def tell_verified(listener: Listener | None, metadata: ResourceInfo, path: str) -> None:
    """Tell that what was brought is what was wanted."""
    if listener is not None:
        from store.events import Verified

        digests = tuple(str(one) for one in digests_of(metadata))
        size = Path(path).stat().st_size
        listener(Verified(label_of(metadata), digests, size, uid_of(metadata)))


def tell_unpacked(
    listener: Listener | None, metadata: ResourceInfo, path: str, members: int, size: int
) -> None:
    """Tell that a tree was made of what is in an archive."""
    if listener is not None:
        from store.events import Unpacked

        listener(Unpacked(label_of(metadata), path, members, size, uid_of(metadata)))


def tell_cached(listener: Listener | None, metadata: ResourceInfo, path: str) -> None:
    """Tell that the cache owns the file from now on."""
    if listener is not None:
        from store.events import Cached

        listener(Cached(name=label_of(metadata), path=path, uid=uid_of(metadata)))


def tell_bypassed(
    listener: Listener | None, metadata: ResourceInfo, path: str, reason: Exception
) -> None:
    """Tell that it lies where it was wanted, and not in the cache."""
    if listener is not None:
        from store.events import Bypassed

        listener(Bypassed(label_of(metadata), path, str(reason), uid_of(metadata)))


def tell_failed(
    listener: Listener | None, name: str, error: BaseException | None, driver: str, uid: str
) -> None:
    """Tell that it cannot be had: whoever drew a bar for it may end it.

    Args:
        listener: Who is told, or None.
        name: What a person would call the resource: see `label_of`.
        error: Why; None where the driver brought nothing that is right.
        driver: The name of the driver, or an empty text.
        uid: The resource's, or an empty text where it is not known which it is.
    """
    if listener is not None:
        from store.events import Failed

        kind = class_of(error or IntegrityError())
        reason = str(error or "the driver brought nothing that is right") or kind
        listener(Failed(name, reason, kind, driver, uid))


def waiting_for(listener: Listener | None, metadata: ResourceInfo) -> Callable[[str], None] | None:
    """Return what tells that another is fetching it, given the other's name; None without listener."""
    if listener is None:
        return None

    def tell(holder: str) -> None:
        """Tell whom another's download is waited for."""
        from store.events import Waited

        listener(Waited(label_of(metadata), holder, uid_of(metadata)))

    return tell
