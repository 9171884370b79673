"""Asks as it is told: any method, headers and body, one answer."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import requests
import urllib3

from store.addresses import public
from store.clock import SYSTEM_CLOCK
from store.errors import ConfigurationError, TooLargeError
from store.transports.base import TransferOptions
from store.transports.bulk import AHEAD, Bulk
from store.transports.crowding import enter
from store.transports.deadlines import begun, current, keeping
from store.transports.http import headers as reading
from store.transports.http.bodies import HttpStream
from store.transports.http.bulk import HttpBulk
from store.transports.http.errors import HTTPTimeoutError, HTTPTruncatedError
from store.transports.http.mapping import raised
from store.transports.http.sessions import Quiet, Sessions
from store.transports.http.wire import Spelling
from store.transports.limiting import limiter_for

log = logging.getLogger(__name__)

_PIECE: Final = 256 << 10
"""How much is given to the connection at once, in bytes: each has the whole patience for itself."""

_LARGEST: Final = 64 << 20
"""The largest answer that is read whole, in bytes."""


_BUNDLES: Final = "ca_bundle, AWS_CA_BUNDLE or REQUESTS_CA_BUNDLE"
"""Where the authorities to trust are named, for messages."""


class Answer:
    """What a server answered; to be closed.

    Args:
        response: The answer, its body unread.
        stream: Its body.

    Attributes:
        status: Its status.
        headers: Its headers; their names in any case.
        stream: Its body.
    """

    def __init__(self, response: requests.Response, stream: HttpStream) -> None:
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self.stream = stream

    def retry_after(self) -> float | None:
        """Return the seconds that the server asks to wait, or None."""
        return reading.retry_after(self.headers.get("Retry-After"), SYSTEM_CLOCK.now())

    def part(self, start: int, end: int | None) -> int:
        """Return the whole body's size, the answer being the very part that was asked for.

        Raises:
            ValueError: It is another part, or does not say which.
        """
        told = self.headers.get("Content-Range")
        return reading.content_range(told, start, self.stream.size, end)

    def read(self) -> bytes:
        """Return the whole body, and give the connection back.

        Raises:
            TooLargeError: It is larger than 64 MiB.
            TransportError: It did not come.
        """
        found = bytearray()
        buffer = memoryview(bytearray(_PIECE))
        with contextlib.closing(self.stream):
            while count := self.stream.readinto(buffer):
                found += buffer[:count]
                if len(found) > _LARGEST:
                    raise TooLargeError(
                        f"{self.stream.address}: the answer is larger than {_LARGEST} bytes",
                        limit=_LARGEST,
                        url=self.stream.address,
                    )
        return bytes(found)


class Asker:
    """Sends requests that others have made and signed; no redirect is followed, nothing is tried again.

    No credentials of ours are added. Safe for many threads; a fork's child opens connections of its own.

    Args:
        options: The bounds, and what limits the connections.
        bundle: A PEM file of the certificates to trust; None takes the environment's, or the machine's.
    """

    def __init__(self, options: TransferOptions, bundle: Path | None = None) -> None:
        variables = dict(os.environ)
        if bundle is not None:
            variables["REQUESTS_CA_BUNDLE"] = str(bundle)
        self._options = options
        self._sessions = Sessions(variables)

    def ask(
        self,
        method: str,
        address: str,
        headers: Mapping[str, str],
        *,
        body: bytes | memoryview = b"",
        patience: float = 0.0,
    ) -> Answer:
        """Send one request and return its answer, whatever its status.

        Args:
            method: The method.
            address: What is asked, its path and query spelled as they are to be sent.
            headers: What is sent with it.
            body: What is sent along.
            patience: How many seconds the server may take beyond the bounds to answer.

        Raises:
            TransportTimeoutError: No connection or no answer in time.
            TransportError: The connection could not be made, or broke.
            ConfigurationError: The certificates to trust are not to be found.
        """
        shown = public(address)
        options = self._options
        if current(options.clock).left() <= 0:
            raise HTTPTimeoutError(f"{shown}: the deadline has passed", url=shown)
        seat = enter(address, options.per_host, options.clock)
        try:
            response = self._send(method, address, headers, body, patience=patience)
        except BaseException:
            seat.leave()
            raise
        log.debug("%s %s answered %s", method, shown, response.status_code)
        try:
            stream = HttpStream(
                response,
                address,
                length=0 if method == "HEAD" else _length(response, shown),
                read_timeout=min(options.bounds.read_timeout, options.bounds.stall_timeout),
                deadline=current(options.clock),
                seat=seat,
                limiter=limiter_for(options.limit_rate, options.clock),
            )
        except BaseException:
            seat.leave()
            with contextlib.suppress(OSError), Quiet():
                response.close()
            raise
        stream.size = _length(response, shown)
        return Answer(response, stream)

    def bulk(
        self, address: str, spelling: Spelling, *, connections: int, largest: int
    ) -> Bulk | None:
        """Return what asks for many small bodies of one origin; None where it cannot be had.

        None behind a proxy, at a limited rate, and where the origin cannot be reached anyway. Whoever is
        told of an answer holds it against the object's tag or digest: a few requests are under way at once.

        Args:
            address: Any address of that origin.
            spelling: Spells the requests.
            connections: How many connections there are at most.
            largest: The largest body that is read so, in bytes.
        """
        options = self._options
        if options.limit_rate is not None or self._sessions.proxies_for(address):
            return None
        try:
            pool = self._sessions.pool(address)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError):
            return None  # whoever asks in the usual way is told why
        most = min(connections, options.per_host)
        return HttpBulk(
            pool, spelling, address, options, connections=most, largest=largest, ahead=AHEAD
        )

    def close(self) -> None:
        """Close the idle connections of this process."""
        self._sessions.close()

    def _send(
        self,
        method: str,
        address: str,
        headers: Mapping[str, str],
        body: bytes | memoryview,
        *,
        patience: float,
    ) -> requests.Response:
        bounds = self._options.bounds
        left = current(self._options.clock).left()
        try:
            prepared = _prepared(method, address, headers, body)
            head = begun(SYSTEM_CLOCK, bounds.connect_timeout + bounds.stall_timeout + patience)
            with Quiet(), keeping(head):
                return self._sessions.adapter().send(
                    prepared,
                    stream=True,
                    timeout=(
                        min(bounds.connect_timeout, left),
                        min(bounds.read_timeout + patience, left),
                    ),
                    proxies=self._sessions.proxies_for(address),
                    verify=self._sessions.bundle or True,
                )
        except (
            requests.RequestException,
            urllib3.exceptions.HTTPError,
            OSError,
            ValueError,
        ) as error:
            failure = raised(error, address, trusting=_BUNDLES)
            if type(error) is OSError and self._sessions.bundle is not None:
                failure = _no_bundle(self._sessions.bundle)
        raise failure


def _no_bundle(bundle: str) -> ConfigurationError:
    return ConfigurationError(
        f"the certificates to trust are looked for at {bundle}, where there are none: mend"
        f" {_BUNDLES}",
        key="ca_bundle",
        path=bundle,
    )


def _prepared(
    method: str, address: str, headers: Mapping[str, str], body: bytes | memoryview
) -> requests.PreparedRequest:
    sent = dict(headers)
    if body or method in {"PUT", "POST"}:
        sent["Content-Length"] = str(len(body))
    prepared = requests.Request(method, address.partition("?")[0], headers=sent).prepare()
    prepared.url = address  # as it was signed: to prepare an address resolves the dots in it
    prepared.headers.update(sent)  # to prepare no body says that it has 0 bytes
    prepared.body = _pieces(body) if len(body) else None  # type: ignore[assignment]
    return prepared


def _pieces(body: bytes | memoryview) -> Iterator[memoryview]:
    whole = memoryview(body)
    for begin in range(0, len(whole), _PIECE):
        yield whole[begin : begin + _PIECE]


def _length(response: requests.Response, shown: str) -> int | None:
    headers: Any = response.raw.headers
    try:
        return reading.framed_length(
            headers.getlist("Content-Length"), headers.get("Transfer-Encoding")
        )
    except ValueError as error:
        raise HTTPTruncatedError(f"{shown}: the server announces {error}", url=shown) from None
