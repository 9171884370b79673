"""Gives errors the classes that a source's callers were promised."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from typing import Any, Self

from store.errors import (
    ResourceNotFoundError,
    StorageError,
    StoreError,
    TransportError,
    TransportTimeoutError,
    TruncatedError,
)
from store.freshness.sources import Source


class SourceNotFoundError(ResourceNotFoundError, FileNotFoundError):
    """There is no file at a local source: one of ours and ``FileNotFoundError`` at once."""

    def __new__(cls, *_: object, **__: object) -> Self:
        """Make an ``OSError``: of its two parents' ways to make it, that is the one that fits."""
        return OSError.__new__(cls)


def no_such_file(path: str) -> SourceNotFoundError:
    """Return the error for a local source that is missing, or no regular file."""
    return SourceNotFoundError(
        f"{path}: there is no such file, or it is no regular file: name one that exists", url=path
    )


def promised(error: StoreError, sources: Sequence[Source]) -> StoreError:
    """Return an error that is also of the class that its source's callers were promised.

    Source: the page of ``KernelFileCache``: a local path that does not exist or is not a file is a
    ``FileNotFoundError``, an HTTP download that fails after all retries a ``requests.RequestException``.

    Args:
        error: What was raised.
        sources: What was asked, the last of which it speaks of.
    """
    last = sources[-1]
    found: StoreError | None = None
    if last.local:
        if isinstance(error, ResourceNotFoundError) or _is_no_file(error, last.address):
            found = no_such_file(last.address)
    elif isinstance(error, TransportError) and last.scheme in {"http", "https"}:
        found = _of_requests(error)
    if found is None:
        return error
    found.attempts = error.attempts
    return found


def _is_no_file(error: StoreError, path: str) -> bool:
    """Whether an error says that a source's path leads to a directory, pipe or device."""
    return (
        isinstance(error, StorageError)
        and error.errno in {errno.EISDIR, errno.EINVAL}
        and error.path == path
    )


def _of_requests(error: TransportError) -> StoreError | None:
    """Return an error of requests for one that was raised above the transport; None for any other."""
    from store.transports.http.errors import (
        HTTPRequestError,
        HTTPTimeoutError,
        HTTPTruncatedError,
    )

    if isinstance(error, HTTPRequestError):
        return None
    data: dict[str, Any] = {
        "url": error.url,
        "status": error.status,
        "retry_after": error.retry_after,
    }
    if isinstance(error, TransportTimeoutError):
        return HTTPTimeoutError(str(error), **data)
    if isinstance(error, TruncatedError):
        return HTTPTruncatedError(str(error), expected=error.expected, found=error.found, **data)
    return HTTPRequestError(str(error), **data)
