"""Finds items: the best version, by key, by attributes, by search."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any, Final, Unpack

import sqlalchemy as sa

from store.registry.equalities import entries_of, equalities_of, ids_of
from store.registry.filtering import Asked, Moment, filters_of
from store.registry.filters import Filters
from store.registry.item import CacheItem
from store.registry.keys import key_of
from store.registry.opened import Opened
from store.registry.prepared import Prepared
from store.registry.query import select
from store.registry.records import ENTRY, Entry, entry_from, entry_of, entry_of_version, moment_of
from store.registry.schema import items, uses
from store.registry.status import Status, StatusesLike, statuses_of
from store.registry.uses import Use

_BEST: Final = Prepared(
    ENTRY.where(items.c.key == sa.bindparam("key"), items.c.status == sa.bindparam("status"))
    .order_by(items.c.version.desc())
    .limit(1)
)
_USES: Final = sa.select(uses.c.item_id, uses.c.last_read, uses.c.reads)


class Finding(Opened, abc.ABC):
    """What finds items in a registry. Nothing here writes."""

    @abc.abstractmethod
    def item(self, entry: Entry) -> CacheItem:
        """Return the object of a row."""

    def best(
        self,
        uri: str | None = None,
        params: Mapping[str, Any] | None = None,
        status: StatusesLike | None = Status.READY,
        newer_than: Moment = None,
        older_than: Moment = None,
        *,
        key: str | None = None,
    ) -> CacheItem | None:
        """Return the newest version of one item, or None.

        Args:
            uri: The item's URI.
            params: Its parameters; None is none.
            status: What the version may be; None is anything but removed.
            newer_than: Only versions made after.
            older_than: Only versions made before.
            key: The item's key, in place of URI and parameters.

        Raises:
            QueryError: An argument cannot be read.
            TypeError: A parameter cannot be written down.
            RegistryError: The registry cannot be read.
        """
        wanted = key_of(uri, params) if key is None else key
        statuses = statuses_of(status)
        if (
            statuses is None
            or len(statuses) != 1
            or newer_than is not None
            or older_than is not None
        ):
            asked = Asked(
                key=wanted,
                status=status,
                newer_than=newer_than,
                older_than=older_than,
                order="-version",
                limit=1,
            )
            entry = next(iter(self.entries(filters_of(asked))), None)
        else:
            values = {"key": wanted, "status": int(next(iter(statuses)))}
            row = self.database.read(lambda connection: _BEST.first(connection, values))
            entry = entry_from(row)
        if entry is None:
            return None
        self.usage.found((entry.id,))
        return self.item(entry)

    def search(
        self,
        uri: str | None = None,
        params: Mapping[str, Any] | None = None,
        **asked: Unpack[Asked],
    ) -> list[CacheItem]:
        """Return the items that all of the filters mean, in the order they were made.

        Args:
            uri: Their URI. Without ``params`` those with any parameters are meant.
            params: Their parameters, exactly; ``{}`` is none.
            asked: ``status`` (one or several; None is all but removed), ``version`` (one or several; -1 is
                the newest of each key), ``newest`` (the same), ``newer_than`` and ``older_than``, ``ext``,
                ``label``, ``filename``, ``key``, ``attrs`` (see `store.registry.spellings`), ``where`` (see
                `store.registry.language`), ``include_removed``, ``ids``, ``order`` (names, ``-`` before one
                descends), ``limit``, ``offset``.

        Raises:
            QueryError: A filter cannot be read.
            TypeError: A parameter cannot be written down.
            RegistryError: The registry cannot be read.
        """
        filters = filters_of(asked, uri, params)
        found = self.entries(filters)
        self.usage.found(entry.id for entry in found)
        return [self.item(entry) for entry in found]

    def by_attrs(self, attrs: Mapping[str, Any]) -> set[int]:
        """Return the ids of the items that have attributes: see `store.registry.spellings`.

        Of no attributes at all the answer is empty.

        Raises:
            QueryError: A name or value cannot be read.
            RegistryError: The registry cannot be read.
        """
        filters = filters_of({"attrs": attrs})
        if not filters.terms:
            return set()

        plain = equalities_of(filters)
        if plain is not None:
            return self.database.read(lambda connection: ids_of(connection, plain))

        def work(connection: sa.Connection) -> set[int]:
            """Ask for the ids alone, by a query of these filters."""
            query = select(filters, self.database, connection, what=sa.select(items.c.id))
            return set(connection.execute(query).scalars())

        return self.database.read(work)

    def by_key(self, key: str, version: int) -> CacheItem | None:
        """Return one version of a key, removed or not, or None.

        Raises:
            RegistryError: The registry cannot be read.
        """
        entry = self.database.read(lambda connection: entry_of_version(connection, key, version))
        return None if entry is None else self.item(entry)

    def by_id(self, item_id: int) -> CacheItem | None:
        """Return the item of an id, removed or not, or None.

        Raises:
            RegistryError: The registry cannot be read.
        """
        entry = self.database.read(lambda connection: entry_of(connection, item_id))
        return None if entry is None else self.item(entry)

    def contents(self) -> dict[str, dict[str, Any]]:
        """Return all items, and all files that bear the name of none, by version id.

        Returns:
            For each: ``status``, ``fname`` (the name of the file that it should have), ``last_read``,
            ``read_count``, ``item`` and ``disk_fname`` (the name of the file there is, or None); of a file
            without an item ``disk_fname`` and ``item`` (None) alone.

        Raises:
            RegistryError: The registry cannot be read.
        """
        found: dict[str, dict[str, Any]] = {}
        self.flush()
        used = self.database.read(lambda connection: dict(map(_use, connection.execute(_USES))))
        for entry in self.entries(Filters(include_removed=True)):
            item = self.item(entry)
            last_read, reads = used.get(entry.id, (None, 0))
            found[entry.version_id] = {
                "status": entry.current,
                "fname": item.cache_fname,
                "last_read": moment_of(last_read),
                "read_count": reads,
                "item": item,
                "disk_fname": None,
            }
        shelved = () if self.remote is None else (one.named for one in self.remote.walk())
        for one in [*self.places.walk_partial(), *self.places.walk(), *shelved]:
            if not one.sidecar:
                row = found.setdefault(f"{one.key}-{one.version}", {"item": None})
                row["disk_fname"] = one.path.name
        return found

    def use(self, item_id: int) -> Use:
        """Return when an item was used, what waits to be written down included."""
        query = sa.select(uses.c.reads, uses.c.searches, uses.c.last_read, uses.c.last_search)
        row = self.database.read(
            lambda connection: connection.execute(query.where(uses.c.item_id == item_id)).first()
        )
        kept, waiting = Use(*row) if row else Use(), self.usage.of(item_id)
        return Use(
            kept.reads + waiting.reads,
            kept.searches + waiting.searches,
            waiting.last_read or kept.last_read,
            waiting.last_search or kept.last_search,
        )

    def __len__(self) -> int:
        """Return how many items there are, removed ones too."""
        count = sa.select(sa.func.count()).select_from(items)
        found: int = self.database.read(lambda connection: connection.execute(count).scalar_one())
        return found

    def __bool__(self) -> bool:
        """Return True: an empty registry is one, too."""
        return True

    def entries(self, filters: Filters) -> list[Entry]:
        """Return the rows that filters mean."""
        plain = equalities_of(filters)
        if plain is not None:
            return self.database.read(lambda connection: entries_of(connection, plain))

        def work(connection: sa.Connection) -> list[Entry]:
            """Ask for the rows, by a query of these filters."""
            query = select(filters, self.database, connection)
            return [Entry(*row) for row in connection.execute(query)]

        return self.database.read(work)


def _use(row: Any) -> tuple[int, tuple[int | None, int]]:  # noqa: ANN401 - a row of uses
    item_id, last_read, reads = row
    return item_id, (last_read, reads)
