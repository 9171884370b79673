"""Sends one request, with its body if it has one, and no more."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, Protocol

import requests
import urllib3

from store.addresses import public
from store.clock import SYSTEM_CLOCK
from store.config.credential import Credential
from store.errors import ConfigurationError
from store.transports.base import TransferOptions
from store.transports.deadlines import begun, current, keeping
from store.transports.http.errors import HTTPTimeoutError
from store.transports.http.mapping import raised
from store.transports.http.redirects import Hop, headers_for
from store.transports.http.sessions import Quiet, Sessions

log = logging.getLogger(__name__)

_SLOWEST: Final = 4 << 20
"""How fast a server takes up what it was sent at least, before it answers: 4 MiB a second."""


class Posted(Protocol):
    """What goes along with a request."""

    @property
    def headers(self) -> Mapping[str, str]:
        """What is said of it: its type, and its length where it is streamed."""
        ...

    @property
    def size(self) -> int:
        """Its length in bytes."""
        ...

    def data(self) -> bytes | Iterator[bytes]:
        """Return its bytes, or what gives them piece by piece; from the beginning at each call."""
        ...


class Sending(NamedTuple):
    """The method of a request, and what goes along."""

    method: str
    posted: Posted | None = None


GET: Final = Sending("GET")
"""Asks for a body."""


def send(  # noqa: PLR0917 - one call, of one place
    sessions: Sessions,
    options: TransferOptions,
    hop: Hop,
    asked: Mapping[str, str],
    credential: Credential | None,
    sending: Sending,
) -> requests.Response:
    """Return the answer, its body unread.

    A server that takes a large body may need some time to keep it before it answers: its silence is
    borne a second longer for each 4 MiB.

    Raises:
        HTTPRequestError: No answer came.
        ConfigurationError: The certificates to trust are not to be found.
    """
    bounds = options.bounds
    left = current(options.clock).left()
    if left <= 0:
        shown = public(hop.address)
        raise HTTPTimeoutError(f"{shown}: the deadline has passed", url=shown)
    request, size = _spelled(hop, asked, credential, sending)
    patience = min(bounds.read_timeout + size / _SLOWEST, left)
    try:
        # Whoever sends headers for ever is as good as silent.
        silence = bounds.connect_timeout + bounds.stall_timeout + size / bounds.minimum_rate
        with Quiet(), keeping(begun(SYSTEM_CLOCK, silence)):
            response = sessions.adapter().send(
                request.prepare() if sending.posted is None else _carrying(request, sending.posted),
                stream=True,
                timeout=(min(bounds.connect_timeout, left), patience),
                proxies=sessions.proxies_for(hop.address),
                verify=sessions.trusted_at(hop.address),
                cert=sessions.certificate_for(hop.address),
            )
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        failure = raised(error, hop.address)
        if type(error) is OSError and sessions.trusted_at(hop.address) is not True:
            failure = _no_bundle(str(sessions.trusted_at(hop.address)))
    else:
        log.debug("%s answered %s", public(hop.address), response.status_code)
        return response
    raise failure


def _spelled(
    hop: Hop, asked: Mapping[str, str], credential: Credential | None, sending: Sending
) -> tuple[requests.Request, int]:
    """Return a request without its body, and the body's length in bytes."""
    headers = headers_for(hop, asked)
    if credential is not None:
        headers["Authorization"] = credential.header
    posted = sending.posted
    headers.update({} if posted is None else posted.headers)
    request = requests.Request(sending.method, hop.address, headers=headers)
    return request, 0 if posted is None else posted.size


def _carrying(request: requests.Request, posted: Posted) -> requests.PreparedRequest:
    """Return a request with its body; requests itself would send in chunks what it cannot measure."""
    prepared = request.prepare()
    body: Any = posted.data()
    prepared.body = body
    return prepared


def _no_bundle(bundle: str) -> ConfigurationError:
    return ConfigurationError(
        f"the certificates to trust are looked for at {bundle}, where there are none: mend"
        " REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, SSL_CERT_FILE or SSL_CERT_DIR",
        key="REQUESTS_CA_BUNDLE",
        path=bundle,
    )
