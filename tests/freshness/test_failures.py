"""What is raised is one of ours, and what the source's callers were promised."""

from __future__ import annotations

import errno
import pickle
from pathlib import Path
from typing import Any

import pytest
import requests

from store.errors import (
    IntegrityError,
    OfflineError,
    ResourceNotFoundError,
    StorageError,
    StoreError,
    TransportError,
    TransportTimeoutError,
    TruncatedError,
)
from store.freshness.failures import SourceNotFoundError, promised
from store.freshness.sources import source_of

HTTP = (source_of("http://host/k.tls"),)
LOCAL = (source_of(Path("/dir/k.tls")),)
URL = "http://host/k.tls"


@pytest.mark.parametrize(
    ("error", "kinds"),
    [
        (
            TransportTimeoutError("too slow", url=URL),
            (requests.exceptions.Timeout, TransportTimeoutError, TimeoutError),
        ),
        (
            TruncatedError("too short", url=URL, expected=3, found=2),
            (requests.exceptions.ChunkedEncodingError, TruncatedError),
        ),
        (TransportError("odd", url=URL, status=418), (requests.RequestException, TransportError)),
    ],
)
def test_what_is_raised_above_the_transport_is_an_error_of_requests_too(
    error: StoreError, kinds: tuple[type[Exception], ...]
) -> None:
    """Its message, its data and its attempts go along."""
    error.attempts = ("one", "two")

    found: Any = promised(error, HTTP)

    assert all(isinstance(found, kind) for kind in kinds)
    assert str(found) == str(error)
    assert (found.url, found.attempts) == (URL, ("one", "two"))
    for name in ("status", "expected", "found"):
        assert getattr(found, name, None) == getattr(error, name, None)


@pytest.mark.parametrize(
    ("error", "sources"),
    [
        (TransportTimeoutError("too slow"), LOCAL),
        (IntegrityError("another"), HTTP),
        (OfflineError("offline"), HTTP),
        (StorageError("full"), HTTP),
        (StorageError("full"), LOCAL),
        (TransportError("odd"), (source_of("s3://bucket/k.bsp"),)),
    ],
)
def test_whatever_else_is_raised_stays_what_it_is(error: StoreError, sources: Any) -> None:
    """A full disk is no missing file, and an object is no page."""
    assert promised(error, sources) is error


@pytest.mark.parametrize("number", [errno.EISDIR, errno.EINVAL])
def test_a_source_that_is_no_file_is_missing(number: int) -> None:
    """Of the cache's own files that is not said."""
    error = StorageError("a directory", path="/dir/k.tls")
    error.errno = number
    assert isinstance(promised(error, LOCAL), FileNotFoundError)

    error.path = "/cache/partial"
    assert promised(error, LOCAL) is error


def test_a_missing_source_is_both_errors_and_crosses_a_process() -> None:
    """With the exit status of what is not found."""
    found = promised(ResourceNotFoundError("gone"), LOCAL)

    copy = pickle.loads(pickle.dumps(found))

    assert isinstance(copy, SourceNotFoundError)
    assert isinstance(copy, FileNotFoundError)
    assert isinstance(copy, ResourceNotFoundError)
    assert (str(copy), copy.exit_status) == (str(found), 3)
