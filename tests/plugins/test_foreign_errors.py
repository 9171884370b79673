"""What a stranger's driver raises, mapped."""

from __future__ import annotations

import errno
import socket
import urllib.error
from email.message import Message

import pytest
import requests
from e3.net.http import HTTPError
from e3.store.backends.base import StoreError as E3StoreError

from store.addresses import without_secrets
from store.errors import (
    DigestError,
    QueryError,
    ResourceNotFoundError,
    StorageError,
    StoreError,
    TransportError,
    TransportTimeoutError,
)
from store.plugins.foreign_errors import foreign_errors


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (FileNotFoundError(errno.ENOENT, "gone", "/x"), ResourceNotFoundError),
        (KeyError("six"), ResourceNotFoundError),
        (E3StoreError("missing sha"), QueryError),
        (HTTPError("no answer"), TransportError),
        (requests.ConnectionError("refused"), TransportError),
        (requests.ReadTimeout("slow"), TransportTimeoutError),
        (requests.ConnectTimeout("slow"), TransportTimeoutError),
        (urllib.error.HTTPError("https://h/", 500, "oops", Message(), None), TransportError),
        (socket.gaierror("no such host"), TransportError),
        (TimeoutError("slow"), TransportTimeoutError),
        (ConnectionResetError("reset"), TransportError),
        (PermissionError(errno.EACCES, "no", "/x"), StorageError),
        (OSError(errno.ENOSPC, "full"), StorageError),
        (RuntimeError("bug"), StoreError),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value.__name__,
)
def test_each_kind_of_failure_has_its_own_error(
    error: Exception, expected: type[StoreError]
) -> None:
    """The table of the module's docstring holds, and the cause is kept."""
    with (
        pytest.raises(StoreError) as raised,
        foreign_errors("old", query={"name": "six"}, path="/"),
    ):
        raise error

    assert type(raised.value) is expected
    assert raised.value.__cause__ is error


def test_a_refusal_is_of_the_query_only_while_metadata_is_made() -> None:
    """Later it is a failure like any other."""
    with pytest.raises(StoreError) as raised, foreign_errors("old"):
        raise E3StoreError("cannot download")

    assert type(raised.value) is StoreError
    assert "the driver 'old' failed: StoreError: cannot download" in str(raised.value)


def test_an_error_of_ours_is_not_mapped() -> None:
    """A driver that knows us says what it means."""
    error = DigestError("weak")

    with pytest.raises(DigestError) as raised, foreign_errors("old"):
        raise error

    assert raised.value is error


def test_addresses_lose_their_secrets() -> None:
    """User, password and query go, also where only a path is told."""
    text = without_secrets(
        "GET https://me:pw@host:1/a/b?token=x failed: Max retries with url: /a/b?token=x (Caused by y)"
    )

    assert text == "GET https://host:1/a/b failed: Max retries with url: /a/b?… (Caused by y)"
