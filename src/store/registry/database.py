"""The database of a registry, which does work in one transaction."""

from __future__ import annotations

import abc
import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa

from store.errors import RegistryError
from store.files.holding import load
from store.registry.batches import Batch
from store.registry.failures import DamagedError, registry_errors
from store.registry.forking import GATE
from store.registry.prepared import run_plain

T = TypeVar("T")


class Rebuilt(NamedTuple):
    """What came of making a registry anew: items with their sidecar, files without, sidecars without file."""

    items: int
    bare: int
    missing: int


Work = Callable[[sa.Connection], T]
"""What is to be done on a connection; it may be done again where the registry had to be healed."""


class Database(abc.ABC):
    """A database in which a registry lies.

    Safe for many threads and processes at once, and after a fork: a child opens its own connections, and
    leaves the parent's alone.

    Args:
        where: How people know it; without secrets.
    """

    def __init__(self, where: str) -> None:
        self.where = where
        load()
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._engine: sa.Engine | None = None
        self._lock = threading.RLock()
        self._local = threading.local()
        self._inherited: list[sa.Engine] = [*getattr(self, "_inherited", ())]

    @abc.abstractmethod
    def _open(self) -> sa.Engine:
        """Open the database; make it or bring it up to date where that is needed."""

    @staticmethod
    @abc.abstractmethod
    def insert(table: sa.Table) -> Any:  # noqa: ANN401 - the dialect's own insert
        """Return an insert that can deal with conflicts."""

    @abc.abstractmethod
    def like(self, column: Any, pattern: str) -> sa.ColumnElement[bool]:  # noqa: ANN401 - any column
        """Return the condition of SQL's LIKE, cases told apart; a backslash escapes ``%`` and ``_``."""

    @abc.abstractmethod
    def rebuild(self) -> Rebuilt:
        """Make the registry anew of what lies on the disk.

        Raises:
            RegistryError: That cannot be done.
        """

    def hold(self, connection: sa.Connection, key: str) -> None:
        """Let nobody else write under a key until the transaction ends.

        There is nothing to do where a transaction that writes has the registry to itself.
        """
        del connection, key

    def heal(self, damage: DamagedError) -> None:
        """Mend the database after it was found to be damaged.

        Raises:
            RegistryError: That cannot be done.
        """
        raise RegistryError(f"the registry {self.where} is damaged: {damage}", path=self.where)

    def read(self, work: Work[T]) -> T:
        """Do work that only reads."""
        return self._healed(lambda: self._read(work))

    def write(self, work: Work[T], *, relaxed: bool = False) -> T:
        """Do work that writes, in one transaction that has the write lock from its beginning.

        Args:
            work: What is to be done.
            relaxed: Whether a power cut may take it back, while it stays whole.

        Raises:
            LockTimeoutError: Another wrote for too long.
            RegistryError: The database cannot be written to.
        """
        return self._healed(lambda: self._write(work, relaxed=relaxed))

    def apart(self, work: Work[T]) -> T:
        """Do work that only reads, on a connection of its own even in a batch, in a transaction that ends."""
        with GATE, registry_errors(self.where), self.engine().connect() as connection:
            return work(connection)

    @contextlib.contextmanager
    def batch(self) -> Iterator[Batch | None]:
        """Do all that this thread reads and writes in the block in one transaction.

        Yields:
            Where what is to be done at its end is put, see `held_batch`; None where the transaction is not
            this block's, since a batch inside another is part of that one.
        """
        if self._held() is not None:
            yield None
            return
        self.read(lambda connection: connection.exec_driver_sql("SELECT 1"))
        with GATE, registry_errors(self.where), self._written(relaxed=False) as connection:
            self._local.connection, self._local.batch = connection, Batch()
            try:
                yield self._local.batch
            finally:
                self._local.connection = self._local.batch = None

    def held_batch(self) -> Batch | None:
        """Return what this thread's batch is to do at its end; None where it is in none."""
        return getattr(self._local, "batch", None) if self._held() is not None else None

    def check_batch(self) -> None:
        """See that this thread's batch, where it is in one, still stands.

        Raises:
            RegistryError: What failed in it, such as a full disk, has ended its transaction.
        """
        held = self._held()
        if held is not None and not self._in_transaction(held):
            raise RegistryError(
                f"the batch in {self.where} was broken off by what failed in it: begin it again",
                path=self.where,
            )

    def close(self) -> None:
        """Close what is open; it is opened again when it is next needed."""
        with self._lock:
            engine, self._engine = self._engine, None
        if engine is not None and self._process == os.getpid():
            with GATE:
                engine.dispose()

    def engine(self) -> sa.Engine:
        """Return the open engine of this process.

        Raises:
            RegistryError: It cannot be opened.
        """
        if self._process != os.getpid():
            self._leave_the_parents()
        engine = self._engine
        if engine is None:
            with self._lock, registry_errors(self.where):
                engine = self._engine = self._engine or self._open()
        return engine

    def _leave_the_parents(self) -> None:
        # Neither closed nor collected: SQLite forbids it in a fork's child.
        if self._engine is not None:
            self._inherited.append(self._engine)
        self._begin()

    def _held(self) -> sa.Connection | None:
        if self._process != os.getpid():
            self._leave_the_parents()
        return getattr(self._local, "connection", None)

    def _take(self, *, writing: bool = False) -> sa.Connection:
        """Return a connection that is nobody else's until it is given back, or closed after a failure."""
        del writing
        return self.engine().connect()

    def _give_back(self, connection: sa.Connection) -> None:
        """Take back a connection whose work ended well."""
        connection.close()

    def _commit(self, connection: sa.Connection) -> None:
        """End a transaction that writes."""
        connection.commit()

    @abc.abstractmethod
    def _begin_writing(self, connection: sa.Connection, *, relaxed: bool) -> None:
        """Begin a transaction that writes."""

    def _read(self, work: Work[T]) -> T:
        held = self._held()
        if held is not None:
            return work(held)
        with GATE, registry_errors(self.where):
            connection = self._take()
            try:
                found = work(connection)
            except BaseException:
                connection.close()
                raise
            self._give_back(connection)
            return found

    def _write(self, work: Work[T], *, relaxed: bool) -> T:
        held = self._held()
        if held is not None:
            return self._written_in_batch(held, work)
        with GATE, registry_errors(self.where):
            connection = self._take(writing=True)
            try:
                self._begin_writing(connection, relaxed=relaxed)
                found = work(connection)
                self._commit(connection)
            except BaseException:
                connection.close()
                raise
            self._give_back(connection)
            return found

    def _written_in_batch(self, connection: sa.Connection, work: Work[T]) -> T:
        """Do work in the batch's transaction; where it fails, only what it wrote is taken back."""
        with registry_errors(self.where):
            self.check_batch()
            run_plain(connection, "SAVEPOINT one")
            try:
                found = work(connection)
            except BaseException:
                if self._in_transaction(connection):
                    run_plain(connection, "ROLLBACK TO one")
                raise
            run_plain(connection, "RELEASE one")
            return found

    def _in_transaction(self, connection: sa.Connection) -> bool:
        """Whether a batch's transaction still stands, which a full disk may have ended."""
        return not connection.invalidated

    @contextlib.contextmanager
    def _written(self, *, relaxed: bool) -> Iterator[sa.Connection]:
        """Give a connection in a transaction that writes; it is committed when the block ends well."""
        connection = self._take(writing=True)
        try:
            self._begin_writing(connection, relaxed=relaxed)
            yield connection
            self._commit(connection)
        except BaseException:
            connection.close()
            raise
        self._give_back(connection)

    def _healed(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except DamagedError as damage:
            if self._held() is not None:
                raise RegistryError(
                    f"the registry {self.where} was found to be damaged in the middle of a batch"
                    f" ({damage}): begin the batch again",
                    path=self.where,
                ) from damage
            self.close()
            self.heal(damage)
        try:
            return ask()
        except DamagedError as damage:
            raise RegistryError(
                f"the registry {self.where} is damaged ({damage}) and healing did not help: is the disk"
                " sound?",
                path=self.where,
            ) from damage
