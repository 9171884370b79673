"""A registry in an SQLite file."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from store.clock import Clock
from store.errors import RegistryError
from store.files.atomic import discard, make_directories, rename
from store.files.failures import storage_errors
from store.files.locks import exclusively
from store.files.syncing import sync_directory, sync_file
from store.files.unfinished import partial_name
from store.registry.carrying import carried_from, is_sound, tell_anew
from store.registry.database import Database, Rebuilt
from store.registry.engines import begin_writing, sqlite_engine
from store.registry.failures import DamagedError, nothing_to_read, registry_errors
from store.registry.forking import GATE
from store.registry.globs import glob_of
from store.registry.identity import identity, is_regular
from store.registry.idle import Idle
from store.registry.migrations import Fill, bring_up, version_of
from store.registry.places import Places
from store.registry.prepared import driver_of
from store.registry.rebuilding import restore_writing
from store.registry.schema import VERSION

log = logging.getLogger(__name__)

_BESIDE: Final = ("", "-wal", "-shm", "-journal")
"""What a registry consists of: the file, and what SQLite keeps beside it."""

_PAGES: Final = 2_000
_BATCH_PAGES: Final = 16_384
"""How much of the file a connection keeps in memory, and in a batch, in KiB."""


class SqliteDatabase(Database):
    """A registry in one file of its directory.

    It is made when first used, under a name of its own, and put in place whole. One that is missing or
    damaged is filled from the content and its sidecars; what was there is moved aside.

    Args:
        places: Where it lies.
        clock: The time.
        fill: Fills an empty registry.
        read_only: Write nothing at all.
        busy_timeout: How long another's write is waited for, in seconds.
    """

    def __init__(
        self, places: Places, clock: Clock, fill: Fill, *, read_only: bool, busy_timeout: float
    ) -> None:
        self._places = places
        self._path = os.fspath(places.database)
        self._clock = clock
        self._fill = fill
        self._read_only = read_only
        self._timeout = busy_timeout
        self._file: tuple[int, int] | None = None
        self._idle = Idle()
        self._rebuilt = Rebuilt(0, 0, 0)
        super().__init__(self._path)

    @staticmethod
    def insert(table: sa.Table) -> sqlite.Insert:
        """Return SQLite's own insert."""
        return sqlite.insert(table)

    def like(self, column: Any, pattern: str) -> sa.ColumnElement[bool]:  # noqa: ANN401 - any column
        """Return a GLOB, which tells cases apart and may use an index."""
        return column.op("GLOB", is_comparison=True)(glob_of(pattern))  # type: ignore[no-any-return]

    def _begin_writing(self, connection: sa.Connection, *, relaxed: bool) -> None:
        begin_writing(connection, relaxed=relaxed)

    def _in_transaction(self, connection: sa.Connection) -> bool:
        return bool(driver_of(connection).in_transaction)

    @contextlib.contextmanager
    def _written(self, *, relaxed: bool) -> Iterator[sa.Connection]:
        # A batch changes more pages than are usually kept: each that does not fit is written twice.
        with super()._written(relaxed=relaxed) as connection:
            driver_of(connection).execute(f"PRAGMA cache_size = -{_BATCH_PAGES}")
            try:
                yield connection
            finally:
                with contextlib.suppress(sqlite3.Error):
                    driver_of(connection).execute(f"PRAGMA cache_size = -{_PAGES}")

    def _commit(self, connection: sa.Connection) -> None:
        # Begun behind SQLAlchemy's back, which knows of it only where a statement went its way.
        super()._commit(connection)
        driver_of(connection).commit()

    def engine(self) -> sa.Engine:
        """Return the open engine; where another moved the file aside, of the one that is there now.

        Raises:
            RegistryError: It cannot be opened.
        """
        engine = self._engine
        if engine is not None and self._process == os.getpid():
            if identity(self._path) == self._file:
                return engine
            self.close()
        return super().engine()

    def close(self) -> None:
        """Close what is open; it is opened again when it is next needed."""
        if self._process == os.getpid():
            with GATE:
                self._idle.close()
        super().close()

    def _take(self, *, writing: bool = False) -> sa.Connection:
        del writing
        return self._idle.take(self.engine())

    def _give_back(self, connection: sa.Connection) -> None:
        self._idle.give_back(connection, self._engine)

    def _leave_the_parents(self) -> None:
        self._idle.leave()
        super()._leave_the_parents()

    def heal(self, damage: DamagedError) -> None:
        """Move the file aside and make it anew from content and sidecars.

        Raises:
            RegistryError: The registry is read-only, or that cannot be done.
        """
        if self._read_only:
            raise RegistryError(
                f"the registry {self._path} is damaged ({damage}) and may only be read: rebuild it where it"
                " can be written to (store registry rebuild)",
                path=self._path,
            )
        seen = self._file
        with self._locked():
            if seen is not None and identity(self._path) != seen:
                return  # another has mended it meanwhile
            log.warning("the registry %s is damaged (%s): it is rebuilt", self._path, damage)
            self._replace()

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Let nobody else make, migrate or mend the registry."""
        self._places.clear_way(self._places.lock)
        with exclusively(self._places.lock, timeout=self._timeout, clock=self._clock):
            yield

    def move_aside(self) -> Path | None:
        """Move the file, and what SQLite keeps beside it, into ``damaged/``; None where there is none."""
        moved, mark = None, os.urandom(6).hex()  # together, so that SQLite still reads it
        with storage_errors(self._path, kind=RegistryError):
            for suffix in _BESIDE:
                if os.path.lexists(self._path + suffix):
                    moved = self._places.set_aside(self._path + suffix, mark)
        return moved

    def rebuild(self) -> Rebuilt:
        """Make anew what files and sidecars tell, in one transaction; what only the registry tells stays.

        A damaged one is moved aside first; of it heads, and what living processes write, are carried over.

        Raises:
            RegistryError: It is read-only, or cannot be moved or made.
        """
        if self._read_only:
            raise RegistryError(f"{self._path} may only be read", path=self._path)
        self.close()
        make_directories(self._places.root)
        with self._locked():
            if not self._stands():
                self._replace()
                return self._rebuilt
            return self.write(lambda connection: tell_anew(connection, self._fill))

    def _stands(self) -> bool:
        """Whether there is a sound registry; one of an older schema is brought up to date."""
        engine, version = self._looked_at()
        if engine is None:
            return False
        try:
            sound = is_sound(engine, self.where)
        finally:
            engine.dispose()
        if sound and version < VERSION:
            self._apply(self._places.database, None)
        return sound

    def _replace(self) -> Path | None:
        """Move the file aside, and make it anew of content, sidecars and what can be read of the old one."""
        carried = carried_from(self._places, self._timeout)
        moved = self.move_aside()

        def filled(connection: sa.Connection) -> Rebuilt:
            """Fill the new registry, also with what was being written in the old one."""
            rebuilt = self._fill(connection)
            restore_writing(self, connection, carried)
            return rebuilt

        self._make(filled)
        return moved

    def _open(self) -> sa.Engine:
        engine, version = self._looked_at()
        if self._read_only:
            if engine is None:
                raise nothing_to_read(self._path)
        elif engine is None or version != VERSION:
            if engine is not None:
                engine.dispose()
            engine = self._prepared()
        return engine

    def _prepared(self) -> sa.Engine:
        """Make a registry of the present schema, unless another did meanwhile, and return its engine."""
        make_directories(self._places.root, durable=True)
        with self._locked():
            engine, version = self._looked_at()
            if engine is not None and version == VERSION:
                return engine
            if engine is not None:
                engine.dispose()
                self._apply(self._places.database, None)
            elif self._replace() is not None:
                log.warning("%s was no registry, and was moved aside", self._path)
            engine, _ = self._looked_at()
        if engine is None:
            raise RegistryError(
                f"what was put at {self._path} is gone again: does another program clean there?",
                path=self._path,
            )
        return engine

    def _looked_at(self) -> tuple[sa.Engine | None, int]:
        """Return the engine of the file that is there and its schema's version; None where it is not ours.

        SQLite alone may open the file, or what lies beside it: whoever else closes a descriptor of it drops
        the locks of all connections in the process (https://sqlite.org/howtocorrupt.html, section 2.2).

        Raises:
            RegistryError: It cannot be read, or is newer than we are; it was only read.
        """
        while is_regular(self._path):
            seen = identity(self._path)
            engine = sqlite_engine(
                self._places.database, read_only=self._read_only, busy_timeout=self._timeout
            )
            try:
                found = version_of(engine, self.where)
            except BaseException:
                engine.dispose()
                if identity(self._path) != seen:
                    continue  # another moved it aside just now
                raise
            if identity(self._path) != seen:
                engine.dispose()
                continue
            if found is None:
                engine.dispose()
                break
            self._file = seen
            return engine, found
        return None, 0

    def _make(self, fill: Fill) -> None:
        """Make a registry under another name, fill it, and put it in place whole."""
        fresh = self._places.root / f"{partial_name()}.sqlite"
        try:
            self._apply(fresh, fill)
            with storage_errors(fresh, kind=RegistryError):
                sync_file(fresh)  # no connection of this process has it open: nobody knows its name
                rename(fresh, self._path)
                sync_directory(self._places.root)
        finally:
            for suffix in _BESIDE:
                discard(f"{fresh}{suffix}")

    def _apply(self, path: Path, fill: Fill | None) -> None:
        """Bring the schema of a file up to date, and fill it, in one transaction."""
        with registry_errors(self.where):
            rebuilt = bring_up(path, fill, busy_timeout=self._timeout)
        self._rebuilt = rebuilt or self._rebuilt
