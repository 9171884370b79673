"""Maps what a driver raises to errors of ours."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from store.addresses import without_secrets
from store.errors import PluginError, ResourceNotFoundError, StoreError
from store.files.failures import storage_error


@contextlib.contextmanager
def drivers_errors(name: str) -> Iterator[None]:
    """Turn what a driver raises beside our errors into one of ours, the cause kept.

    Args:
        name: The driver's name.

    Raises:
        ResourceNotFoundError: The driver found no file where it looked for one.
        StorageError: The system refused a file.
        PluginError: Anything else: the driver broke the contract.
    """
    try:
        yield
    except StoreError:
        raise
    except FileNotFoundError as error:
        reason = without_secrets(str(error))
        raise ResourceNotFoundError(f"the driver {name!r} misses a file: {reason}") from error
    except OSError as error:
        raise storage_error(error, error.filename or name) from error
    except Exception as error:
        reason = without_secrets(f"{type(error).__name__}: {error}")
        raise PluginError(
            f"the driver {name!r} failed: {reason}; tell its authors",
            plugin=name,
        ) from error
