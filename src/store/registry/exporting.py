"""Copies items into another registry, to be carried away."""

from __future__ import annotations

import os
from pathlib import Path

import attrs

from store.registry.filtering import Asked, filters_of
from store.registry.making import Making
from store.registry.status import Status
from store.registry.transferring import Imported, copy_items


def export_to(source: Making, path: str | os.PathLike[str], asked: Asked) -> Imported:
    """Copy items into a registry in a directory, made also where there are none: see `Cache.export_to`.

    Raises:
        QueryError: A filter cannot be read.
        StorageError: There is no registry in that directory, and none can be made.
    """
    filters = filters_of(asked)
    if filters.statuses is None:
        filters = attrs.evolve(filters, statuses=frozenset({Status.READY}))
    options = attrs.evolve(
        source.options,
        root=os.fspath(Path(path).absolute()),
        url=None,
        bucket=None,
        objects=None,
        read_only=False,
        max_bytes=None,
        min_free=None,
    )
    target = type(source).opened_by(options)
    try:
        target.database.write(lambda _: None)
        return copy_items(source, target, filters)
    finally:
        target.close()
