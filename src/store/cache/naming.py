"""Lasting names that lead to owned files, whatever digest they have."""

from __future__ import annotations

import contextlib
import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from store.cache.content import Content
from store.cache.layout import Layout
from store.cache.quarantine import clear_way, made_way, obstacle
from store.errors import StorageError
from store.files.placing import link_over

log = logging.getLogger(__name__)

_ALONE = 1
"""The number of links of a file that the content no longer has."""


def give_name(content: Content, kept: str, name: str) -> bool:
    """Make a path below ``aged/`` another name of an owned file, in one step; what lay there goes.

    It is a hard link: the bytes are there once, and the path leads to a regular file. The file stays the
    cache's, which may prune it; then the name is swept (`nameless`).

    Args:
        content: Who owns the file.
        kept: Where the file lies, checked just now.
        name: The path that is to lead to it.

    Returns:
        Whether it does. It cannot where there are no hard links, or the cache cannot be written to.
    """
    if leads_to(name, kept):
        return True
    clear_way(content.layout, name, content.clock)
    durable = content.durability == "full"
    try:
        linked = link_over(kept, name, durable=durable)
    except StorageError as error:
        log.debug("%s gets no lasting name: %s", kept, error)
        linked = made_way(content.layout, name, content.clock) and _linked_at_last(kept, name)
    if linked:
        content.linked(kept)
    return linked


def leads_to(name: str, kept: str) -> bool:
    """Whether a path is a name of an owned file itself, and no link that leads to it."""
    try:
        one, other = os.lstat(name), os.lstat(kept)
    except OSError:
        return False
    return stat.S_ISREG(one.st_mode) and os.path.samestat(one, other)


def nameless(layout: Layout) -> Iterator[Path]:
    """Go through what lies below ``aged/`` and leads to no owned file any more: names and their records.

    On disk it is ``aged/v1/<key>/<name>`` beside ``aged/v1/<key>.json``.
    """
    top = layout.aged.rstrip("/")
    if obstacle(layout, layout.aged):
        return
    with contextlib.suppress(OSError):
        for entry in sorted(os.scandir(top), key=lambda one: one.name):
            directory = entry.path.removesuffix(".json")
            if not _holds_an_owned_file(directory):
                yield Path(entry.path)


def _linked_at_last(kept: str, name: str) -> bool:
    try:
        return link_over(kept, name)
    except StorageError as error:
        log.debug("%s gets no lasting name: %s", kept, error)
        return False


def _holds_an_owned_file(directory: str) -> bool:
    try:
        return any(
            one.is_file(follow_symlinks=False) and one.stat(follow_symlinks=False).st_nlink > _ALONE
            for one in list(os.scandir(directory))
        )
    except OSError:
        return False
