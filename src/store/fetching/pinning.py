"""Joins what a caller pinned with what a store says."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import Any

from store.addresses import public
from store.backends.known import KnownResource
from store.backends.resources import Digested, ResourceInfo, digests_of
from store.errors import IntegrityError
from store.fetching.locator import Locator
from store.integrity.digest import Digests, digests_from


def pinned(metadata: ResourceInfo, pins: Digests, locator: Locator) -> tuple[ResourceInfo, Digests]:
    """Join the caller's digests with the resource's own.

    Returns:
        The resource, and the pins that its own `verify` does not cover.

    Raises:
        IntegrityError: The store's digest of the resource is another one.
    """
    if not pins:
        return metadata, ()
    known = dict(digests_of(metadata))
    for pin in pins:
        if known.get(pin.algorithm, pin.hex) != pin.hex:
            found = f"{pin.algorithm}:{known[pin.algorithm]}"
            raise IntegrityError(
                f"{locator.text} is not what was pinned: expected {pin}, the store says {found}",
                expected=str(pin),
                found=found,
            )
    left = tuple(pin for pin in pins if pin.algorithm not in known)
    if left and isinstance(metadata, Digested) and known:
        joined = digests_from([*metadata.digests, *left], allow_weak=True)
        if isinstance(metadata, KnownResource):
            return metadata._replace(digests=joined), ()
        import attrs

        whole: Any = metadata
        with contextlib.suppress(TypeError):
            return attrs.evolve(whole, digests=joined), ()
    return metadata, left


def spelled(query: Mapping[str, Any]) -> str:
    """Return a query in its canonical spelling, without the secrets that an address may hold."""
    shown = {
        key: public(value) if isinstance(value, str) else value for key, value in query.items()
    }
    return json.dumps(shown, sort_keys=True, default=lambda value: type(value).__name__)
