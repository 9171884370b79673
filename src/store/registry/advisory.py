"""Leases of writers that hold across machines: PostgreSQL's locks."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import socket
import threading
from typing import Any, Final

import sqlalchemy as sa

from store.clock import Clock
from store.registry.database import Database
from store.registry.failures import registry_errors
from store.registry.in_use import InUse
from store.registry.leases import Leases
from store.registry.places import Places
from store.registry.schema import handed

_HOLDER: Final = re.compile(r"pg:(-?[0-9]{1,19}):([0-9]{1,10}):(.{0,64})")
_TRY: Final = sa.select(
    sa.func.pg_try_advisory_xact_lock(sa.bindparam("number", type_=sa.BigInteger))
)
_TAKE: Final = sa.select(sa.func.pg_advisory_lock(sa.bindparam("number", type_=sa.BigInteger)))


class AdvisoryLeases(Leases):
    """Says by a lock on the server that this process lives: it ends with the process's connection.

    What was handed out to readers is noted in the registry under the number of that lock, so that it holds
    across machines whatever the file system of the files does with locks.

    Args:
        places: Where the files lie.
        clock: The time.
        database: The registry.
        read_only: Take no lease, and write no notes: see `Leases`.
    """

    def __init__(
        self, places: Places, clock: Clock, database: Database, *, read_only: bool
    ) -> None:
        self._database = database
        self._inherited: list[Any] = []
        self._connection: sa.Connection | None = None
        super().__init__(places, clock, read_only=read_only)

    def _begin(self) -> None:
        super()._begin()
        if self._connection is not None:
            # Its socket is the parent's: neither closed nor collected here.
            self._inherited.append(self._connection)
        self._connection = None
        self._number = 0
        self._taking = threading.Lock()

    def holder(self) -> str:
        """Return what stands in the rows of the items that this process writes.

        Raises:
            RegistryError: The registry is read-only, or the server cannot be reached.
        """
        self._check_writable()
        if self._process != os.getpid():
            self._begin()
        with self._taking, registry_errors(self._database.where):
            self._connect()
        return f"pg:{self._number}:{os.getpid()}:{socket.gethostname()[:64]}"

    def _connect(self) -> sa.Connection:
        """Return the connection that holds the lock; a new one takes along what was handed out."""
        if self._connection is not None and self._is_connected():
            return self._connection
        number = secrets.randbelow(2**63)
        connection = self._database.engine().connect()
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.exec_driver_sql("SET synchronous_commit = off")
        connection.execute(_TAKE, {"number": number})
        self._connection, self._number = connection, number
        if self._noted:
            rows = [{"holder": number, "name": name} for name in sorted(self._noted)]
            connection.execute(sa.insert(handed), rows)
        return connection

    def _note(self, name: str) -> None:
        if self._read_only:
            super()._note(name)
            return
        # Not on a connection of the pool: what is noted in a batch is to be seen before the batch ends.
        with self._taking, registry_errors(self._database.where):
            connection = self._connect()
            connection.execute(sa.insert(handed), {"holder": self._number, "name": name})
            self._noted.add(name)

    def in_use(self) -> InUse:
        """Return the version ids of the items that living processes on any machine were handed."""

        def work(connection: sa.Connection) -> tuple[set[str], set[int]]:
            """Return what was handed by holders that live, and the numbers of those that do not."""
            found: dict[int, set[str]] = {}
            for number, name in connection.execute(sa.select(handed.c.holder, handed.c.name)):
                found.setdefault(number, set()).add(name)
            dead = {one for one in found if connection.execute(_TRY, {"number": one}).scalar()}
            alive = (names for number, names in found.items() if number not in dead)
            return set().union(*alive), dead

        names, dead = self._database.apart(work)
        if dead and not self._read_only:
            gone = sa.delete(handed).where(handed.c.holder.in_(sorted(dead)))
            self._database.write(lambda connection: connection.execute(gone), relaxed=True)
        return InUse(self._files, frozenset(names))

    def is_alive(self, holder: str | None) -> bool:
        """Whether the process that writes an item is still connected to the server."""
        found = _HOLDER.fullmatch(holder or "")
        if found is None:
            return False
        number = {"number": int(found[1])}
        return not self._database.apart(
            lambda connection: connection.execute(_TRY, number).scalar()
        )

    def described(self, holder: str | None) -> str:
        """Return who a holder is, for people to read."""
        found = _HOLDER.fullmatch(holder or "")
        return f"process {found[2]} on {found[3]}" if found else "another process"

    def close(self) -> None:
        """Give the lease back."""
        if self._process == os.getpid():
            with self._taking:
                connection, self._connection = self._connection, None
                if connection is not None:
                    self._forget(connection)
        super().close()

    def _forget(self, connection: sa.Connection) -> None:
        with contextlib.suppress(sa.exc.SQLAlchemyError):
            if self._noted:
                connection.execute(sa.delete(handed).where(handed.c.holder == self._number))
        # Not back into the pool: the lock belongs to the connection.
        connection.invalidate()
        connection.close()

    def _is_connected(self) -> bool:
        if self._connection is None:
            return False
        try:
            self._connection.exec_driver_sql("SELECT 1")
        except sa.exc.SQLAlchemyError:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None
        return self._connection is not None
