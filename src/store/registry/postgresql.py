"""A registry on a PostgreSQL server, for many machines."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql

from store.addresses import public
from store.errors import RegistryError
from store.registry.carrying import tell_anew
from store.registry.database import Database, Rebuilt
from store.registry.engines import postgresql_engine
from store.registry.failures import registry_errors
from store.registry.migrations import check_version, migrate
from store.registry.schema import VERSION, meta

_SCHEMA_LOCK: Final = 0x53746F72
"""What is locked while tables are made or migrated: one number for all registries of a server."""

_VERSION: Final = "schema"
"""The name under which ``registry_meta`` has the schema's version."""

Fill = Callable[[sa.Connection], Rebuilt]
"""Fills an empty registry from what lies on the disk."""


class PostgresqlDatabase(Database):
    """A registry in the tables ``registry_*`` of a database.

    Writers of one key wait for each other by an advisory lock that ends with the transaction; readers wait
    for nobody.

    Args:
        url: The database; a secret may stand in it.
        fill: Fills an empty registry.
        read_only: Write nothing at all.
        busy_timeout: How long another's write is waited for, in seconds.
    """

    def __init__(self, url: str, fill: Fill, *, read_only: bool, busy_timeout: float) -> None:
        self._url = url
        self._fill = fill
        self._read_only = read_only
        self._timeout = busy_timeout
        self._reading: sa.Engine | None = None
        super().__init__(public(url))

    @staticmethod
    def insert(table: sa.Table) -> postgresql.Insert:
        """Return PostgreSQL's own insert."""
        return postgresql.insert(table)

    def like(self, column: Any, pattern: str) -> sa.ColumnElement[bool]:  # noqa: ANN401 - any column
        """Return a LIKE, which tells cases apart here."""
        return column.like(pattern, escape="\\")  # type: ignore[no-any-return]

    def hold(self, connection: sa.Connection, key: str) -> None:
        """Let nobody else write under a key until the transaction ends."""
        connection.execute(_HOLD, {"number": number_of(key)})

    def rebuild(self) -> Rebuilt:
        """Make anew what files and sidecars tell, in one transaction; what only the tables tell stays.

        Raises:
            RegistryError: They cannot be written to.
        """

        def work(connection: sa.Connection) -> Rebuilt:
            """Keep other writers out meanwhile; readers see the former rows until the end."""
            connection.exec_driver_sql("LOCK TABLE registry_items IN EXCLUSIVE MODE")
            return tell_anew(connection, self._fill)

        return self.write(work)

    def close(self) -> None:
        """Close what is open; it is opened again when it is next needed."""
        self._reading = None
        super().close()

    def _begin_writing(self, connection: sa.Connection, *, relaxed: bool) -> None:
        if relaxed:
            connection.exec_driver_sql("SET LOCAL synchronous_commit = off")

    def _take(self, *, writing: bool = False) -> sa.Connection:
        engine = self.engine()
        if writing:
            return engine.connect()
        reading = self._reading
        if reading is None:
            reading = self._reading = engine.execution_options(isolation_level="AUTOCOMMIT")
        return reading.connect()

    def _leave_the_parents(self) -> None:
        self._reading = None
        super()._leave_the_parents()

    def _open(self) -> sa.Engine:
        engine = postgresql_engine(self._url)
        event.listen(engine, "connect", self._connected)
        try:
            with registry_errors(self.where):
                self._prepare(engine)
        except BaseException:
            engine.dispose()
            raise
        return engine

    def _prepare(self, engine: sa.Engine) -> None:
        """See to it that there are the tables of the present schema."""
        with engine.connect() as connection:
            if _found(connection) == VERSION:
                return
        with engine.begin() as connection:
            connection.execute(_HOLD, {"number": _SCHEMA_LOCK})
            found = _found(connection)
            check_version(found, self.where)
            if found == VERSION:
                return
            if self._read_only:
                raise RegistryError(
                    f"there is no registry of this release at {self.where}: is the address right?",
                    path=self.where,
                )
            migrate(connection, found)
            if not found:
                self._fill(connection)
            connection.execute(sa.delete(meta).where(meta.c.name == _VERSION))
            connection.execute(sa.insert(meta).values(name=_VERSION, value=str(VERSION)))

    def _connected(self, connection: Any, _: object) -> None:  # noqa: ANN401 - the driver's own
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"SET lock_timeout = {max(1, int(self._timeout * 1000))}")
                if self._read_only:
                    cursor.execute("SET default_transaction_read_only = on")
        finally:
            connection.autocommit = False


_HOLD: Final = sa.select(sa.func.pg_advisory_xact_lock(sa.bindparam("number", type_=sa.BigInteger)))


def number_of(text: str) -> int:
    """Return a whole number of 64 bits that stands for a text, as advisory locks want one."""
    digest = hashlib.sha256(text.encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _found(connection: sa.Connection) -> int:
    if not sa.inspect(connection).has_table(meta.name):
        return 0
    row = connection.execute(sa.select(meta.c.value).where(meta.c.name == _VERSION)).first()
    return 0 if row is None else int(row[0])
