"""Brings a registry of an older schema up to the present one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from store.errors import RegistryError
from store.registry.database import Rebuilt
from store.registry.engines import journal_mode, sqlite_engine
from store.registry.failures import DamagedError, registry_errors
from store.registry.schema import APPLICATION_ID, VERSION, handed, metadata

Fill = Callable[[sa.Connection], Rebuilt]
"""Fills an empty registry from what lies on the disk."""


def _to_the_second(connection: sa.Connection) -> None:
    """Add what readers were handed."""
    handed.create(connection)


STEPS: Final[Mapping[int, Callable[[sa.Connection], None]]] = {1: _to_the_second}
"""What leads from each version to the next."""


def check_version(found: int, where: str) -> None:
    """Refuse a schema that is newer than we are.

    Raises:
        RegistryError: It is.
    """
    if found > VERSION:
        raise RegistryError(
            f"the registry {where} was made by a newer release (schema {found}, and {VERSION} is known"
            " here): install the newer one; nothing was changed",
            path=where,
        )


def version_of(engine: sa.Engine, where: str) -> int | None:
    """Return the version of the schema of a registry in SQLite; None of a file that is none of ours.

    Args:
        engine: Of the file.
        where: What it is called in messages.

    Raises:
        RegistryError: It cannot be read, or is newer than we are.
    """
    try:
        with registry_errors(where), engine.connect() as connection:
            application = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
            version: int = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
    except (DamagedError, UnicodeDecodeError):  # the message may quote damaged bytes
        return None
    if application != APPLICATION_ID:
        return None
    check_version(version, where)
    return version


def migrate(
    connection: sa.Connection,
    found: int,
    *,
    steps: Mapping[int, Callable[[sa.Connection], None]] = STEPS,
    wanted: int = VERSION,
) -> None:
    """Make the tables where there are none, else go step by step to the present schema.

    Args:
        connection: In the transaction that it is all to happen in.
        found: The version that is there; 0 is none.
        steps: What leads from each version to the next.
        wanted: The version to arrive at.
    """
    if not found:
        metadata.create_all(connection)
        return
    for version in range(found, wanted):
        steps[version](connection)


def bring_up(path: Path, fill: Fill | None, *, busy_timeout: float) -> Rebuilt | None:
    """Bring the schema of an SQLite file up to date, and fill it, in one transaction.

    Args:
        path: The file; it is made where it is to be filled.
        fill: Fills the registry; None leaves it as it is.
        busy_timeout: How long another's write is waited for, in seconds.

    Returns:
        What came of the filling, where there was any.
    """
    rebuilt = None
    engine = sqlite_engine(
        path, read_only=False, busy_timeout=busy_timeout, create=fill is not None
    )
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA journal_mode = {journal_mode(path.parent)}")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            # Asked here, not read from the file: its first page may still lie in the journal.
            migrate(connection, connection.exec_driver_sql("PRAGMA user_version").scalar_one())
            if fill is not None:
                rebuilt = fill(connection)
            connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.exec_driver_sql(f"PRAGMA user_version = {VERSION}")
            connection.commit()
            with contextlib.suppress(*(() if fill else (sa.exc.DBAPIError,))):
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        engine.dispose()
    return rebuilt
