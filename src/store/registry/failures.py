"""Maps what databases say to our errors."""

from __future__ import annotations

import os
import sqlite3
from types import TracebackType
from typing import Final

from sqlalchemy import exc

from store.addresses import without_secrets
from store.errors import LockTimeoutError, QueryError, RegistryError, StoreError

_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_NO_TABLE: Final = "no such "
_TOO_LONG: Final = (
    "Expression tree is too large",
    "parser stack overflow",
    "too many SQL variables",
)

_BUSY_STATES: Final = frozenset({"55P03", "40P01", "57014", "40001"})
"""PostgreSQL's states of a lock that is not to be had: timeout, deadlock, cancelled, serialisation."""


class DamagedError(Exception):
    """The registry's file is no registry any more; it never leaves this room."""


class registry_errors:  # noqa: N801 - reads as what contextlib makes, at a third of the cost
    """Turns what a database says in the block into our errors.

    Args:
        where: The registry, as people know it; without secrets.

    Raises:
        LockTimeoutError: Another held it for longer than we were to wait.
        DamagedError: The file is damaged.
        QueryError: What was asked is more than it can read.
        RegistryError: It cannot be used for another reason.
    """

    __slots__ = ("_where",)

    def __init__(self, where: str) -> None:
        self._where = where

    def __enter__(self) -> None:
        """Begin the block."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Map what was raised in it."""
        if error is None or isinstance(error, StoreError):
            return
        if isinstance(error, exc.DBAPIError | sqlite3.Error):
            raise mapped(error, self._where) from error
        if isinstance(error, exc.SQLAlchemyError):
            reason = without_secrets(str(error).partition("\n")[0])
            raise RegistryError(
                f"the registry {self._where} cannot be used: {reason}: is the address right, and the"
                " driver installed (pip install 'pluggable-store[postgres]')?",
                path=self._where,
            ) from error


def mapped(error: BaseException, where: str) -> Exception:
    """Return our error for a database's."""
    cause = error.orig if isinstance(error, exc.DBAPIError) and error.orig else error
    reason = without_secrets(str(cause).strip().partition("\n")[0])
    if _is_busy(cause):
        return LockTimeoutError(
            f"the registry {where} is busy ({reason}): wait until the other process ends, or allow"
            " more time",
            path=where,
        )
    if reason.startswith(_TOO_LONG):
        return QueryError(f"the search is too long ({reason}): ask for less at once, or with 'in'")
    if _is_damage(cause, reason):
        return DamagedError(reason)
    return RegistryError(
        f"the registry {where} cannot be used: {reason}{_step(cause)}",
        path=where,
    )


def _is_busy(cause: BaseException) -> bool:
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in _BUSY
    return getattr(cause, "sqlstate", None) in _BUSY_STATES


def _is_damage(cause: BaseException, reason: str) -> bool:
    if not isinstance(cause, sqlite3.DatabaseError):
        return False
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    return code in _DAMAGE or (code == sqlite3.SQLITE_ERROR and reason.startswith(_NO_TABLE))


def _step(cause: BaseException) -> str:
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}:
        return ": choose a directory that can be written to"
    if code == sqlite3.SQLITE_FULL:
        return ": make room, or prune with 'store registry prune'"
    return ""


def nothing_to_read(path: str) -> RegistryError:
    """Return the error of a registry that may only be read, where there is none."""
    if os.path.lexists(path):
        return RegistryError(
            f"{path} is no registry, or is damaged, and may only be read: rebuild it where it can be written"
            " to (store registry rebuild)",
            path=path,
        )
    return RegistryError(
        f"there is no registry at {path}: is the path right?", path=path, missing=True
    )
