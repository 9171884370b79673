"""Opens http and https addresses, and takes only content for content."""

from __future__ import annotations

import logging
from typing import ClassVar
from urllib.parse import urlsplit

import requests
import urllib3

from store.addresses import public
from store.config.credential import Credential
from store.errors import OfflineError
from store.transports.base import Conditions, Stream, TransferOptions
from store.transports.bulk import Bulk, BulkTransport
from store.transports.crowding import Seat, enter
from store.transports.deadlines import current
from store.transports.http import headers as reading
from store.transports.http.asking import GET, Sending, asked_with
from store.transports.http.bodies import HttpStream
from store.transports.http.errors import (
    HTTPRequestError,
    HTTPStatusError,
    HTTPTruncatedError,
)
from store.transports.http.mapping import refused
from store.transports.http.redirects import STATUSES, Hop, first_hop, headers_for, next_hop
from store.transports.http.sending import sent
from store.transports.http.sessions import Quiet, Sessions
from store.transports.limiting import limiter_for
from store.transports.routing import refuse

log = logging.getLogger(__name__)

_WHOLE = 200
_PART = 206
_NOT_MODIFIED = 304
_UNAUTHORIZED = 401


class HttpTransport(BulkTransport):
    """Speaks HTTP through requests; asks once, and leaves trying again to those above.

    Bodies are read as they are sent (``Accept-Encoding: identity``) and redirects are followed by hand.
    Proxies (``HTTP_PROXY``, ``NO_PROXY``, …) and certificates (``REQUESTS_CA_BUNDLE``, ``CURL_CA_BUNDLE``,
    ``SSL_CERT_FILE``, ``SSL_CERT_DIR``) are read from the environment when it is made. Safe for many
    threads; a fork's child opens connections of its own.

    Args:
        options: How bytes are to be moved.

    Attributes:
        sessions: Its connections, for whoever asks for more than a body.
    """

    schemes: ClassVar[tuple[str, ...]] = ("http", "https")

    def __init__(self, options: TransferOptions | None = None) -> None:
        super().__init__(options)
        self.sessions = Sessions(tls=self.options.tls)

    def open_stream(
        self, address: str, offset: int = 0, *, conditions: Conditions | None = None
    ) -> Stream:
        """Ask for a body, following redirects; see `Transport.open_stream`."""
        if self.options.offline:
            shown = public(address)
            raise OfflineError(
                f"{shown} would have to be asked, and the network is not to be used:"
                " go without --offline (STORE_OFFLINE)",
                missing=(shown,),
            )
        asked = asked_with(offset, conditions, self.options.user_agent)
        try:
            hop = first_hop(address)
        except ValueError:
            raise HTTPRequestError(
                f"{public(address)}: the address cannot be parsed",
                url=public(address),
                transient=False,
            ) from None
        while True:
            seat = enter(hop.address, self.options.per_host, self.options.clock)
            response = self.answer(hop, asked, seat)
            location = response.headers.get("Location")
            if response.status_code not in STATUSES or location is None:
                break
            close(response, seat)
            before, hop = hop, next_hop(hop, _decoded(location), self.options.bounds)
            refuse(hop.address, self.options.routes, redirected=before.address)
        try:
            return self._body(response, hop, offset, conditions, seat)
        except BaseException:
            close(response, seat)
            raise

    def bulk(self, address: str, *, connections: int, largest: int, ahead: int = 1) -> Bulk | None:
        """Return what asks an origin for many small bodies.

        None behind a proxy, at a limited rate, and where secrets are given for some of its paths alone.
        """
        credentials = self.options.credentials
        if self.options.offline or self.options.limit_rate is not None:
            return None
        from store.transports.http.bulk import HttpBulk
        from store.transports.http.wire import Requests

        try:
            if self.sessions.proxies_for(address) or credentials.depend_on_path(address):
                return None
            credential = credentials.find(address)
            pool = self.sessions.pool(address)
            hop = first_hop(address)
            parts = urlsplit(hop.address)
            asked = asked_with(0, None, self.options.user_agent)
            headers = {"Host": parts.netloc, **headers_for(hop, asked)}
            if credential is not None:
                headers["Authorization"] = credential.header
            asking = Requests(f"{parts.scheme}://{parts.netloc}", headers)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError):
            return None  # whoever asks in the usual way is told why
        most = min(connections, self.options.per_host)
        return HttpBulk(
            pool,
            asking,
            hop.address,
            self.options,
            connections=most,
            largest=largest,
            ahead=ahead,
        )

    def close(self) -> None:
        """Close the idle connections of this process; the transport may be used again."""
        self.sessions.close()

    def answer(
        self, hop: Hop, asked: dict[str, str], seat: Seat, sending: Sending = GET
    ) -> requests.Response:
        """Return the answer to one request, or leave the seat; for this room.

        Args:
            hop: Where it goes.
            asked: The headers, but for credentials.
            seat: The seat at the origin.
            sending: The method, and what goes along.
        """
        try:
            return self._challenged(hop, asked, sending)
        except BaseException:
            seat.leave()
            raise

    def _challenged(self, hop: Hop, asked: dict[str, str], sending: Sending) -> requests.Response:
        """Ask with the credentials that are at hand; where they will not do, with those of the keyring."""
        credentials = self.options.credentials
        credential = None if hop.trusted is None else credentials.find(hop.trusted)
        response = self._send(hop, asked, credential, sending)
        if response.status_code != _UNAUTHORIZED or hop.trusted is None:
            return response
        kept = credentials.find_challenged(hop.trusted)
        if kept is None or kept == credential:
            return response
        close(response)
        return self._send(hop, asked, kept, sending)

    def _send(
        self, hop: Hop, asked: dict[str, str], credential: Credential | None, sending: Sending
    ) -> requests.Response:
        headers = headers_for(hop, asked)
        if credential is not None:
            headers["Authorization"] = credential.header
        posted = sending.posted
        return sent(
            sending.method,
            hop.address,
            headers if posted is None else {**headers, **posted.headers},
            sessions=self.sessions,
            options=self.options,
            body=None if posted is None else posted.data(),
            longer=0.0 if posted is None else posted.patience,
        )

    def _body(
        self,
        response: requests.Response,
        hop: Hop,
        offset: int,
        conditions: Conditions | None,
        seat: Seat,
    ) -> Stream:
        status = response.status_code
        until = None if conditions is None else conditions.until
        partial = status == _PART and (offset > 0 or until is not None)
        unmodified = status == _NOT_MODIFIED and conditions is not None
        if not (status == _WHOLE or partial or unmodified):
            raise self._refused(response, hop)
        length = 0 if unmodified else announced_length(response, hop)
        stream = HttpStream(
            response,
            hop.address,
            length=length,
            read_timeout=min(self.options.bounds.read_timeout, self.options.bounds.stall_timeout),
            deadline=current(self.options.clock),
            seat=seat,
            limiter=limiter_for(self.options.limit_rate, self.options.clock),
        )
        headers = response.headers
        stream.content_type = headers.get("Content-Type")
        stream.etag = headers.get("ETag")
        stream.last_modified = headers.get("Last-Modified")
        stream.filename = reading.suggested_name(headers.get("Content-Disposition"))
        stream.accepts_ranges = partial or "bytes" in headers.get("Accept-Ranges", "").lower()
        stream.not_modified = unmodified
        stream.size = None if unmodified else length
        if partial:
            stream.offset = offset
            told = headers.get("Content-Range")
            try:
                stream.size = reading.content_range(told, offset, length, until)
            except ValueError as error:
                raise _misplaced(hop, error) from None
        return stream

    def _refused(self, response: requests.Response, hop: Hop) -> Exception:
        if response.status_code == _PART:
            shown = public(hop.address)
            return HTTPStatusError(
                f"{shown}: the server sent a part that was not asked for",
                url=shown,
                status=_PART,
                transient=False,
            )
        wait = reading.retry_after(response.headers.get("Retry-After"), self.options.clock.now())
        return refused(response.status_code, hop.address, retry_after=wait)


