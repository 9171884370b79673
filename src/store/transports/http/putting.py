"""Asks whether something lies at an http address, and puts it there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import requests

from store.addresses import public
from store.config.credential import Credential
from store.errors import OfflineError, StoreError
from store.files.failures import storage_error
from store.integrity.regular import open_regular
from store.transports.base import TransferOptions
from store.transports.crowding import enter
from store.transports.deadlines import current
from store.transports.http import headers as reading
from store.transports.http.asking import asked_with
from store.transports.http.errors import HTTPTimeoutError
from store.transports.http.mapping import refused
from store.transports.http.redirects import first_hop
from store.transports.http.sending import sent
from store.transports.http.sessions import Quiet, Sessions
from store.transports.http.transport import HttpTransport
from store.transports.limiting import limiter_for
from store.transports.opening import transport_for

_UNAUTHORIZED: Final = 401
_THERE: Final = frozenset({200, 204})
_TAKEN: Final = frozenset({200, 201, 202, 204})
_ALREADY: Final = frozenset({409, 412})
"""The answers to a PUT of what lies there already (RFC 9110, sections 15.5.10 and 15.5.13)."""


def holds(address: str, options: TransferOptions) -> bool:
    """Return whether a HEAD says that something lies at an address; a server that refuses to say has not.

    Args:
        address: Where it would lie.
        options: The bounds, credentials and rules of addresses.

    Raises:
        StoreError: The server cannot be reached, or the address is not to be asked.
    """
    status, _ = _asked("HEAD", address, options)
    return status in _THERE


def put(address: str, path: Path, options: TransferOptions) -> None:
    """Put a file at an address, whole; what lies there already is as good.

    Args:
        address: Where it is to lie.
        path: The file.
        options: The bounds, credentials and rules of addresses.

    Raises:
        StoreError: The server cannot be reached, or does not take it; a redirect is not followed.
        StorageError: The file cannot be read.
    """
    try:
        descriptor = open_regular(path)
    except (OSError, ValueError) as error:
        failure = error if isinstance(error, OSError) else OSError(str(error))
        raise storage_error(failure, path) from error
    try:
        body = _Body(descriptor, address, options)
        status, failure_of = _asked("PUT", address, options, body)
    finally:
        os.close(descriptor)
    if status not in _TAKEN | _ALREADY:
        raise failure_of


class _Body:
    """A file as requests takes it: read piece by piece, and no longer than the deadline.

    Args:
        descriptor: The file, open for reading.
        address: Where it goes, for messages.
        options: Knows the clock.
    """

    def __init__(self, descriptor: int, address: str, options: TransferOptions) -> None:
        self._descriptor = descriptor
        self._address = public(address)
        self._options = options
        self._limiter = limiter_for(options.limit_rate, options.clock)
        self.size = os.fstat(descriptor).st_size
        self._left = self.size

    def __len__(self) -> int:
        """Return how many bytes will come."""
        return self.size

    def rewind(self) -> None:
        """Begin anew."""
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        self._left = self.size

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes: never more than the file had when it was opened.

        Raises:
            HTTPTimeoutError: The deadline has passed.
        """
        deadline = current(self._options.clock)
        if deadline.left() <= 0:
            raise HTTPTimeoutError(f"{self._address}: the deadline has passed", url=self._address)
        wanted = self._left if size < 0 else min(size, self._left)
        data = os.read(self._descriptor, wanted)
        self._left -= len(data)
        if self._limiter is not None:
            self._limiter.take(len(data), deadline)
        return data


def _asked(
    method: str, address: str, options: TransferOptions, body: _Body | None = None
) -> tuple[int, StoreError]:
    """Return the status of the answer, and the error that it would be."""
    if options.offline:
        shown = public(address)
        raise OfflineError(f"{shown} needs the network, which is not to be used", missing=(shown,))
    transport = transport_for(address, options)
    if not isinstance(transport, HttpTransport):
        raise TypeError(f"{public(address)} is opened by a stranger's transport")
    hop = first_hop(address)
    headers = asked_with(0, None, options.user_agent)
    data: object = body
    if body is not None:
        headers |= {"Content-Type": "application/octet-stream", "Content-Length": str(body.size)}
        data = body if body.size else b""
    credential = options.credentials.find(hop.address)
    sessions = transport.sessions
    seat = enter(hop.address, options.per_host, options.clock)
    try:
        response = _sent(method, hop.address, headers, credential, sessions, options, data)
        if response.status_code == _UNAUTHORIZED:
            kept = options.credentials.find_challenged(hop.address)
            if kept is not None and kept != credential:
                if body is not None:
                    body.rewind()
                response = _sent(method, hop.address, headers, kept, sessions, options, data)
    finally:
        seat.leave()
    wait = reading.retry_after(response.headers.get("Retry-After"), options.clock.now())
    return response.status_code, refused(response.status_code, address, retry_after=wait)


def _sent(  # noqa: PLR0917 - handed on as they are
    method: str,
    address: str,
    headers: dict[str, str],
    credential: Credential | None,
    sessions: Sessions,
    options: TransferOptions,
    body: object,
) -> requests.Response:
    """Send it with a credential, and return the answer, closed."""
    own = headers if credential is None else {**headers, "Authorization": credential.header}
    response = sent(method, address, own, sessions=sessions, options=options, body=body)
    with Quiet():
        response.close()
    return response
