"""Puts new items into the registry, a version each."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, Final

import attrs
import sqlalchemy as sa

from store.registry.attributes import Attribute
from store.registry.database import Database
from store.registry.keys import Name
from store.registry.prepared import Prepared
from store.registry.records import Entry
from store.registry.schema import ATTRS, PARAMS, attributes, heads, items
from store.registry.status import Status

_INSERT_ITEM: Final = Prepared(sa.insert(items).returning(items.c.id), Entry._fields[1:])
_ATTRIBUTE_NAMES: Final = ("item_id", "part", *Attribute._fields)
_INSERT_ATTRIBUTES: Final = Prepared(sa.insert(attributes), _ATTRIBUTE_NAMES)
_HEAD: Final = ("key", "last_version")


@attrs.frozen(kw_only=True)
class Draft:
    """An item before it has an id and a version.

    Attributes:
        name: What it is called.
        status: Its first status.
        filename: What its file is called.
        ext: Its suffix.
        label: A label, or None.
        created: When it was made, in microseconds since 1970 UTC.
        attributes: Its attributes.
        params: Its parameters, to be searched by.
        holder: Who writes it, or None.
        size: The size of its file in bytes, where it is published already.
        digest: The digest of that, as ``algorithm:hex``.
        published: Whether it has a file that is in place.
        pinned: Whether pruning passes it over.
    """

    name: Name
    status: Status
    filename: str
    ext: str
    label: str | None
    created: int
    attributes: Sequence[Attribute] = ()
    params: Sequence[Attribute] = ()
    holder: str | None = None
    size: int | None = None
    digest: str | None = None
    published: bool = False
    pinned: bool = False

    def rows(self) -> list[tuple[int, str, str, str, str]]:
        """Return attributes and parameters as (part, namespace, name, kind, value)."""
        return [
            (part, row.space, row.name, row.kind, row.value)
            for part, rows in ((ATTRS, self.attributes), (PARAMS, self.params))
            for row in rows
        ]


@functools.cache
def _next(insert: Any) -> Prepared:  # noqa: ANN401 - the dialect's own
    statement = insert(heads).on_conflict_do_update(
        index_elements=[heads.c.key], set_={"last_version": heads.c.last_version + 1}
    )
    return Prepared(statement.returning(heads.c.last_version), _HEAD)


@functools.cache
def _raise(insert: Any) -> Any:  # noqa: ANN401 - the dialect's own
    statement = insert(heads)
    return statement.on_conflict_do_update(
        index_elements=[heads.c.key],
        set_={"last_version": statement.excluded.last_version},
        where=heads.c.last_version < statement.excluded.last_version,
    )


def next_version(database: Database, connection: sa.Connection, key: str) -> int:
    """Return the next version of a key; it is nobody else's, whatever is removed."""
    values = {"key": key, "last_version": 1}
    found: int = _next(database.insert).first(connection, values)[0]
    return found


def raise_head(database: Database, connection: sa.Connection, key: str, version: int) -> None:
    """See to it that no version up to this one is given out for a key."""
    connection.execute(_raise(database.insert), {"key": key, "last_version": version})


def insert_item(connection: sa.Connection, draft: Draft, version: int) -> Entry:
    """Put an item into the registry, with its attributes.

    Args:
        connection: In a transaction that writes.
        draft: The item.
        version: Its version, from `next_version`.
    """
    values: dict[str, Any] = {
        "key": draft.name.key,
        "version": version,
        "status": int(draft.status),
        "before": None,
        "published": draft.published,
        "pinned": draft.pinned,
        "uri": draft.name.uri,
        "params": draft.name.params,
        "filename": draft.filename,
        "ext": draft.ext,
        "label": draft.label,
        "created": draft.created,
        "size": draft.size,
        "digest": draft.digest,
        "holder": draft.holder,
    }
    item_id: int = _INSERT_ITEM.first(connection, values)[0]
    for part, rows in ((ATTRS, draft.attributes), (PARAMS, draft.params)):
        insert_attributes(connection, item_id, part, rows)
    return Entry(item_id, **values)


def insert_attributes(
    connection: sa.Connection, item_id: int, part: int, rows: Sequence[Attribute]
) -> None:
    """Put attributes of an item that has none of these names into the registry."""
    if rows:
        _INSERT_ATTRIBUTES.many(
            connection,
            [dict(zip(_ATTRIBUTE_NAMES, (item_id, part, *row), strict=True)) for row in rows],
        )
