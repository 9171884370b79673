"""Removes items: into the trash, from the disk, or without a trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from store.registry.moving import Moving
from store.registry.records import Entry
from store.registry.schema import attributes, items, uses
from store.registry.status import Status

CHUNK: Final = 500
"""How many items are changed by one statement."""


class Discarding(Moving):
    """What removes items of a registry."""

    def discard(self, entries: Sequence[Entry], *, disk: bool, keep_record: bool) -> None:
        """Remove items: into the trash, from the disk, or without a trace.

        What goes is marked first, then the files go, then the records.
        """
        wanted = Status.DELETED if disk or not keep_record else Status.TRASH
        gone = [entry for entry in entries if entry.status != Status.DELETED]
        moved = [
            self.move(entry, wanted)
            for entry in gone
            if entry.status not in {wanted, Status.DELETED}
        ]
        if wanted is Status.DELETED:
            self.remove_files([*moved, *(one for one in entries if one not in gone)])
        if not keep_record:
            self.forget(entries)

    def forget(self, entries: Sequence[Entry]) -> None:
        """Drop the records of items whose files are gone; their versions are never given out again."""
        for start in range(0, len(entries), CHUNK):
            ids = [entry.id for entry in entries[start : start + CHUNK]]

            def work(connection: sa.Connection, ids: list[int] = ids) -> None:
                """Delete this chunk's rows, the items' last; bound now, since the loop goes on."""
                for column in (attributes.c.item_id, uses.c.item_id, items.c.id):
                    connection.execute(sa.delete(column.table).where(column.in_(ids)))

            self.database.write(work, relaxed=not self.durable)

    def put_back(self, marked: Entry, entry: Entry) -> None:
        """Undo a mark: the item turned out to be in use."""
        statement = (
            sa.update(items)
            .where(items.c.id == marked.id, items.c.status == marked.status)
            .values(status=entry.status, before=entry.before)
        )
        self.database.write(lambda connection: connection.execute(statement).rowcount)
        self.keep_sidecar(entry)