def announced_length(response: requests.Response, hop: Hop) -> int | None:
    """Return the announced length of what is to come; only plain framings and encodings are taken.

    Raises:
        HTTPRequestError: It is in another encoding than asked for.
        HTTPTruncatedError: The lengths it announces make no sense.
    """
    headers = response.raw.headers
    shown = public(hop.address)
    coding = response.headers.get("Content-Encoding")
    if reading.encoded(coding, urlsplit(hop.address).path):
        raise HTTPRequestError(
            f"{shown}: the server sends the content in the encoding {coding!r}, though it was asked not to;"
            " what would be kept is not the resource",
            url=shown,
            status=response.status_code,
            transient=False,
        )
    try:
        return reading.framed_length(
            headers.getlist("Content-Length"), headers.get("Transfer-Encoding")
        )
    except ValueError as error:
        raise HTTPTruncatedError(f"{shown}: the server announces {error}", url=shown) from None


def _misplaced(hop: Hop, error: ValueError) -> HTTPStatusError:
    shown = public(hop.address)
    return HTTPStatusError(
        f"{shown}: the server answered with {error}", url=shown, status=_PART, transient=False
    )


def _decoded(location: str) -> str:
    """Return a ``Location`` as it was meant: what is not ASCII is UTF-8, though read as Latin-1."""
    try:
        return location.encode("latin-1").decode()
    except UnicodeError:
        return location


def close(response: requests.Response, seat: Seat | None = None) -> None:
    """Close an answer's connection, and leave its seat."""
    with Quiet():
        response.close()
    if seat is not None:
        seat.leave()
