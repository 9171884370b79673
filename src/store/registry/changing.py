"""Changes and removes the items that filters mean."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Unpack

import sqlalchemy as sa

from store.errors import ResourceNotFoundError
from store.registry.discarding import CHUNK, Discarding
from store.registry.filtering import NEWEST, Asked, Versions, checked, filters_of
from store.registry.filters import Filters
from store.registry.item import CacheItem
from store.registry.keys import key_of
from store.registry.records import Entry, microseconds_of, moment_of
from store.registry.status import Status, StatusesLike, StatusLike, status_of
from store.registry.updating import apply, changes_of


class Changing(Discarding):
    """What changes and removes items of a registry."""

    def item(self, entry: Entry) -> CacheItem:
        """Return the object of a row."""
        return CacheItem(self, entry)

    def update(
        self,
        uri: str | None = None,
        params: Mapping[str, Any] | None = None,
        *,
        update: Mapping[str, Any] | None = None,
        all: bool = False,  # noqa: A002 - what is meant
        **asked: Unpack[Asked],
    ) -> int:
        """Change all items that the filters mean; every filter counts.

        Args:
            uri: See `search`.
            params: See `search`.
            update: What to change: ``status``, ``label``, ``filename``, ``date``, ``pinned``, ``last_read``,
                ``read_count``, …; ``attrs`` is a mapping of attributes, each of which replaces the one of its
                name; any other name is an attribute, too, unless it is a slip of a field's (``staus``).
            all: Say that no filter is meant.
            asked: See `search`.

        Returns:
            How many items were changed.

        Raises:
            RefusedError: There is no filter, and ``all`` was not said.
            QueryError: A filter or field cannot be read.
            TypeError: A value cannot be written down.
            StatusError: One of them may not move to the status that is asked for.
        """
        filters = checked(filters_of(asked, uri, params), everything=all)
        given = update or {}
        changes_of(given, self.now())  # refused before anything is looked for
        entries = self.entries(filters)
        self.change(entries, given)
        return len(entries)

    def update_status(
        self,
        uri: str | None = None,
        params: Mapping[str, Any] | None = None,
        version: Versions = NEWEST,
        status: StatusLike = Status.READY,
        key: str | None = None,
    ) -> int:
        """Move versions of one item to a status; READY publishes their files.

        Args:
            uri: The item's URI.
            params: Its parameters; None is none.
            version: Which versions; -1 is the newest, None all.
            status: The status to move to.
            key: The item's key, in place of URI and parameters.

        Returns:
            How many were moved.

        Raises:
            StatusError: One of them may not move so.
        """
        wanted = status_of(status)
        entries = self._versions(uri, params, version, key)
        for entry in entries:
            self.move(entry, wanted)
        return len(entries)

    def ready(
        self,
        uri: str | None = None,
        params: Mapping[str, Any] | None = None,
        version: Versions = NEWEST,
        key: str | None = None,
    ) -> int:
        """Publish versions of one item: see `update_status`."""
        return self.update_status(uri, params, version, Status.READY, key)

    def failed(
        self,
        uri: str | None = None,
        params: Mapping[str, Any] | None = None,
        version: Versions = NEWEST,
        key: str | None = None,
    ) -> int:
        """Mark versions of one item as failed: see `update_status`."""
        return self.update_status(uri, params, version, Status.FAILED, key)

    def update_date(  # noqa: PLR0917 - the seed's signature
        self,
        uri: str | None = None,
        params: Mapping[str, Any] | None = None,
        version: Versions = NEWEST,
        status: StatusesLike | None = None,
        key: str | None = None,
        newdate: str | dt.datetime | None = None,
        datefield: str = "date",
    ) -> int:
        """Set a date of versions of one item.

        Args:
            uri: The item's URI.
            params: Its parameters; None is none.
            version: Which versions; -1 is the newest, None all.
            status: Only those of these statuses.
            key: The item's key, in place of URI and parameters.
            newdate: The date; None is now.
            datefield: ``date``, ``last_read`` or ``last_search``, else an attribute of that name.

        Returns:
            How many were changed.
        """
        entries = self._versions(uri, params, version, key, status)
        moment = moment_of(self.now() if newdate is None else _microseconds(newdate))
        self.change(entries, {datefield: moment})
        return len(entries)

    def change(self, entries: Sequence[Entry], update: Mapping[str, Any]) -> None:
        """Change fields and attributes of items, and move them where a status is among the changes."""
        changes = changes_of(update, self.now())
        for start in range(0, len(entries), CHUNK):
            some = entries[start : start + CHUNK]

            def work(connection: sa.Connection, some: Sequence[Entry] = some) -> None:
                """Change this chunk; bound now, since the loop goes on."""
                apply(self.database, connection, some, changes)

            self.database.write(work, relaxed=not self.durable)
            for entry in self.entries(Filters(ids=_ids(some), include_removed=True)):
                if changes.status is not None:
                    self.move(entry, changes.status)
                elif entry.status in {Status.READY, Status.TRASH}:
                    self.keep_sidecar(entry)

    def remove(
        self,
        uri: str | None = None,
        params: Mapping[str, Any] | None = None,
        *,
        disk: bool = False,
        keep_record: bool = True,
        all: bool = False,  # noqa: A002 - what is meant
        **asked: Unpack[Asked],
    ) -> int:
        """Put all items that the filters mean into the trash; every filter counts.

        Args:
            uri: See `search`.
            params: See `search`.
            disk: Remove their files as well: nothing is left to restore.
            keep_record: Keep their records; without them the items are gone altogether, files included.
            all: Say that no filter is meant.
            asked: See `search`.

        Returns:
            How many items were removed.

        Raises:
            RefusedError: There is no filter, and ``all`` was not said.
            QueryError: A filter cannot be read.
        """
        filters = checked(filters_of(asked, uri, params), everything=all)
        entries = self.entries(filters)
        self.discard(entries, disk=disk, keep_record=keep_record)
        return len(entries)

    def restore(
        self,
        uri: str | None = None,
        params: Mapping[str, Any] | None = None,
        *,
        all: bool = False,  # noqa: A002 - what is meant
        **asked: Unpack[Asked],
    ) -> int:
        """Take all items that the filters mean out of the trash, as what they were.

        Returns:
            How many came back.

        Raises:
            RefusedError: There is no filter, and ``all`` was not said.
            QueryError: A filter cannot be read.
        """
        filters = checked(filters_of(asked, uri, params), everything=all)
        trash = [one for one in self._of_status(filters, Status.TRASH) if one.before is not None]
        for entry in trash:
            CacheItem(self, entry).restore()
        return len(trash)

    def _versions(
        self,
        uri: str | None,
        params: Mapping[str, Any] | None,
        version: Versions,
        key: str | None,
        status: StatusesLike | None = None,
    ) -> list[Entry]:
        wanted = key_of(uri, params) if key is None else key
        found = self.entries(filters_of({"key": wanted, "version": version, "status": status}))
        if not found:
            raise ResourceNotFoundError(
                f"there is no such version of {uri or wanted}: search for what there is",
                query={"uri": uri, "key": wanted, "version": version},
            )
        return found

    def _of_status(self, filters: Filters, status: Status) -> list[Entry]:
        import attrs

        return self.entries(attrs.evolve(filters, statuses=frozenset({status})))


def _ids(entries: Sequence[Entry]) -> frozenset[int]:
    return frozenset(entry.id for entry in entries)


def _microseconds(value: str | dt.datetime) -> int:
    from store.registry.fields import moment_from

    return microseconds_of(value) if isinstance(value, dt.datetime) else moment_from(value)
