"""Addresses, with their secrets told apart from what may be shown."""

from __future__ import annotations

import hashlib
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """The scheme, host and port that credentials are bound to (RFC 6454)."""

    scheme: str
    host: str
    port: int | None

    def __str__(self) -> str:
        """Return the origin as an address, the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        if self.port is None or self.port == _DEFAULT_PORTS.get(self.scheme):
            return f"{self.scheme}://{host}"
        return f"{self.scheme}://{host}:{self.port}"


def origin_of(address: str) -> Origin:
    """Return the origin of an address.

    Raises:
        ValueError: The port is not a number.
    """
    parts = urlsplit(address)
    scheme = parts.scheme.lower()
    return Origin(scheme, parts.hostname or "", parts.port or _DEFAULT_PORTS.get(scheme))


def public(address: str) -> str:
    """Return an address as it may be shown: without user, password, query and fragment.

    What cannot be parsed is not shown at all, since a secret may stand anywhere in it.
    """
    if "://" not in address:
        return address
    try:
        parts = urlsplit(address)
        return urlunsplit(SplitResult(parts.scheme, _host(parts), parts.path, "", ""))
    except ValueError:
        return "(an address that cannot be parsed)"


def without_userinfo(address: str) -> str:
    """Return an address without user and password, its query kept."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=_host(parts)))


def userinfo(address: str) -> tuple[str, str] | None:
    """Return the user and password that stand in an address, decoded, or None."""
    parts = urlsplit(address)
    if parts.username is None:
        return None
    return unquote(parts.username), unquote(parts.password or "")


def fingerprint(address: str) -> str:
    """Return 64 hexadecimal digits that stand for the whole address, its query included.

    User, password and fragment do not take part: they do not name another resource.
    """
    parts = urlsplit(address)
    whole = urlunsplit(parts._replace(netloc=_host(parts), fragment=""))
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


def label(address: str) -> str:
    """Return the last segment of an address's path, decoded: a name for people, not a path."""
    return unquote(urlsplit(address).path.rstrip("/").rpartition("/")[2])


def _host(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]
