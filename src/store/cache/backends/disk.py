"""A cache in one SQLite file, through diskcache; JSON only, no pickles."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from store.cache.backends.base import DEFAULT_TIMEOUT, Cache
from store.cache.backends.codec import MISS, decode, encode
from store.cache.opening import directory_of
from store.cache.quarantine import made_way, set_aside
from store.errors import ConfigurationError
from store.files.names import derived_name

log = logging.getLogger(__name__)

DEFAULT_SIZE_LIMIT: Final = 64 << 20
"""How large the file of entries may grow, in bytes; the least recently stored go first."""

_BUSY: Final = 30.0
"""How long another's write is waited for, in seconds."""


class DiskCache(Cache):
    """Remembers entries in ``index/v1/cache.db`` below ``cache_dir``.

    Safe for many threads and processes at once, and after a fork. A database that is damaged, or of another
    kind, is set aside and begun anew; one that is locked, full or read-only costs a miss.

    Args:
        cache_configuration: A mapping (or None); see `Cache`. It also understands ``size_limit``: how large
            the entries may grow, in bytes. Content does not count.

    Attributes:
        cache_dir: The cache's directory, absolute (str).
    """

    def __init__(self, cache_configuration: Any = None) -> None:  # noqa: ANN401 - e3-core's signature
        super().__init__(cache_configuration)
        self.cache_dir = str(directory_of(cache_configuration))
        self._directory = f"{self.cache_dir}/index/v1"
        self._size_limit = _size_limit(cache_configuration)
        self._lock = threading.Lock()
        self._opened: Any = None
        self._process = 0
        self._inherited: list[Any] = []

    def get(self, uid: str, default: Any = None) -> Any:  # noqa: ANN401 - any value was set
        """Return the value of a uid, or ``default`` where there is none or it has expired."""
        text = self._ask(uid, lambda index: index.get(derived_name(uid)), reading=True)
        value = decode(text, uid, self.clock.now(), self.cache_dir) if text is not None else MISS
        return default if value is MISS else value

    def peek(self, uid: str, default: Any = None) -> Any:  # noqa: ANN401 - any value was set
        """Return what `get` would, from the database as it lies there; none is made or mended."""
        if not os.path.lexists(f"{self._directory}/cache.db"):
            return default
        text = self._ask_read_only(uid, None)
        value = decode(text, uid, self.clock.now(), self.cache_dir) if text is not None else MISS
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
        return bool(self._ask(uid, lambda index: index.set(derived_name(uid), text)))

    def delete(self, uid: str) -> None:
        """Forget a uid; nothing happens where it is not known. No content is touched."""
        self._ask(uid, lambda index: index.delete(derived_name(uid)))

    def clear(self) -> None:
        """Forget all uids. No content is touched."""
        self._ask("*", lambda index: index.clear())

    def close(self) -> None:
        """Close the database and give the lease back; the cache may be used again."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None and self._process == os.getpid():
            opened.close()
        super().close()

    def _ask(self, uid: str, question: Callable[[Any], Any], *, reading: bool = False) -> Any:  # noqa: ANN401
        """Ask the database; None where it fails, which is logged."""
        try:
            return question(self._index())
        except Exception as error:  # noqa: BLE001 - a row or setting of a foreign database may do anything
            if not self._damaged(error):
                if reading:
                    return self._ask_read_only(uid, error)
                _failed(uid, error)
                return None
            self._begin_anew(error)
        if reading:
            return None
        try:
            return question(self._index())
        except Exception as error:  # noqa: BLE001 - as above
            _failed(uid, error)
            return None

    def _index(self) -> Any:  # noqa: ANN401 - diskcache is untyped
        if self._opened is not None and self._process == os.getpid():
            return self._opened
        import diskcache

        from store.cache.backends.jsondisk import TextDisk

        with self._lock:
            if self._opened is not None and self._process != os.getpid():
                # Not closed: SQLite forbids it in a fork's child.
                self._inherited.append(self._opened)
                self._opened = None
            if self._opened is None:
                self._make_way()
                self._opened = diskcache.Cache(
                    self._directory,
                    timeout=_BUSY,
                    disk=TextDisk,
                    size_limit=self._size_limit,
                    eviction_policy="least-recently-stored",
                    # A mapped file that another truncates would kill the process by SIGBUS, and a
                    # write-ahead log maps one: an entry costs 0.6 ms more without, a hit 4 µs.
                    sqlite_mmap_size=0,
                    sqlite_journal_mode="truncate",
                )
                self._process = os.getpid()
            return self._opened

    def _ask_read_only(self, uid: str, error: Exception | None) -> Any:  # noqa: ANN401
        """Look an entry up in a database that cannot be opened for writing."""
        import sqlite3

        query = "SELECT value FROM Cache WHERE key = ? AND raw = 1 AND mode = 1"
        for options in ("mode=ro", "mode=ro&immutable=1"):
            address = f"file:{quote(self._directory)}/cache.db?{options}"
            try:
                with contextlib.closing(sqlite3.connect(address, uri=True)) as connection:
                    row = connection.execute(query, (derived_name(uid),)).fetchone()
            except sqlite3.Error:
                continue
            return row[0] if row is not None and isinstance(row[0], str) else None
        if error is not None:
            _failed(uid, error)
        return None

    def _damaged(self, error: Exception) -> bool:
        import sqlite3

        import diskcache

        if isinstance(error, diskcache.Timeout):
            return False
        if not isinstance(error, sqlite3.Error | OSError):
            return True
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CANTOPEN) & 0xFF
        if code == sqlite3.SQLITE_CANTOPEN:
            directory, database = Path(self._directory), Path(self._directory, "cache.db")
            if not os.path.lexists(directory):
                return False
            return not directory.is_dir() or (os.path.lexists(database) and not database.is_file())
        return code in {
            sqlite3.SQLITE_CORRUPT,
            sqlite3.SQLITE_NOTADB,
            sqlite3.SQLITE_ERROR,
            sqlite3.SQLITE_SCHEMA,
            sqlite3.SQLITE_CONSTRAINT,
            sqlite3.SQLITE_MISMATCH,
        }

    def _make_way(self) -> None:
        """Set aside what SQLite would follow out of the cache, or wait for."""
        for suffix in ("", "-journal", "-wal", "-shm"):
            if made_way(self.content.layout, f"{self._directory}/cache.db{suffix}", self.clock):
                log.warning("the entries in %s were damaged and are begun anew", self._directory)

    def _begin_anew(self, error: Exception) -> None:
        log.warning("the entries in %s are damaged and are begun anew: %s", self._directory, error)
        with self._lock:
            self._opened = None
        set_aside(self.content.layout, self._directory, "the database is damaged", self.clock)


def _failed(uid: str, error: Exception) -> None:
    log.warning("the entry of %.100r cannot be had: %s", uid, error)


def _size_limit(configuration: Any) -> int:  # noqa: ANN401 - e3-core's configuration
    given = configuration.get("size_limit") if isinstance(configuration, Mapping) else None
    if given is None:
        return DEFAULT_SIZE_LIMIT
    if type(given) is not int or given <= 0:
        raise ConfigurationError(
            f"size_limit is a whole number of bytes, not {given!r}", key="size_limit"
        )
    return given
