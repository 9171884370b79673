"""Puts a verified file where the caller wants it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from store.backends.destinations import claim, leaving_no_directory, refuse_inside
from store.backends.resources import ResourceInfo, filename_of, uid_of
from store.backends.telling import label_of
from store.cache.content import Content


class Delivery(NamedTuple):
    """Where a caller wants the file, other than in the cache.

    Attributes:
        directory: The directory it is to lie in; made if missing.
        name: What it is to be called; None keeps the resource's name.
        link: Place it by a hard link where that is possible.
        claims: The uid that each path was given to so far, where several resources are placed together:
            a second one for the same path is refused.
    """

    directory: str
    name: str | None = None
    link: bool = False
    claims: dict[str, str] | None = None


def place_cached(content: Content, metadata: ResourceInfo, path: str, delivery: Delivery) -> str:
    """Put a verified file where the caller wants it, and return that path.

    Args:
        content: The cache's files, which it may be one of.
        metadata: What it is.
        path: Where it lies.
        delivery: Where it is wanted.

    Raises:
        RefusedError: Another resource was just given that path, or it lies in the cache.
        StorageError: It cannot be placed there.
    """
    from store.files.names import safe_name
    from store.files.placing import place
    from store.files.sweeping import SWEEPER

    name = delivery.name or safe_name(filename_of(metadata) or Path(path).name)
    refuse_inside(content.layout.root, delivery.directory)
    target = Path(delivery.directory) / name
    claim(delivery.claims, target, uid_of(metadata), label_of(metadata))
    with leaving_no_directory(delivery.directory):
        SWEEPER.sweep(delivery.directory)
        place(path, target, link=delivery.link, durable=content.durability == "full")
    if delivery.link and content.owns(path):
        content.linked(path)
    return str(target)
