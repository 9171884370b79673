"""Maps what a driver raises to errors of ours."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from store.addresses import without_secrets
from store.errors import PluginError, ResourceNotFoundError, StorageError, StoreError

if TYPE_CHECKING:
    # A warm fetch tells nobody: events load when there is something to tell.
    from store.events import Event, Listener

_OWN: Final = "raised by the caller's own listener or progress callback"

_PAST: Final = "; or have it placed past the cache: --dest DIR (dest=...)"
"""The way to what the cache cannot take."""


def owned(listener: Listener) -> Listener:
    """Return the listener, with what it raises noted as its own, so that no driver is blamed."""

    def tell(event: Event) -> None:
        """Tell the listener; what it raises is marked as its own."""
        try:
            listener(event)
        except Exception as error:
            error.add_note(_OWN)
            raise

    vars(tell)["hears_hits"] = getattr(listener, "hears_hits", True)
    vars(tell)["look_up"] = getattr(listener, "look_up", None)
    return tell


@contextlib.contextmanager
def drivers_errors(name: str) -> Iterator[None]:
    """Turn what a driver raises beside our errors into one of ours, the cause kept.

    What the caller's own listener or progress callback raised is the caller's, and passes unchanged.

    Args:
        name: The driver's name.

    Raises:
        ResourceNotFoundError: The driver found no file where it looked for one.
        StorageError: The system refused a file.
        PluginError: Anything else: the driver broke the contract.
    """
    try:
        yield
    except Exception as error:
        for own in (error, error.__cause__):
            if own is not None and _OWN in getattr(own, "__notes__", ()):
                raise own from own.__cause__
        if isinstance(error, StoreError):
            raise
        raise _mapped(error, name) from error


def _mapped(error: Exception, name: str) -> StoreError:
    if isinstance(error, FileNotFoundError):
        reason = without_secrets(str(error))
        return ResourceNotFoundError(f"the driver {name!r} misses a file: {reason}")
    if isinstance(error, OSError):
        from store.files.failures import storage_error

        return storage_error(error, error.filename or name)
    reason = without_secrets(f"{type(error).__name__}: {error}")
    return PluginError(
        f"the driver {name!r} failed: {reason}; look at its settings in [driver.{name}], or tell its authors",
        plugin=name,
    )


def tell_past_the_cache(error: StorageError, label: str, root: str) -> None:
    """Say in the error of a cache that cannot take a resource which one, and how it comes without the cache.

    Args:
        error: Its message is added to, once; not where it speaks of something outside the cache.
        label: What a person would call the resource.
        root: Where the cache lies.
    """
    text = error.messages[-1]
    if str(error.path).startswith(root) and not text.endswith(_PAST):
        error.messages[-1] = f"{label} cannot be kept by the cache: {text}{_PAST}"
