"""Keeps connections: one set a process, nothing of it over a fork."""

from __future__ import annotations

import ipaddress
import logging
import os
import threading
import urllib.request
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import requests

from store.addresses import origin_of
from store.transports.http.connections import Adapter
from store.transports.tls import Tls

_POOLS: Final = 16
"""How many origins keep their connections."""

_CONNECTIONS: Final = 32
"""How many idle connections are kept to one origin."""

_BUNDLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""The variables that name the certificates to trust, the first that is set wins."""

_LOGGERS: Final = (
    "urllib3.connection",
    "urllib3.connectionpool",
    "urllib3.poolmanager",
    "urllib3.response",
    "urllib3.util.retry",
)
"""Loggers that write whole addresses, queries included."""


class Sessions:
    """One requests adapter, with its connections, for each process that asks; safe for many threads.

    The adapter rather than a ``requests.Session``: a session reads the bodies of redirects, keeps cookies,
    and takes netrc and proxies from the environment at each request.

    The environment is read once, when it is made: proxies, exceptions from them, and certificates.

    Args:
        environment: The variables; None takes the process's own.
        tls: Whom to trust, and how to show oneself, at one origin.
    """

    def __init__(
        self, environment: Mapping[str, str] | None = None, *, tls: Tls | None = None
    ) -> None:
        self._tls = tls
        self._private = None if tls is None else origin_of(tls.origin)
        variables = os.environ if environment is None else environment
        self.bundle = next((variables[one] for one in _BUNDLES if variables.get(one)), None)
        self._proxies = _proxies(variables)
        self._exceptions = self._proxies.pop("no", "")
        # Dictionary operations are atomic, so that no lock can be held by a thread that a fork left behind.
        self._by_process: dict[int, Adapter] = {}

    def adapter(self) -> Adapter:
        """Return the adapter of this process."""
        process = os.getpid()
        found = self._by_process.get(process)
        return found or self._by_process.setdefault(process, _new_adapter())

    def pool(self, address: str) -> Any:  # noqa: ANN401 - urllib3's
        """Return urllib3's pool of the connections to an address's origin, with no proxy between.

        Raises:
            OSError: The certificates to trust are not to be found.
            RequestException: The address cannot be asked.
        """
        request = requests.Request("GET", address).prepare()
        verify, certificate = self.trusted_at(address), self.certificate_for(address)
        adapter = self.adapter()
        pool = adapter.get_connection_with_tls_context(
            request, verify, proxies={}, cert=certificate
        )
        adapter.cert_verify(pool, address, verify, certificate)  # type: ignore[no-untyped-call, unused-ignore]
        return pool

    def trusted_at(self, address: str) -> str | bool:
        """Return where the certificates to trust at an address lie; True for the usual ones."""
        own = self._own(address)
        return (None if own is None else own.authorities) or self.bundle or True

    def certificate_for(self, address: str) -> str | tuple[str, str] | None:
        """Return the path of the certificate to show at an address, with its key's; or None."""
        own = self._own(address)
        if own is None or own.certificate is None:
            return None
        return own.certificate if own.key is None else (own.certificate, own.key)

    def _own(self, address: str) -> Tls | None:
        return self._tls if self._tls is not None and origin_of(address) == self._private else None

    def proxies_for(self, address: str) -> dict[str, str]:
        """Return the proxies for an address, by scheme; none where ``no_proxy`` excepts its host."""
        parts = urlsplit(address)
        if not self._proxies or _excepted(parts.hostname or "", parts.port, self._exceptions):
            return {}
        return self._proxies

    def close(self) -> None:
        """Close the idle connections of this process."""
        adapter = self._by_process.pop(os.getpid(), None)
        if adapter is not None:
            adapter.close()  # type: ignore[no-untyped-call, unused-ignore]


class Quiet:
    """While it is entered, what urllib3 logs in this thread is dropped: it writes queries in full."""

    def __enter__(self) -> None:
        """Begin to drop."""
        _silence.depth = getattr(_silence, "depth", 0) + 1

    def __exit__(self, *_: object) -> None:
        """Stop dropping."""
        _silence.depth -= 1


_silence = threading.local()


def _drop(_: logging.LogRecord) -> bool:
    return not getattr(_silence, "depth", 0)


def _new_adapter() -> Adapter:
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_drop)  # a second time changes nothing
    return Adapter(pool_connections=_POOLS, pool_maxsize=_CONNECTIONS, max_retries=0)


def _proxies(variables: Mapping[str, str]) -> dict[str, str]:
    if variables is os.environ:
        return dict(urllib.request.getproxies_environment())
    found = {}
    for name, value in variables.items():
        if value and name.lower().endswith("_proxy"):
            found[name.lower().removesuffix("_proxy")] = value
    return found


def _excepted(host: str, port: int | None, exceptions: str) -> bool:
    """Whether ``no_proxy`` names the host: ``*``, a name, a domain, ``host:port``, or a network."""
    for one in (entry.strip().lower() for entry in exceptions.split(",")):
        name = one.lstrip("*").lstrip(".")
        if one == "*" or (
            name and (host == name or host.endswith(f".{name}") or f"{host}:{port}" == name)
        ):
            return True
        try:
            if "/" in one and ipaddress.ip_address(host) in ipaddress.ip_network(one, strict=False):
                return True
        except ValueError:
            continue
    return False
