"""What a batch has published, and is still to write down."""

from __future__ import annotations

from typing import NamedTuple

import attrs

from store.registry.records import Entry


class Note(NamedTuple):
    """What is to stand in a sidecar."""

    text: str
    """JSON in one line."""
    has_file: bool
    """Whether the item has a file that is in place."""


@attrs.define
class Batch:
    """What is done at the end of a batch, and not before.

    Attributes:
        published: The files that were published, to be brought to the disk at once: key and version by path.
        notes: The sidecars that are to be written, by key and version; None is one to be removed.
        journal: The path of what stands for its sidecars, once it is written.
        gone: Items whose files are to be removed once that is certain.
        shelves: The directories that were looked at, and lie where they seem to.
    """

    published: dict[str, tuple[str, int]] = attrs.field(factory=dict)
    notes: dict[tuple[str, int], Note | None] = attrs.field(factory=dict)
    journal: str | None = None
    gone: list[Entry] = attrs.field(factory=list)
    shelves: set[str] = attrs.field(factory=set)
