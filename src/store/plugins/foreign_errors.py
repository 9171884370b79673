"""Maps what a driver written for e3-core raises to our errors.

=====================================================  =============================================
what it raises                                         what becomes of it
=====================================================  =============================================
an error of ours                                       itself
``FileNotFoundError``, ``LookupError``                 `ResourceNotFoundError`
e3-core's ``StoreError`` while metadata is made        `QueryError`: that is how it refuses a query
e3-core's ``HTTPError``, errors of requests, urllib3,  `TransportError`, or `TransportTimeoutError`
``urllib``, ``http.client``, ``socket``, ``ssl``
``TimeoutError``                                       `TransportTimeoutError`
``ConnectionError``                                    `TransportError`
any other ``OSError``                                  `StorageError`
anything else                                          `StoreError`
=====================================================  =============================================

Addresses in the messages lose user, password and query, since secrets may stand there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Final

from store.addresses import without_secrets
from store.errors import (
    QueryError,
    ResourceNotFoundError,
    StoreError,
    TransportError,
    TransportTimeoutError,
)
from store.files.failures import storage_error

_NETWORK: Final = ("e3.net", "http.client", "requests", "socket", "ssl", "urllib.", "urllib3")


@contextlib.contextmanager
def foreign_errors(name: str, *, query: Any = None, path: str = "") -> Iterator[None]:  # noqa: ANN401
    """Turn what a stranger's driver raises in the block into an error of ours.

    Args:
        name: The driver, for the message.
        query: The query, where metadata is made; None elsewhere.
        path: Where files are written, for the error.

    Raises:
        StoreError: As the table above says, ``from`` the cause.
    """
    try:
        yield
    except StoreError:
        raise
    except Exception as error:
        raise _mapped(error, name, query, path) from error


def _mapped(error: Exception, name: str, query: Any, path: str) -> StoreError:  # noqa: ANN401
    kind = type(error)
    text = without_secrets(f"the driver {name!r} failed: {kind.__name__}: {error}")
    network = _comes_from(kind, _NETWORK)
    if isinstance(error, TimeoutError) or (network and "Timeout" in kind.__name__):
        return TransportTimeoutError(text)
    if network or isinstance(error, ConnectionError):
        return TransportError(text)
    if isinstance(error, FileNotFoundError | LookupError):
        return ResourceNotFoundError(text, query=query)
    if query is not None and _comes_from(kind, ("e3.store",)):
        return QueryError(text, query=query)
    if isinstance(error, OSError):
        return storage_error(error, error.filename or path)
    return StoreError(text)


def _comes_from(kind: type[Exception], modules: tuple[str, ...]) -> bool:
    return any(base.__module__.startswith(modules) for base in kind.__mro__)
