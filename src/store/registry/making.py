"""Makes items that are to be written, for one writer at a time."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from store.errors import LockTimeoutError
from store.registry.attributes import rows_of
from store.registry.changing import Changing
from store.registry.creating import Draft, insert_item, next_version
from store.registry.filtering import Asked, Moment, filters_of
from store.registry.filters import Filters
from store.registry.item import CacheItem
from store.registry.keys import name_of
from store.registry.places import ext_of, filename_of
from store.registry.query import select
from store.registry.records import ENTRY, Entry
from store.registry.schema import items
from store.registry.status import Status, StatusesLike, StatusLike, status_of
from store.registry.values import is_clean

FLIGHT_TIMEOUT: Final = 60.0
"""How long another's writing is waited for where nobody says otherwise, in seconds."""

_FIRST_PAUSE: Final = 0.005
_LONGEST_PAUSE: Final = 0.1
"""How long a waiting caller sleeps between two looks, in seconds."""

_STARTED: Final = frozenset({Status.UNINITIALIZED, Status.WRITE})
"""What somebody is going to write: his lease stands in the row."""

_WRITING: Final = ENTRY.where(
    items.c.key == sa.bindparam("key"), items.c.status == int(Status.WRITE)
)


class _Tried(NamedTuple):
    """What came of a try: an item, or whom to wait for."""

    entry: Entry
    made: bool = False
    busy: bool = False


