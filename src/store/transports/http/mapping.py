"""Turns what requests, urllib3 and sockets raise into our errors."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
from typing import Final

import requests
import urllib3

from store.addresses import origin_of, public
from store.clock import SYSTEM_CLOCK
from store.config.secret_sources import token_variable
from store.errors import StoreError
from store.transports.deadlines import current
from store.transports.http.errors import (
    HTTPConnectionError,
    HTTPCredentialsError,
    HTTPNotFoundError,
    HTTPRateLimitedError,
    HTTPRequestError,
    HTTPStatusError,
    HTTPTimeoutError,
    HTTPTruncatedError,
)

_TUNNEL: Final = re.compile(r"Tunnel connection failed: (\d{3})")
_PROXY_AUTHENTICATION: Final = 407
_GRAIN: Final = 0.02
"""By how much the wait for a socket may end early, in seconds."""

_DEPTH: Final = 12
"""How many layers of wrapped errors are looked through."""


def raised(error: Exception, address: str, *, trusting: str = "REQUESTS_CA_BUNDLE") -> StoreError:
    """Return our error for one that was raised while an address was asked or read.

    Its ``__cause__`` is the innermost error of the system, where there is one: what wraps it holds the
    whole address in its message. It is to be raised outside of the ``except`` block, for the same reason.

    Args:
        error: What was raised.
        address: What was asked for; shown without its secrets.
        trusting: Where the authorities to trust are named.
    """
    shown = public(address)
    root = _root(error)
    mapped = _mapped(error, root, shown, trusting)
    mapped.__cause__ = root
    mapped.__suppress_context__ = True
    return mapped


def refused(status: int, address: str, *, retry_after: float | None, words: str = "") -> StoreError:
    """Return our error for a status that brings no content.

    Args:
        status: The HTTP status.
        address: What was asked for; shown without its secrets.
        retry_after: Seconds that the server asked to wait, or None.
        words: What the server says of it, as far as it may be shown.
    """
    shown = public(address)
    said = f"{shown}: the server answered {_phrase(status)}{f' ({words})' if words else ''}"
    if status in {404, 410}:
        return HTTPNotFoundError(
            f"{said}: there is nothing at this address", url=shown, status=status
        )
    if status in {401, 403, 407}:
        return HTTPCredentialsError(
            f"{said}: {_credentials_hint(status, address)}", url=shown, status=status
        )
    if status in {429, 503} and retry_after is not None:
        return HTTPRateLimitedError(
            f"{said} and asks to come back in {retry_after:.0f} s",
            url=shown,
            status=status,
            retry_after=retry_after,
        )
    return HTTPStatusError(said, url=shown, status=status)


_TLS: Final = (requests.exceptions.SSLError, ssl.SSLError, urllib3.exceptions.SSLError)
_LATE: Final = (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)
_HEADER: Final = requests.exceptions.InvalidHeader
_BROKEN: Final = (requests.ConnectionError, urllib3.exceptions.ProtocolError, OSError)


def _mapped(error: Exception, root: BaseException | None, shown: str, trusting: str) -> StoreError:
    if isinstance(error, _TLS):
        return HTTPConnectionError(
            f"{shown}: TLS failed: {_reason(root)}; check the host's certificate, or name its authority in"
            f" {trusting}",
            url=shown,
            transient=False,
        )
    if isinstance(error, _LATE) or isinstance(root, TimeoutError):
        return HTTPTimeoutError(f"{shown}: {_late(error)}", url=shown)
    if isinstance(error, requests.exceptions.ProxyError):
        return _proxy(root, shown)
    if isinstance(root, http.client.IncompleteRead) or isinstance(error, _HEADER):
        wrong = isinstance(error, _HEADER)
        reason = (
            "the server announces lengths that disagree" if wrong else "the body ended too early"
        )
        return HTTPTruncatedError(f"{shown}: {reason}", url=shown)
    if isinstance(error, requests.exceptions.InvalidURL) or not isinstance(error, _BROKEN):
        return HTTPRequestError(
            f"{shown}: no request can be made of it", url=shown, transient=False
        )
    return HTTPConnectionError(f"{shown}: {_broken(root)}", url=shown)


def _late(error: Exception) -> str:
    """Say what was waited for too long: a server that sends its bytes slowly is not silent."""
    deadline = current(SYSTEM_CLOCK)
    if deadline.left() < _GRAIN:
        return f"{deadline} has passed"
    late = isinstance(error, requests.ConnectTimeout)
    return "no connection came about in time" if late else "the server was silent for too long"


def _broken(root: BaseException | None) -> str:
    if isinstance(root, socket.gaierror):
        return f"the host's name does not resolve: {_reason(root)}"
    if isinstance(root, http.client.RemoteDisconnected):
        return "the server closed the connection without an answer"
    return _reason(root) if root is not None else "what came is not HTTP"


def _proxy(root: BaseException | None, shown: str) -> StoreError:
    match = _TUNNEL.search(str(root))
    if match and int(match[1]) == _PROXY_AUTHENTICATION:
        return HTTPCredentialsError(
            f"{shown}: the proxy wants a user and password: put them into HTTPS_PROXY",
            url=shown,
            status=_PROXY_AUTHENTICATION,
        )
    return HTTPConnectionError(
        f"{shown}: the proxy does not connect us: {_reason(root)}", url=shown
    )


def _root(error: BaseException) -> BaseException | None:
    """Return the innermost error of the system; what lies around it may hold secrets."""
    found: BaseException | None = None
    inner: BaseException | None = error
    for _ in range(_DEPTH):
        if inner is None:
            break
        if isinstance(inner, OSError | http.client.IncompleteRead) and not isinstance(
            inner, requests.RequestException
        ):
            found = inner
        inner = _inside(inner)
    return found


def _inside(error: BaseException) -> BaseException | None:
    reason = getattr(error, "reason", None)
    for one in (reason, *reversed(error.args), error.__cause__, error.__context__):
        if isinstance(one, BaseException):
            return one
    return None


def _reason(error: BaseException | None) -> str:
    if isinstance(error, ssl.SSLError):
        return str(getattr(error, "verify_message", "") or error.reason or "the handshake broke")
    text = error.strerror if isinstance(error, OSError) else None
    return text or (str(error) if isinstance(error, OSError) else "the connection broke")


def _phrase(status: int) -> str:
    phrase = http.client.responses.get(status)
    return f"{status} {phrase}" if phrase else str(status)


def _credentials_hint(status: int, address: str) -> str:
    if status == _PROXY_AUTHENTICATION:
        return "the proxy wants a user and password: put them into HTTP_PROXY"
    variable = token_variable(origin_of(address)) or "the credentials of this origin"
    return f"put a token or 'user:password' that it accepts into {variable}"
