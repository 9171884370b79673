"""The errors of HTTP are ours and requests' at once."""

from __future__ import annotations

import pickle

import pytest
import requests

from store.errors import (
    CredentialsError,
    RateLimitedError,
    RedirectError,
    ResourceNotFoundError,
    StoreError,
    TransportError,
    TransportTimeoutError,
    TruncatedError,
)
from store.transports.http import HTTPRequestError, errors

KINDS: list[tuple[type[StoreError], type[StoreError], type[Exception]]] = [
    (errors.HTTPRequestError, TransportError, requests.RequestException),
    (errors.HTTPConnectionError, TransportError, requests.ConnectionError),
    (errors.HTTPTimeoutError, TransportTimeoutError, requests.Timeout),
    (errors.HTTPTruncatedError, TruncatedError, requests.exceptions.ChunkedEncodingError),
    (errors.HTTPRedirectError, RedirectError, requests.TooManyRedirects),
    (errors.HTTPStatusError, TransportError, requests.HTTPError),
    (errors.HTTPRateLimitedError, RateLimitedError, requests.HTTPError),
    (errors.HTTPNotFoundError, ResourceNotFoundError, requests.HTTPError),
    (errors.HTTPCredentialsError, CredentialsError, requests.HTTPError),
]


@pytest.mark.parametrize(("kind", "ours", "theirs"), KINDS)
def test_each_is_caught_from_both_sides(
    kind: type[StoreError], ours: type[StoreError], theirs: type[Exception]
) -> None:
    """Whoever expects our error or requests' catches it, and its status is ours."""
    error = kind("it failed", url="http://host/a", status=500)

    assert isinstance(error, ours)
    assert isinstance(error, theirs)
    assert isinstance(error, requests.RequestException)
    assert error.exit_status == ours.exit_status
    assert isinstance(error, HTTPRequestError) is issubclass(ours, TransportError)


@pytest.mark.parametrize(("kind", "ours", "theirs"), KINDS)
def test_each_survives_a_process(
    kind: type[StoreError], ours: type[StoreError], theirs: type[Exception]
) -> None:
    """Pickled and read again it says the same."""
    error = kind("it failed", url="http://host/a", status=500)
    error.attempts = ("one",)

    again = pickle.loads(pickle.dumps(error))

    assert type(again) is kind
    assert str(again) == str(error) == "it failed"
    told = vars(again)
    assert (told["url"], told["status"], told["attempts"]) == ("http://host/a", 500, ("one",))


@pytest.mark.parametrize(("kind", "ours", "theirs"), KINDS)
def test_none_holds_a_request_or_response(
    kind: type[StoreError], ours: type[StoreError], theirs: type[Exception]
) -> None:
    """Both would hold whole addresses and headers."""
    error = kind("it failed")

    assert isinstance(error, requests.RequestException)
    assert error.request is None
    assert error.response is None