class Making(Changing):
    """What makes items of a registry."""

    def create(  # noqa: PLR0917 - the seed's signature
        self,
        uri: str | None = None,
        params: Mapping[str, Any] | None = None,
        attrs: Mapping[str, Any] | None = None,
        status: StatusLike = Status.UNINITIALIZED,
        ext: str | None = None,
        label: str | None = None,
        filename: str | None = None,
    ) -> CacheItem:
        """Make a new version of an item.

        Args:
            uri: A canonical identifier; with ``params`` it is what the item is called.
            params: Parameters; other ones are another item. They are searched as ``params.name``.
            attrs: Attributes; a dictionary in them is a namespace.
            status: Its first status. READY makes an item of metadata alone, which needs no file.
            ext: The suffix of its file; None takes the file name's.
            label: A label of your choice.
            filename: What the file is called; None takes the last segment of the URI.

        Returns:
            The item; `CacheItem.path` says where to write.

        Raises:
            QueryError: The status is unknown, or a name cannot be read; nothing was made.
            TypeError: A parameter or attribute cannot be written down.
            LockTimeoutError: Another wrote to the registry for too long.
            RegistryError: The registry cannot be written to.
        """
        draft = self._draft(uri, params, attrs, status_of(status), ext, label, filename)

        def work(connection: sa.Connection) -> Entry:
            """Take the next version and insert it, while nobody else writes under the key."""
            self.database.hold(connection, draft.name.key)
            version = next_version(self.database, connection, draft.name.key)
            return insert_item(connection, draft, version)

        relaxed = draft.status is Status.WRITE or not self.durable
        return self._made(self.database.write(work, relaxed=relaxed))

    def best_or_new(  # noqa: PLR0917 - the seed's signature
        self,
        uri: str | None = None,
        params: Mapping[str, Any] | None = None,
        status: StatusesLike | None = Status.READY,
        newer_than: Moment = None,
        older_than: Moment = None,
        attrs: Mapping[str, Any] | None = None,
        ext: str | None = None,
        label: str | None = None,
        new_status: StatusLike = Status.WRITE,
        filename: str | None = None,
        *,
        timeout: float = FLIGHT_TIMEOUT,
    ) -> CacheItem:
        """Return the newest version of an item, or a new one to be written: to one caller among many.

        Of all threads, processes and machines that ask for one item at a time exactly one gets the writable
        item; the others wait until it is READY, and get that. Where the writer fails or dies, one of those
        who wait takes over, with a version of its own. A version whose file was taken away counts as none.

        Args:
            uri: See `create`.
            params: See `create`.
            status: What a version may be to be returned; None is anything but removed.
            newer_than: Only a version made after.
            older_than: Only a version made before.
            attrs: See `create`; for the new item only, as the rest.
            ext: See `create`.
            label: See `create`.
            new_status: The status of the new item.
            filename: See `create`.
            timeout: How long another's writing is waited for, in seconds.

        Raises:
            QueryError: An argument cannot be read; nothing was made.
            TypeError: A parameter or attribute cannot be written down.
            LockTimeoutError: Another is still writing; ``holder`` says who.
            RegistryError: The registry cannot be written to.
        """
        draft = self._draft(uri, params, attrs, status_of(new_status), ext, label, filename)
        asked = Asked(
            key=draft.name.key,
            status=status,
            newer_than=newer_than,
            older_than=older_than,
            order="-version",
            limit=1,
        )
        filters = filters_of(asked)
        end = self.clock.monotonic() + timeout
        while True:
            found = next(iter(self.entries(filters)), None)
            if found is not None and not self._lacks_its_file(found):
                self.usage.found((found.id,))
                return self.item(found)
            tried = self._tried(draft, filters)
            if tried.made:
                return self._made(tried.entry)
            if not tried.busy:
                return self.item(tried.entry)
            self._await(tried.entry, end, timeout)

    def _tried(self, draft: Draft, filters: Filters) -> _Tried:
        """Find the item, or make it, or say who is writing it, in one transaction."""

        def work(connection: sa.Connection) -> _Tried:
            """Look and make while nobody else writes under the key."""
            self.database.hold(connection, draft.name.key)
            # Who writes is asked for first: whoever becomes READY meanwhile is found after that.
            writing = connection.execute(_WRITING, {"key": draft.name.key}).all()
            row = connection.execute(select(filters, self.database)).first()
            if row is not None and not self._lacks_its_file(Entry(*row)):
                return _Tried(Entry(*row))
            for entry in (Entry(*one) for one in writing):
                if self.leases.is_alive(entry.holder) or not self._abandon(connection, entry):
                    return _Tried(entry, busy=True)
            version = next_version(self.database, connection, draft.name.key)
            return _Tried(insert_item(connection, draft, version), made=True)

        return self.database.write(work, relaxed=draft.status is Status.WRITE)

    def _lacks_its_file(self, entry: Entry) -> bool:
        """Whether the file of an item was taken away behind our back; one in a bucket is not asked for."""
        if not entry.published or self.remote is not None or entry.status != Status.READY:
            return False
        return not os.path.lexists(self.places.published(entry.key, entry.version, entry.ext))

    def _abandon(self, connection: sa.Connection, entry: Entry) -> bool:
        """Let an item whose writer is dead be FAILED, so that the writer, if it lives, cannot publish it.

        Returns:
            Whether it was still being written.
        """
        statement = (
            sa.update(items)
            .where(items.c.id == entry.id, items.c.status == entry.status)
            .values(status=int(Status.FAILED), holder=None)
        )
        return connection.execute(statement).rowcount == 1

    def _await(self, entry: Entry, end: float, timeout: float) -> None:
        """Return when an item is no longer being written, or its writer is dead.

        Raises:
            LockTimeoutError: The time is over.
        """
        pause = _FIRST_PAUSE
        while True:
            now = self.entry(entry)
            if now is None or now.status != Status.WRITE or not self.leases.is_alive(now.holder):
                return
            left = end - self.clock.monotonic()
            if left <= 0:
                holder = self.leases.described(now.holder)
                raise LockTimeoutError(
                    f"{entry.version_id} is being written by {holder} for longer than {timeout:g} seconds:"
                    " wait until it ends, or allow more time",
                    path=entry.version_id,
                    holder=holder,
                )
            spread = random.uniform(0.5, 1.0)  # noqa: S311 - keeps waiters apart, hides nothing
            self.clock.sleep(min(left, pause * spread))
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _draft(  # noqa: PLR0917 - in the order of `create`
        self,
        uri: str | None,
        params: Mapping[str, Any] | None,
        attrs: Mapping[str, Any] | None,
        status: Status,
        ext: str | None,
        label: str | None,
        filename: str | None,
    ) -> Draft:
        name = name_of(uri, params)
        file = filename_of(name.uri, filename, name.key[:16])
        return Draft(
            name=name,
            status=status,
            filename=file,
            ext=ext_of(file, ext),
            label=label,
            created=self.now(),
            attributes=rows_of(attrs),
            params=rows_of(_texts(params)),
            holder=self.leases.holder() if status in _STARTED else None,
        )

    def _made(self, entry: Entry) -> CacheItem:
        if entry.status == Status.READY:
            self.keep_sidecar(entry)
        else:
            self.make_room_to_write()
        return self.item(entry)


def _texts(params: Mapping[Any, Any] | None) -> dict[str, Any]:
    """Return the parameters that can be searched by: those whose names are texts."""
    return {
        name: value
        for name, value in (params or {}).items()
        if type(name) is str and name and is_clean(name)
    }


def basename(path: str | os.PathLike[str]) -> str:
    """Return the last component of a path, as text."""
    return os.path.basename(os.fspath(path))  # noqa: PTH119 - text
