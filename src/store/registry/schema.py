"""The tables of the registry, one description for SQLite and PostgreSQL.

Times are whole microseconds since 1970 UTC, sizes are bytes. Tables:

``registry_heads``       the last version that was given out for each key, which no removal takes back
``registry_items``       one row an item: a version of a key
``registry_attributes``  one row for each item, part (0 attributes, 1 parameters), namespace and name
``registry_uses``        when an item was last read and found; best effort
``registry_handed``      on PostgreSQL, which files the living processes were handed, by their leases
``registry_meta``        what the registry says of itself (on PostgreSQL the version of this schema)
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

VERSION: Final = 2
"""The version of this schema; SQLite keeps it as ``user_version``."""

APPLICATION_ID: Final = 0x53746F72
"""What marks an SQLite file as ours (``Stor``), as its ``application_id``."""

ATTRS: Final = 0
"""The part of an attribute's row that says that it is one."""

PARAMS: Final = 1
"""The part of an attribute's row that says that it is a parameter of the item's name."""

metadata: Final = sa.MetaData()


def _text() -> sa.types.TypeEngine[str]:
    # Compared byte by byte on both, whatever the server's own language is.
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _serial() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


heads: Final = sa.Table(
    "registry_heads",
    metadata,
    sa.Column("key", _text(), primary_key=True),
    sa.Column("last_version", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)

items: Final = sa.Table(
    "registry_items",
    metadata,
    sa.Column("id", _serial(), primary_key=True),
    sa.Column("key", _text(), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("status", sa.SmallInteger, nullable=False),
    sa.Column("before", sa.SmallInteger),
    sa.Column("published", sa.Boolean, nullable=False),
    sa.Column("pinned", sa.Boolean, nullable=False),
    sa.Column("uri", _text(), nullable=False),
    sa.Column("params", _text(), nullable=False),
    sa.Column("filename", _text(), nullable=False),
    sa.Column("ext", _text(), nullable=False),
    sa.Column("label", _text()),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("size", sa.BigInteger),
    sa.Column("digest", _text()),
    sa.Column("holder", _text()),
    sa.UniqueConstraint("key", "version", name="registry_items_versions"),
    sa.CheckConstraint("status between -2 and 3", name="registry_items_statuses"),
    sqlite_autoincrement=True,
)
# By hash on PostgreSQL, whose ordered indexes take no long texts.
sa.Index("registry_items_uris", items.c.uri, postgresql_using="hash")
sa.Index("registry_items_digests", items.c.digest)
sa.Index(
    "registry_items_writing",
    items.c.key,
    sqlite_where=items.c.status == 1,
    postgresql_where=items.c.status == 1,
)

attributes: Final = sa.Table(
    "registry_attributes",
    metadata,
    sa.Column("item_id", _serial(), primary_key=True, autoincrement=False),
    sa.Column("part", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("space", _text(), primary_key=True),
    sa.Column("name", _text(), primary_key=True),
    sa.Column("kind", _text(), nullable=False),
    sa.Column("value", _text(), nullable=False),
    sa.Column("short", _text(), nullable=False),
    sa.Column("number", sa.Double),
    sqlite_with_rowid=False,
)
_is_number: Final = attributes.c.number.is_not(None)
_is_none: Final = attributes.c.number.is_(None)
sa.Index(
    "registry_attributes_numbers",
    attributes.c.name,
    attributes.c.space,
    attributes.c.part,
    attributes.c.number,
    sqlite_where=_is_number,
    postgresql_where=_is_number,
)
sa.Index(
    "registry_attributes_texts",
    attributes.c.name,
    attributes.c.space,
    attributes.c.part,
    attributes.c.short,
    sqlite_where=_is_none,
    postgresql_where=_is_none,
)

uses: Final = sa.Table(
    "registry_uses",
    metadata,
    sa.Column("item_id", _serial(), primary_key=True, autoincrement=False),
    sa.Column("last_read", sa.BigInteger),
    sa.Column("reads", sa.Integer, nullable=False),
    sa.Column("last_search", sa.BigInteger),
    sa.Column("searches", sa.Integer, nullable=False),
)

handed: Final = sa.Table(
    "registry_handed",
    metadata,
    sa.Column("holder", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("name", _text(), primary_key=True),
    sqlite_with_rowid=False,
)

meta: Final = sa.Table(
    "registry_meta",
    metadata,
    sa.Column("name", _text(), primary_key=True),
    sa.Column("value", _text(), nullable=False),
)
