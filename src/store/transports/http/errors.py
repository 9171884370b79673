"""The errors of HTTP: each is one of ours and one of requests' at once.

Whoever was promised requests' errors catches ours, and whoever knows ours need not know requests. None
holds a request or a response, since secrets stand in both.
"""

from __future__ import annotations

from typing import Any, Self

import requests

from store.errors import (
    CredentialsError,
    RateLimitedError,
    RedirectError,
    ResourceNotFoundError,
    TransportError,
    TransportTimeoutError,
    TruncatedError,
)


class HTTPRequestError(TransportError, requests.RequestException):
    """A request failed, or was answered with what is no content.

    Attributes:
        request: Always None, as ``response`` is.
        response: Always None.
    """

    request: Any = None
    response: Any = None

    transient: bool | None = None
    """Whether trying again may help; None lets the status decide."""


class HTTPConnectionError(HTTPRequestError, requests.ConnectionError):
    """No connection came about, or it broke."""


class HTTPTimeoutError(HTTPRequestError, TransportTimeoutError, requests.Timeout):
    """No connection or no bytes came in time."""


class HTTPTruncatedError(
    HTTPRequestError, TruncatedError, requests.exceptions.ChunkedEncodingError
):
    """A body ended before its announced end, or its framing is damaged."""


class HTTPRedirectError(HTTPRequestError, RedirectError, requests.TooManyRedirects):
    """A redirect must not be followed."""


class HTTPStatusError(HTTPRequestError, requests.HTTPError):
    """The server answered with a status that brings no content."""


class HTTPRateLimitedError(HTTPStatusError, RateLimitedError):
    """The server asks to be left alone for ``retry_after`` seconds."""


class HTTPNotFoundError(ResourceNotFoundError, requests.HTTPError):
    """404 or 410; no `TransportError`, since the bytes could have been moved."""

    request: Any = None
    response: Any = None

    def __new__(cls, *_: object, **__: object) -> Self:
        """Make an ``OSError``: of its two parents' ways to make it, that is the one that fits."""
        return OSError.__new__(cls)


class HTTPCredentialsError(CredentialsError, requests.HTTPError):
    """401, 403 or 407; no `TransportError`, since the bytes could have been moved."""

    request: Any = None
    response: Any = None
