"""Says what is known here of a locator, without asking anybody."""

from __future__ import annotations

import math
from typing import Any, Literal, NamedTuple

from store.backends.base import Store
from store.backends.failures import drivers_errors
from store.backends.resources import ResourceInfo
from store.fetching.asking import Answer, Asking, Wanted, answered
from store.fetching.locator import Locator
from store.fetching.pinning import pinned, spelled
from store.integrity.digest import DigestsLike


class Recalled(NamedTuple):
    """What is known here of what a locator stands for.

    Attributes:
        locator: The locator, read.
        store: Who would be asked.
        state: ``known``; ``stale``: known, and to be asked again; ``unknown``; or ``unremembered``: asked
            each time, whatever is known.
        answer: What is known, or None.
    """

    locator: Locator
    store: Store[Any]
    state: Literal["known", "stale", "unknown", "unremembered"]
    answer: Answer | None


def known_here(
    asking: Asking, wanted: Wanted, *, allow_unverified: bool | None = None
) -> Answer | None:
    """Return what is wanted where that is known here, is to be believed, and costs next to nothing.

    Raises:
        StoreError: The locator cannot be read, or contradicts what is known.
    """
    locator, pins, store, query = asking.question(wanted, None, allow_unverified)
    if not store.needs_network or locator.member is not None:
        return None  # it may have to be read first, or unpacked
    metadata: ResourceInfo | None
    if store.asks_network(query):
        key, max_age = asking.remembering(store, query)
        believed = math.inf if asking.options.offline else max_age
        lasting = not asking.options.offline
        metadata = None
        if believed is not None:
            metadata = asking.resolutions.get(key, believed, lasting=lasting)
    else:
        with drivers_errors(store.name):
            metadata = store.resource_in(query)
    if metadata is None:
        return None
    metadata, left = pinned(metadata, pins, locator)
    if left:
        return None
    return Answer(locator, store, metadata, left, spelled(locator.query), remembered=True)


def recall(
    asking: Asking,
    wanted: Wanted,
    digest: DigestsLike = None,
    *,
    allow_unverified: bool | None = None,
) -> Recalled:
    """Find out what is wanted from what is known here; nobody is asked over the network.

    Raises:
        StoreError: The locator cannot be read, or its store, which needs no network, said no.
    """
    locator, pins, store, query = asking.question(wanted, digest, allow_unverified)
    state: Literal["known", "stale", "unknown", "unremembered"] = "known"
    asks = store.asks_network(query)
    age = store.resolution_max_age(query)
    if not asks and (age is None or age < 0):
        metadata = answered(store, query)
    else:
        key, max_age = asking.remembering(store, query)
        known = None if max_age is None else asking.resolutions.get(key, max_age, lasting=True)
        found = known or asking.resolutions.get(key, math.inf)
        if known is None:
            state = "unremembered" if max_age is None else "unknown" if found is None else "stale"
            state = state if asks else "known"
        if found is None and asks:
            return Recalled(locator, store, state, None)
        metadata = found or answered(store, query)
    metadata, left = pinned(metadata, pins, locator)
    answer = Answer(locator, store, metadata, left, spelled(locator.query), remembered=True)
    return Recalled(locator, store, state, answer)
