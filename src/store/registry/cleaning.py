"""Keeps a registry clean and within its bounds, and takes others in."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any, Unpack

import sqlalchemy as sa

from store.errors import RefusedError, StoreError
from store.files.failures import free_bytes
from store.registry.filtering import Asked
from store.registry.filters import Filters
from store.registry.pruning import Limits, Pruned, bytes_of, prune, remove_unused
from store.registry.putting import Putting
from store.registry.schema import items
from store.registry.status import Status
from store.registry.sweeping import fileless, outdated, remove_orphans

if TYPE_CHECKING:
    from store.registry.database import Rebuilt
    from store.registry.transferring import Imported

log = logging.getLogger(__name__)

_OFTEN = 64
"""Into how many parts a budget is divided: after each that was added, it is looked at again."""


class Cleaning(Putting):
    """What keeps a registry clean."""

    _unseen = 0
    _seen = False

    @property
    def free_space(self) -> int:
        """The bytes that are free on the disk of the files."""
        return free_bytes(self.places.root) or 0

    def does_it_fit(self, size: int) -> bool:
        """Return whether so many bytes are free."""
        return size <= self.free_space

    def autoclean(self) -> int:
        """Keep the newest READY version of each key, and what is pinned, in use or being written.

        Everything else goes without a trace (the trash, too, and a key's only item where it is not READY),
        and so does whatever lies in the directory without a record. A newer version that crashed while it
        was written never costs the last READY one.

        Returns:
            How many items were removed.
        """
        used = self.leases.in_use()
        going = [entry for entry in outdated(self) if entry.version_id not in used]
        gone = [entry for entry in going if entry.current is Status.DELETED]
        self.discard(gone, disk=True, keep_record=False)
        removed, _ = remove_unused(self, [entry for entry in going if entry not in gone])
        self.clean_disk()
        return len(gone) + len(removed)

    def clean_db(self) -> int:
        """Drop the records whose file is gone, but for those that never had one, being metadata alone.

        Returns:
            How many records were dropped.
        """
        going = fileless(self)
        self.discard(going, disk=True, keep_record=False)
        return len(going)

    def clean_disk(self) -> int:
        """Remove the files that no record speaks of; only what bears the name of an item is looked at.

        Returns:
            How many files were removed.
        """
        return remove_orphans(self)

    def take_over(self) -> int:
        """Mark as FAILED what was being written by processes that are dead.

        Returns:
            How many items that were.
        """
        writing = self.entries(Filters(statuses=frozenset({Status.WRITE})))
        dead = [one for one in writing if not self.leases.is_alive(one.holder)]
        for entry in dead:
            self.move(entry, Status.FAILED)
        return len(dead)

    def prune(
        self,
        *,
        older_than: float | None = None,
        unused_for: float | None = None,
        versions: int | None = None,
        max_count: int | None = None,
        max_bytes: int | None = None,
        min_free: int | None = None,
        dry_run: bool = False,
        where: str | None = None,
    ) -> Pruned:
        """Remove what the limits leave no room for, what was used least recently first.

        What is pinned, being written, or in use by a living process stays.

        Args:
            older_than: Remove what was made so many seconds ago.
            unused_for: Remove what was not read for so many seconds.
            versions: Leave so many versions of each key.
            max_count: Leave so many items.
            max_bytes: Leave so many bytes.
            min_free: Leave so many bytes free on the disk.
            dry_run: Only say what would go.
            where: Only what this search means may go.

        Raises:
            QueryError: The search cannot be read, or a limit is no number from 0.
        """
        limits = Limits(
            older_than=older_than,
            unused_for=unused_for,
            versions=versions,
            max_count=max_count,
            max_bytes=max_bytes,
            min_free=min_free,
        )
        return prune(self, limits, asked={"where": where}, dry_run=dry_run)

    def check_budget(self, size: int) -> None:
        """Refuse a file that ``max_bytes`` has no room for, whatever else were removed.

        Raises:
            RefusedError: It is larger than that, or than what is pinned leaves of it.
        """
        limit = self.options.max_bytes
        if limit is None or (self._seen and self._unseen + size < limit // _OFTEN):
            return
        fixed = 0 if size > limit or bytes_of(self) + size <= limit else bytes_of(self, pinned=True)
        if fixed + size > limit:
            beside = f", of which pinned items take {fixed}" if fixed else ""
            raise RefusedError(
                f"a file of {size} bytes does not fit into {self.database.where}, which may take {limit}"
                f" bytes{beside}: allow more with max_bytes, or unpin something",
                limit=limit,
            )

    def keep_budget(self, added: int) -> None:
        """Prune where the files have outgrown ``max_bytes`` or ``min_free``; best effort."""
        limit, least = self.options.max_bytes, self.options.min_free
        if (limit is None and least is None) or self.database.held_batch() is not None:
            return
        self._unseen += added
        if least is None and limit is not None:
            if self._seen and self._unseen < limit // _OFTEN:
                return
            self._seen, self._unseen = True, 0
            if bytes_of(self) <= limit:
                return
        try:
            self.prune(max_bytes=limit, min_free=least)
        except StoreError as error:
            log.warning("the budget of %s is not kept: %s", self.database.where, error)

    def rebuild(self) -> Rebuilt:
        """Make the registry anew of files and sidecars; the old one is moved aside.

        Raises:
            RegistryError: It cannot be moved or made.
        """
        return self.database.rebuild()

    def import_from(self, path: str | os.PathLike[str]) -> Imported:
        """Take in the items of another registry, or of a directory of ``cachedir`` (cache-manager).

        Versions are kept where they are free. What was imported already is passed over.

        Args:
            path: The directory; it is only read.

        Raises:
            RegistryError: There is none that can be read.
        """
        from store.registry.importing import import_from

        return import_from(self, path)

    def export_to(self, path: str | os.PathLike[str], **asked: Unpack[Asked]) -> int:
        """Copy items with their files into another registry, which is made where there is none.

        Args:
            path: Its directory.
            asked: See `search`; nothing is everything that is READY.

        Returns:
            How many items were copied; those that cannot be are left behind, and logged.

        Raises:
            StorageError: There is no registry in that directory, and none can be made.
        """
        from store.registry.exporting import export_to

        return export_to(self, path, asked).taken

    def stats(self) -> dict[str, Any]:
        """Return ``items``, ``keys``, ``bytes``, ``free`` and how many there are of each status, by name."""
        query = sa.select(items.c.status, sa.func.count()).group_by(items.c.status)
        keys = sa.select(sa.func.count(items.c.key.distinct()))

        def work(connection: sa.Connection) -> tuple[dict[str, int], int]:
            """Count both in one transaction, so that they fit together."""
            counts = {Status(row[0]).name: row[1] for row in connection.execute(query)}
            return counts, connection.execute(keys).scalar_one()

        counts, number = self.database.read(work)
        return {
            "items": sum(counts.values()),
            "keys": number,
            "bytes": bytes_of(self),
            "free": self.free_space,
            "statuses": counts,
        }
