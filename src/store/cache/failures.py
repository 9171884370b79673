"""Tells failures of the cache from failures of what it is used for."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from store.errors import CacheError, StorageError, StoreError
from store.files.failures import storage_error


@contextlib.contextmanager
def cache_errors(path: str | Path) -> Iterator[None]:
    """Turn what goes wrong with files in the block into a `CacheError`, so that callers may go on without.

    Args:
        path: What was worked on.

    Raises:
        CacheError: An ``OSError`` or `StorageError` of the block.
    """
    try:
        yield
    except StorageError as error:
        if isinstance(error, CacheError):
            raise
        mapped = CacheError(str(error), path=error.path, needed=error.needed, free=error.free)
        mapped.errno, mapped.strerror, mapped.filename = error.errno, error.strerror, error.filename
        raise mapped from error
    except StoreError:
        raise
    except OSError as error:
        raise storage_error(error, path, kind=CacheError) from error
    except ValueError as error:
        raise CacheError(f"{error}: the cache keeps regular files only", path=str(path)) from error
