"""Sends one request whose answer is small: no body for a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, NamedTuple

import requests
import urllib3

from store.addresses import public
from store.errors import OfflineError
from store.transports.base import TransferOptions
from store.transports.deadlines import current, keeping
from store.transports.http.errors import HTTPTimeoutError
from store.transports.http.mapping import raised
from store.transports.http.sessions import Quiet, Sessions

_LARGEST: Final = 1 << 16
"""How much of an answer is read, in bytes."""


class Answered(NamedTuple):
    """What a server answered: a status, and as much of its body as tells why."""

    status: int
    body: bytes


def send(
    method: str,
    address: str,
    *,
    options: TransferOptions,
    body: bytes = b"",
    bundle: Path | None = None,
) -> Answered:
    """Send one request, over a connection of its own; no redirect is followed, nothing is tried again.

    Args:
        method: Such as ``PUT``.
        address: Where to; its query may hold a signature, and is told nobody.
        options: The bounds.
        body: What is sent along.
        bundle: A PEM file of the certificates to trust; None takes the environment's, or the machine's.

    Raises:
        OfflineError: The network is not to be used.
        TransportTimeoutError: No connection or no answer in time.
        TransportError: The connection could not be made, or broke.
    """
    shown = public(address)
    if options.offline:
        raise OfflineError(
            f"{shown} would have to be asked, and the network is not to be used: go without --offline"
            " (STORE_OFFLINE)",
            missing=(shown,),
        )
    deadline = current(options.clock)
    left = deadline.left()
    if left <= 0:
        raise HTTPTimeoutError(f"{shown}: the deadline has passed", url=shown)
    variables = dict(os.environ)
    if bundle is not None:
        variables["REQUESTS_CA_BUNDLE"] = str(bundle)
    sessions = Sessions(variables)
    bounds = options.bounds
    try:
        request = requests.Request(method, address, data=body).prepare()
        with Quiet(), keeping(deadline):
            response = sessions.adapter().send(
                request,
                stream=True,
                timeout=(min(bounds.connect_timeout, left), min(bounds.read_timeout, left)),
                proxies=sessions.proxies_for(address),
                verify=sessions.bundle or True,
            )
            return Answered(response.status_code, response.raw.read(_LARGEST) or b"")
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        failure = raised(error, address)
    finally:
        sessions.close()
    raise failure
