"""A cache backend that keeps each entry as an item of the registry."""

from __future__ import annotations

import logging
import os
from typing import Any, Final

import sqlalchemy as sa

from store.cache.backends.base import DEFAULT_TIMEOUT, Cache
from store.cache.backends.codec import MISS, decode, encode
from store.cache.opening import directory_of, options_from
from store.errors import StoreError
from store.files.names import derived_name
from store.records import Provenance
from store.registry.creating import Draft, insert_item, next_version
from store.registry.filters import Filters
from store.registry.keys import Name, name_of
from store.registry.manager import Cache as Registry
from store.registry.places import filename_of
from store.registry.prepared import Prepared
from store.registry.records import Entry
from store.registry.schema import attributes, items
from store.registry.status import Status
from store.registry.updating import apply, changes_of
from store.registry.values import is_clean

log = logging.getLogger(__name__)

SPACE: Final = "cache"
"""The namespace of what the cache remembers; its name `ENTRY` holds the entry."""

ENTRY: Final = "entry"

LABEL: Final = "cache"
"""The label of the items that are entries of a cache."""

_LOOK_UP: Final = Prepared(
    sa.select(attributes.c.value, attributes.c.kind)
    .join(items, items.c.id == attributes.c.item_id)
    .where(
        items.c.key == sa.bindparam("key"),
        items.c.status == int(Status.READY),
        attributes.c.part == 0,
        attributes.c.space == SPACE,
        attributes.c.name == ENTRY,
    )
    .order_by(items.c.version.desc())
    .limit(1)
)


class RegistryCache(Cache):
    """Remembers entries as items of the registry in ``registry/`` below ``cache_dir``.

    What a store fetches can so be searched: an item has what `record` is told (driver, query, origin,
    digests) as attributes, size and digest as its own. Its file is the cache's, and lies in its content. One
    that is damaged is healed from sidecars; one that is locked, full or read-only costs a miss.

    Args:
        cache_configuration: A mapping (or None); see `Cache`.

    Attributes:
        cache_dir: The cache's directory, absolute (str).
    """

    def __init__(self, cache_configuration: Any = None) -> None:  # noqa: ANN401 - e3-core's signature
        super().__init__(cache_configuration)
        self.cache_dir = str(directory_of(cache_configuration))
        self._durability = options_from(cache_configuration).get("durability", "full")
        self._opened: Registry | None = None

    @property
    def registry(self) -> Registry:
        """The registry that the entries lie in, opened when first asked for."""
        if self._opened is None:
            root = f"{self.cache_dir}/registry"
            there = os.path.isdir(root)  # noqa: PTH112 - text
            self._opened = Registry(
                root,
                read_only=there and not os.access(root, os.W_OK),
                durability=self._durability,
                clock=self.clock,
            )
        return self._opened

    def get(self, uid: str, default: Any = None) -> Any:  # noqa: ANN401 - any value was set
        """Return the value of a uid, or ``default`` where there is none or it has expired."""
        values = {"key": _name(uid).key}
        try:
            row = self.registry.database.read(lambda connection: _LOOK_UP.first(connection, values))
        except StoreError as error:
            log.warning("the entry of %.100r cannot be read: %s", uid, error)
            return default
        if row is None or row[1] != "str":
            return default
        value = decode(row[0], uid, self.clock.now(), self.cache_dir)
        return default if value is MISS else value

    def set(self, uid: str, value: Any, timeout: float = DEFAULT_TIMEOUT) -> bool:  # noqa: ANN401
        """Remember a value for ``timeout`` seconds (`NEVER`: for good).

        Returns:
            Whether it is remembered: False where it is no plain data (see `cache.backends.codec`) or cannot
            be written, which is logged.
        """
        text = encode(uid, value, self.get_expiry_time(timeout), self.cache_dir)
        if text is None:
            return False
        try:
            self._update(uid, {SPACE: {ENTRY: text}})
        except (StoreError, OSError) as error:
            log.warning("the entry of %.100r is not remembered: %s", uid, error)
            return False
        return True

    def delete(self, uid: str) -> None:
        """Forget a uid; nothing happens where it is not known. No content is touched."""
        self._forget(Filters(key=_name(uid).key, include_removed=True))

    def clear(self) -> None:
        """Forget all uids. No content is touched, nor any item that is no entry."""
        self._forget(Filters(label=LABEL, include_removed=True))

    def record(self, uid: str, provenance: Provenance) -> None:
        """Keep where an entry came from, to be searched by."""
        digest = next((one for one in provenance.digests if one.startswith("sha256:")), None)
        told = {
            "driver": provenance.driver,
            "query": provenance.query,
            "origin": provenance.origin,
            "digests": list(provenance.digests),
        }
        try:
            self._update(uid, told, size=provenance.size, digest=digest)
        except (StoreError, OSError) as error:
            log.warning("the origin of %.100r is not remembered: %s", uid, error)

    def close(self) -> None:
        """Close the registry and give the lease back; the cache may be used again."""
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()
        super().close()

    def _update(self, uid: str, told: dict[str, Any], **columns: Any) -> None:  # noqa: ANN401
        """Set attributes, and columns, of the item of a uid, which is made where there is none."""
        registry, name = self.registry, _name(uid)
        changes = changes_of({"attrs": told}, registry.now())

        def work(connection: sa.Connection) -> Entry:
            """Find the item or make it, and change it, while nobody else writes under its key."""
            registry.database.hold(connection, name.key)
            entry = _found(connection, name.key)
            if entry is None:
                version = next_version(registry.database, connection, name.key)
                entry = insert_item(connection, _draft(name, registry.now()), version)
            apply(registry.database, connection, [entry], changes)
            if columns:
                statement = sa.update(items).where(items.c.id == entry.id).values(**columns)
                connection.execute(statement)
            return entry._replace(**columns)

        entry = registry.database.write(work, relaxed=not registry.durable)
        registry.keep_sidecar(entry)

    def _forget(self, filters: Filters) -> None:
        try:
            entries = [one for one in self.registry.entries(filters) if one.label == LABEL]
            self.registry.discard(entries, disk=True, keep_record=False)
        except (StoreError, OSError) as error:
            log.warning("entries of %s cannot be forgotten: %s", self.cache_dir, error)


def _name(uid: str) -> Name:
    """Return what the item of a uid is called; any text is a legal uid."""
    spelled = uid if is_clean(uid) else f"derived:{derived_name(uid)}"
    return name_of(f"uid:{spelled}")


def _draft(name: Name, now: int) -> Draft:
    return Draft(
        name=name,
        status=Status.READY,
        filename=filename_of("", None, name.key[:16]),
        ext="",
        label=LABEL,
        created=now,
    )


def _found(connection: sa.Connection, key: str) -> Entry | None:
    from store.registry.records import ENTRY as SELECT

    statement = SELECT.where(items.c.key == key, items.c.status == int(Status.READY))
    row = connection.execute(statement.order_by(items.c.version.desc()).limit(1)).first()
    return None if row is None else Entry(*row)
