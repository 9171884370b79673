"""What the registry writes for one item, by hand and without a registry."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from itertools import count
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from store.registry.schema import metadata

_HEAD = (
    "INSERT INTO registry_heads VALUES (?, 1)"
    " ON CONFLICT (key) DO UPDATE SET last_version = last_version + 1 RETURNING last_version"
)
_ITEM = (
    "INSERT INTO registry_items (key, version, status, published, pinned, uri, params, filename, ext,"
    " created) VALUES (?, ?, 1, 0, 0, ?, '[]', ?, '', 0) RETURNING id"
)
_ATTRIBUTE = "INSERT INTO registry_attributes VALUES (?, 0, '', ?, ?, ?, ?, ?)"
_READY = (
    "UPDATE registry_items SET status = 3, published = 1, size = 4, digest = ?, holder = NULL"
    " WHERE id = ? AND status = 1"
)
_DIGEST = f"sha256:{'0' * 64}"


def bare(scratch: Path) -> Callable[[], object]:
    """Return a function that makes an item READY: the same rows, files, fsyncs and commits.

    It neither checks nor hashes anything, knows no statuses, and serves one process and thread alone.
    """
    root = scratch / "bare"
    (root / "partial").mkdir(parents=True)
    (root / "files").mkdir()
    connection = _database(root / "rows.sqlite")
    numbers = count()

    def write() -> None:
        number = next(numbers)
        key = f"{number:064x}"
        partial, shelf = root / "partial" / f"{key}-1", root / "files"
        connection.execute("PRAGMA synchronous = normal")
        connection.execute("BEGIN IMMEDIATE")
        version = connection.execute(_HEAD, (key,)).fetchone()[0]
        values = (key, version, f"new:{number}", f"{number}")
        item = connection.execute(_ITEM, values).fetchone()[0]
        connection.executemany(
            _ATTRIBUTE,
            [
                (item, "project", "str", "alpha", "alpha", None),
                (item, "batch", "int", "1", "1", 1.0),
            ],
        )
        connection.execute("COMMIT")
        with partial.open("wb") as file:
            file.write(b"data")
            file.flush()
            os.fsync(file.fileno())
        sidecar = root / "partial" / f"{key}.json"
        sidecar.write_text(json.dumps({"key": key, "digest": _DIGEST, "attributes": ["x" * 300]}))
        sidecar.rename(shelf / f"{key}-1.json")
        partial.rename(shelf / f"{key}-1")
        directory = os.open(shelf, os.O_RDONLY)
        os.fsync(directory)
        os.close(directory)
        connection.execute("PRAGMA synchronous = full")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(_READY, (_DIGEST, item))
        connection.execute("COMMIT")

    return write


def _database(path: Path) -> sqlite3.Connection:
    """Return a database with the tables and indexes of the registry, so that a row costs the same."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = wal")
    engine = sa.create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    metadata.create_all(engine)
    return connection
