"""Opens the database that a registry lies in."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import QueuePool

from store.addresses import public
from store.cache.examining import grain_of
from store.errors import ConfigurationError
from store.integrity.stamp import LOCAL_GRAIN_NS
from store.registry.prepared import driver_of

_STATEMENTS: Final = 256
"""How many prepared statements a connection keeps."""


def sqlite_engine(
    path: Path, *, read_only: bool, busy_timeout: float, create: bool = False
) -> sa.Engine:
    """Return the engine of a registry in a file; nothing is opened yet.

    Args:
        path: The file.
        read_only: Open it for reading alone.
        busy_timeout: How long another's write is waited for, in seconds.
        create: Make the file where there is none.
    """
    mode = "ro" if read_only else "rwc" if create else "rw"
    return sa.create_engine(
        "sqlite+pysqlite://",
        creator=lambda: _connected(path, mode, busy_timeout),
        poolclass=QueuePool,
        pool_size=8,
        max_overflow=-1,
    )


def postgresql_engine(url: str) -> sa.Engine:
    """Return the engine of a registry on a server; nothing is opened yet.

    Raises:
        ConfigurationError: The address is none of PostgreSQL, or the driver is not installed.
    """
    parsed = checked_url(url)
    try:
        return sa.create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            pool_size=8,
            max_overflow=32,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": 10,
                "application_name": "store registry",
            },
            isolation_level="READ COMMITTED",
        )
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "a registry on PostgreSQL needs the package psycopg: pip install"
            " 'pluggable-store[postgres]'",
            key="url",
        ) from error


def checked_url(url: str) -> URL:
    """Return the parts of a registry's address.

    Raises:
        ConfigurationError: It is no address of a PostgreSQL database.
    """
    try:
        parsed = make_url(url)
    except (sa.exc.ArgumentError, ValueError, TypeError) as error:
        raise ConfigurationError(
            "the registry's url cannot be read: write postgresql://user@host/database", key="url"
        ) from error
    if parsed.get_backend_name() not in {"postgresql", "postgres"}:
        raise ConfigurationError(
            f"{public(url)!r} is no address of PostgreSQL: write postgresql://user@host/database, or"
            " give a path for SQLite",
            key="url",
        )
    return parsed


def journal_mode(directory: Path) -> str:
    """Return how SQLite is to journal there: ``wal`` on a local disk, else ``delete``.

    Source: https://sqlite.org/wal.html, "WAL does not work over a network filesystem".
    """
    return "wal" if grain_of(directory.stat().st_dev) <= LOCAL_GRAIN_NS else "delete"


def address_of(path: Path, mode: str = "ro", *, immutable: bool = False) -> str:
    """Return the address by which SQLite opens a file, for reading alone where no other mode is said."""
    return f"file:{quote(os.fsencode(path))}?mode={mode}{'&immutable=1' if immutable else ''}"


def _connected(path: Path, mode: str, busy_timeout: float) -> sqlite3.Connection:
    options: dict[str, Any] = {
        "timeout": busy_timeout,
        "isolation_level": None,
        "check_same_thread": False,
        "cached_statements": _STATEMENTS,
    }
    if mode == "ro":
        return _reading(path, options)
    connection: sqlite3.Connection = sqlite3.connect(address_of(path, mode), uri=True, **options)
    try:
        connection.execute("PRAGMA synchronous = FULL")
        # What a savepoint of a batch keeps goes to a file of its own otherwise, an eighth of an item's cost.
        connection.execute("PRAGMA temp_store = MEMORY")
    except BaseException:
        connection.close()
        raise
    return connection


def _reading(path: Path, options: dict[str, Any]) -> sqlite3.Connection:
    connection: sqlite3.Connection = sqlite3.connect(address_of(path), uri=True, **options)
    try:
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()
    except sqlite3.OperationalError:
        # A journal would have to be made beside it; without one nobody is writing.
        connection.close()
        connection = sqlite3.connect(address_of(path, immutable=True), uri=True, **options)
    connection.execute("PRAGMA query_only = ON")
    return connection


def begin_writing(connection: sa.Connection, *, relaxed: bool) -> None:
    """Begin a transaction of SQLite that has the write lock from its beginning.

    Args:
        connection: A connection that has done nothing yet.
        relaxed: Whether a power cut may take it back.
    """
    level = "NORMAL" if relaxed else "FULL"
    if connection.info.get("synchronous") != level:
        driver_of(connection).execute(f"PRAGMA synchronous = {level}")
        connection.info["synchronous"] = level
    driver_of(connection).execute("BEGIN IMMEDIATE")
