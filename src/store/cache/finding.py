"""Finds an owned file by digests alone, whatever uid brought it."""

from __future__ import annotations

import os
from collections.abc import Iterator

from store.cache.layout import Address, Layout
from store.files.names import safe_name
from store.integrity.digest import Digests


def candidates(layout: Layout, digests: Digests, name: str | None) -> Iterator[str]:
    """Go through the paths that may have these digests, the one of the wanted name first.

    Weak digests name nothing: a file is not found by them alone.
    """
    for digest in digests:
        if digest.weak:
            continue
        directory = layout.directory(digest)
        wanted = None if name is None else layout.file(Address(digest, safe_name(name)))
        if wanted is not None:
            yield wanted
        try:
            siblings = sorted(os.listdir(directory))  # noqa: PTH208 - names, not paths
        except OSError:
            continue
        for sibling in siblings:
            path = layout.file(Address(digest, sibling))
            if path != wanted:
                yield path
