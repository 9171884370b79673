"""Sends one request, within its bounds, and maps what goes wrong."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

import requests
import urllib3

from store.addresses import public
from store.clock import SYSTEM_CLOCK
from store.errors import ConfigurationError
from store.transports.base import TransferOptions
from store.transports.deadlines import begun, current, keeping
from store.transports.http.errors import HTTPTimeoutError
from store.transports.http.mapping import raised
from store.transports.http.sessions import Quiet, Sessions

log = logging.getLogger(__name__)


_FOREIGN: Final = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    OSError,
    ValueError,
)


def sent(
    method: str,
    address: str,
    headers: Mapping[str, str],
    *,
    sessions: Sessions,
    options: TransferOptions,
    body: Any = None,  # noqa: ANN401 - bytes, or what can be read
    longer: float = 0.0,
) -> requests.Response:
    """Send a request and return its answer, the body of which is not read yet; nothing is followed.

    Args:
        method: ``GET``, ``HEAD``, ``PUT``, ….
        address: Where it goes, without user and password.
        headers: All that it says.
        sessions: The connections, proxies and certificates.
        options: The bounds.
        body: What is put, or None.
        longer: By how much longer the server may be silent than the bounds allow, in seconds.

    Raises:
        HTTPTimeoutError: The deadline has passed, or nothing came in time.
        HTTPConnectionError: There is no connection, or it broke.
        ConfigurationError: The certificates to trust are not where a variable says.
    """
    bounds = options.bounds
    left = current(options.clock).left()
    if left <= 0:
        shown = public(address)
        raise HTTPTimeoutError(f"{shown}: the deadline has passed", url=shown)
    # Whoever sends headers for ever is as good as silent; a body of ours may take its time.
    patience = None if body is not None else bounds.connect_timeout + bounds.stall_timeout
    try:
        request = requests.Request(method, address, headers=dict(headers), data=body).prepare()
        with Quiet(), keeping(begun(SYSTEM_CLOCK, patience)):
            response = sessions.adapter().send(
                request,
                stream=True,
                timeout=(
                    min(bounds.connect_timeout, left),
                    min(bounds.read_timeout + longer, left),
                ),
                proxies=sessions.proxies_for(address),
                verify=sessions.trusted_at(address),
                cert=sessions.certificate_for(address),
            )
    except _FOREIGN as error:
        failure = raised(error, address)
        trusted = sessions.trusted_at(address)
        if type(error) is OSError and trusted is not True:
            failure = _no_bundle(str(trusted))
    else:
        log.debug("%s answered %s", public(address), response.status_code)
        return response
    raise failure


def _no_bundle(bundle: str) -> ConfigurationError:
    return ConfigurationError(
        f"the certificates to trust are looked for at {bundle}, where there are none: mend"
        " REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, SSL_CERT_FILE or SSL_CERT_DIR",
        key="REQUESTS_CA_BUNDLE",
        path=bundle,
    )
