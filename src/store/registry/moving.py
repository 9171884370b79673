"""Moves items from status to status, by compare-and-set."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Iterator, Sequence
from typing import Any, Final

import sqlalchemy as sa

from store.errors import StatusError, StoreError
from store.files.atomic import rename
from store.registry.batches import Note
from store.registry.creating import Draft
from store.registry.finding import Finding
from store.registry.journals import journals
from store.registry.prepared import Prepared
from store.registry.publishing import check_written, move_in_place, remove_files, seal
from store.registry.records import Entry, all_rows, attribute_rows, now_of
from store.registry.schema import ATTRS, items
from store.registry.sidecars import remove_sidecar, sidecar_text, write_sidecar
from store.registry.status import REMOVED, Status, may_move
from store.registry.tidying import tidy

_MOVE: Final = sa.update(items).where(
    items.c.id == sa.bindparam("item_id"),
    items.c.key == sa.bindparam("item_key"),
    items.c.version == sa.bindparam("item_version"),
    items.c.status == sa.bindparam("expected"),
)

_PUBLISHED: Final = Prepared(
    sa.select(items.c.id).where(items.c.published, items.c.status != int(Status.DELETED)).limit(1)
)
"""Finds one item that has a file."""


class Moving(Finding):
    """What moves items of a registry, and their files with them."""

    def entry(self, known: Entry) -> Entry | None:
        """Return an item's row as it is now, or None where it is gone."""
        return self.database.read(lambda connection: now_of(connection, known))

    def attributes(self, item_id: int, part: int = ATTRS) -> list[tuple[str, str, str, str]]:
        """Return an item's attributes as rows of (namespace, name, kind, value)."""
        return self.database.read(lambda connection: attribute_rows(connection, item_id, part))

    def hand_out(self, entry: Entry, *, read: bool) -> Entry:
        """Note that an item's file is in use from now on, and whether it was read.

        Returns:
            The item as it is now that no cleaning takes it any more; DELETED where one was quicker.
        """
        noted = self.leases.hand_out(entry.version_id)
        if read:
            self.usage.read(entry.id)
        if noted:
            entry = self.entry(entry) or entry._replace(status=Status.DELETED)
        if self.remote is not None and entry.published and entry.status != Status.DELETED:
            self.remote.bring(entry)
        return entry

    def move(self, entry: Entry, wanted: Status) -> Entry:
        """Move an item from the status it has to another; READY publishes what was written.

        Args:
            entry: The item as it is known; only from this status it is moved.
            wanted: The status to arrive at.

        Returns:
            The item as it is now.

        Raises:
            StatusError: It may not move so, or is no longer what it was known as.
            RegistryError: The file or the registry cannot be written.
        """
        before = None if entry.before is None else Status(entry.before)
        if not may_move(entry.current, wanted, before):
            raise _illegal(entry, entry.current, wanted)
        if entry.current == wanted:
            return self._unchanged(entry, wanted)
        changed: dict[str, Any] = {"status": int(wanted), "before": None, "holder": None}
        if wanted is Status.READY and not entry.published and entry.current is not Status.TRASH:
            return self._publish(entry, changed)
        if wanted in REMOVED:
            changed["before"] = entry.before if entry.current in REMOVED else entry.status
        if wanted is Status.WRITE:
            changed |= {"holder": self.leases.holder(), "published": False}
            self.make_room_to_write()
        moved = self._set(entry, changed)
        self.keep_sidecar(moved)
        return moved

    def _publish(self, entry: Entry, changed: dict[str, Any]) -> Entry:
        partial = self.places.partial(entry.key, entry.version, entry.ext)
        if entry.current is Status.UNINITIALIZED and not os.path.lexists(partial):
            moved = self._set(entry, changed)  # metadata alone
            self.keep_sidecar(moved)
            return moved
        if not os.path.lexists(partial):
            self._unchanged(entry, Status.READY)  # another may have moved it, and the file with it
            check_written(self.places, entry)
        batch = self.database.held_batch()
        with self._unless_overtaken(entry, partial):
            sealed = seal(partial, durable=self.durable and batch is None)
            self.check_budget(sealed.size)
            changed |= {"published": True, "size": sealed.size, "digest": sealed.digest}
            target = self.places.published(entry.key, entry.version, entry.ext)
            if batch is not None and target not in batch.published and os.path.lexists(target):
                self._refuse_to_replace(entry)
            self.keep_sidecar(entry._replace(**changed))
            self.move_in_place(partial, target)
        try:
            self.upload(target, sealed.digest)
            moved = self._set(entry, changed)
        except BaseException:
            # Another took it over meanwhile: the file bears this version's name, so nobody else has it.
            self.remove_files([entry])
            raise
        if batch is not None:
            batch.published[target] = entry.key, entry.version
        self.keep_budget(sealed.size)
        return moved

    @contextlib.contextmanager
    def _unless_overtaken(self, entry: Entry, partial: str) -> Iterator[None]:
        """Say so where another publishes the item meanwhile, which takes the file away.

        Raises:
            StatusError: It does.
        """
        try:
            yield
        except StoreError:
            if os.path.lexists(partial):
                raise
            raise _illegal(entry, Status.READY, Status.READY) from None

    def _refuse_to_replace(self, entry: Entry) -> None:
        """Refuse to publish an item anew in a batch, whose failure would leave the old row with the new file.

        Raises:
            StatusError: It was published before the batch began.
        """
        before = self.database.apart(lambda connection: now_of(connection, entry))
        if before is not None and before.published:
            raise StatusError(
                f"{entry.version_id} had a file before the batch began, which cannot replace it: write it"
                " outside of a batch, or as a new version",
                item=entry.version_id,
                current=entry.current.name,
                wanted="READY",
            )

    def _set(self, entry: Entry, changed: dict[str, Any]) -> Entry:
        statement = _move(frozenset(changed))
        relaxed = changed["status"] in {Status.WRITE, Status.FAILED} or not self.durable
        item = {"item_id": entry.id, "item_key": entry.key, "item_version": entry.version}
        values = {**item, "expected": entry.status, **changed}

        def work(connection: sa.Connection) -> Entry | None:
            """Change the row, or return what has become of it where another changed it first."""
            if statement.changed(connection, values) == 1:
                return None
            return now_of(connection, entry) or entry._replace(status=Status.DELETED)

        found = self.database.write(work, relaxed=relaxed)
        if found is not None:
            raise _illegal(entry, found.current, Status(changed["status"]))
        return entry._replace(**changed)

    def _unchanged(self, entry: Entry, wanted: Status) -> Entry:
        found = self.entry(entry)
        if found is None or found.status != entry.status:
            raise _illegal(entry, Status.DELETED if found is None else found.current, wanted)
        return found

    def make_room_to_write(self) -> None:
        """Make the directory that items are written to."""
        self.places.make_writing(durable=self.durable)

    def check_budget(self, size: int) -> None:
        """Refuse a file that no pruning would make room for; see `store.registry.cleaning`."""

    def keep_budget(self, added: int) -> None:
        """Make room where the files have outgrown what they may take; see `store.registry.pruning`."""

    def keep_sidecar(self, entry: Entry, draft: Draft | None = None) -> None:
        """Write down beside the files what the registry knows of an item, or remove what stood there.

        Args:
            entry: The item.
            draft: What it was made of a moment ago, so that the registry need not be asked.
        """
        text = None
        if draft is not None:
            text = sidecar_text(entry, draft.rows())
        elif entry.status in {Status.READY, Status.TRASH} or (
            entry.published
            and entry.status == Status.FAILED  # else its file would be found nameless
        ):
            rows = self.database.read(lambda connection: all_rows(connection, entry.id))
            text = sidecar_text(entry, rows)
        batch = self.database.held_batch()
        if batch is not None:
            note = None if text is None else Note(text, has_file=entry.published)
            batch.notes[entry.key, entry.version] = note
        elif text is None:
            self.drop_sidecar(entry.key, entry.version)
        else:
            write_sidecar(self.places, entry.key, entry.version, text, durable=self.durable)
            self.upload(self.places.sidecar(entry.key, entry.version))

    def move_in_place(self, source: str, target: str) -> None:
        """Rename a sealed file to where it is published, once `keep_sidecar` was called for it."""
        batch = self.database.held_batch()
        if batch is None:
            # Beside the sidecar, which was looked at.
            move_in_place(source, target, durable=self.durable)
            return
        shelf = os.path.dirname(target)  # noqa: PTH120 - text
        if shelf in batch.shelves:
            rename(source, target)
            return
        self.places.check(target)
        move_in_place(source, target, durable=False)
        batch.shelves.add(shelf)

    def drop_sidecar(self, key: str, version: int) -> None:
        """Remove what stands beside the files of an item, if anything does."""
        remove_sidecar(self.places, key, version)
        if self.remote is not None:
            self.remote.remove([self.places.sidecar(key, version)])

    def local(self, entry: Entry) -> str:
        """Return the path of an item's published file, which is brought here where it lies in a bucket."""
        if self.remote is not None:
            return self.remote.bring(entry)
        return self.places.published(entry.key, entry.version, entry.ext)

    def upload(self, path: str, digest: str | None = None) -> None:
        """Put a file of ours into the bucket, where the files lie in one."""
        if self.remote is not None:
            self.remote.upload(path, digest)

    def tidy_journals(self) -> int:
        """Remove the journals of which nothing counts any more, while no batch writes another.

        Returns:
            How many were removed.
        """
        if not journals(self.places):
            return 0
        return self.database.write(lambda _: tidy(self.places), relaxed=True)

    def remove_files(self, entries: Sequence[Entry]) -> None:
        """Remove the files of items that are marked as gone, in a batch at its end."""
        batch = self.database.held_batch()
        if batch is not None:
            batch.gone += entries
            return
        remove_files(self.places, entries)
        if os.path.lexists(self.places.journals) and not self.database.read(_has_files):
            self.tidy_journals()
        if self.remote is not None:
            self.remote.remove(
                path
                for one in entries
                for path in (
                    self.places.published(one.key, one.version, one.ext),
                    self.places.sidecar(one.key, one.version),
                )
            )


def _has_files(connection: sa.Connection) -> bool:
    return _PUBLISHED.first(connection, {}) is not None


@functools.cache
def _move(columns: frozenset[str]) -> Prepared:
    """Return the compare-and-set that changes these columns."""
    return Prepared(_MOVE.values({name: sa.bindparam(name) for name in sorted(columns)}))


def _illegal(entry: Entry, current: Status, wanted: Status) -> StatusError:
    return StatusError(
        f"{entry.version_id} is {current.name} and cannot become {wanted.name}"
        + (": another changed it meanwhile" if current != entry.status else ""),
        item=entry.version_id,
        current=current.name,
        wanted=wanted.name,
    )
