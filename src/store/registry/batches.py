"""What a batch has published, and is still to write down."""

from __future__ import annotations

import attrs

from store.registry.records import Entry


@attrs.define
class Batch:
    """What is done at the end of a batch, and not before.

    Attributes:
        published: The files that were published, to be brought to the disk at once: key and version by path.
        notes: The sidecars that are to be written, by key and version; None is one to be removed.
        gone: Items whose files are to be removed once that is certain.
        shelves: The directories that were looked at, and lie where they seem to.
    """

    published: dict[str, tuple[str, int]] = attrs.field(factory=dict)
    notes: dict[tuple[str, int], str | None] = attrs.field(factory=dict)
    gone: list[Entry] = attrs.field(factory=list)
    shelves: set[str] = attrs.field(factory=set)
