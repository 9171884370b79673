"""Maps what databases say to our errors."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from typing import Final

from sqlalchemy import exc

from store.addresses import without_secrets
from store.errors import LockTimeoutError, RegistryError, StoreError

_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_NO_TABLE: Final = "no such "

_BUSY_STATES: Final = frozenset({"55P03", "40P01", "57014", "40001"})
"""PostgreSQL's states of a lock that is not to be had: timeout, deadlock, cancelled, serialisation."""


class DamagedError(Exception):
    """The registry's file is no registry any more; it never leaves this room."""


@contextlib.contextmanager
def registry_errors(where: str) -> Iterator[None]:
    """Turn what a database says in the block into our errors.

    Args:
        where: The registry, as people know it; without secrets.

    Raises:
        LockTimeoutError: Another held it for longer than we were to wait.
        DamagedError: The file is damaged.
        RegistryError: It cannot be used for another reason.
    """
    try:
        yield
    except StoreError:
        raise
    except (exc.DBAPIError, sqlite3.Error) as error:
        raise mapped(error, where) from error
    except exc.SQLAlchemyError as error:
        reason = without_secrets(str(error).partition("\n")[0])
        raise RegistryError(
            f"the registry {where} cannot be used: {reason}: is the address right, and the driver"
            " installed (pip install 'pluggable-store[postgres]')?",
            path=where,
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
