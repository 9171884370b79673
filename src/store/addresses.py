"""Addresses, with their secrets told apart from what may be shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

_DEFAULT_PORTS: Final[Mapping[str, int]] = {"http": 80, "https": 443}

UNPARSED: Final = "(an address that cannot be parsed)"
"""What is shown instead of an address that cannot be parsed."""

# Patterns stay text until they are first used: to compile these takes 2 ms of a warm fetch.
_MISSPELT: Final = (
    r"(?i)\s*(?:(?:https?|ftps?|wss?|s3|gs|az):|(?:[a-z][a-z0-9+.-]+:)?[/\\]+[^/\\]*@)"
)
"""What begins like an address although it has no ``://``."""

_NESTED_USER: Final = r"//[^/]*@"
"""User and password of an address that stands in the path of another."""

_ADDRESS: Final = r"[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"<>]+"
_QUERY: Final = r"\?[^\s'\"<>)]+"
"""What stands in a text for people, and may hold a secret: an address, and a query without its address."""


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
        ValueError: It cannot be parsed, or the port is not a number.
    """
    parts = urlsplit(address)
    port = parts.port
    if port is None:
        port = _DEFAULT_PORTS.get(parts.scheme)
    return Origin(parts.scheme, parts.hostname or "", port)


def public(address: str) -> str:
    """Return an address as it may be shown: without user, password, query and fragment.

    What cannot be parsed, or was meant for an address and is misspelt, is not shown at all, since a
    secret may stand anywhere in it. A path, or a locator without ``://``, is shown whole. Nothing in the
    answer moves a terminal.
    """
    if "://" not in address:
        # The pattern is compiled only for what might fit: most locators that come here do not.
        doubtful = ":" in address or "@" in address
        return UNPARSED if doubtful and re.match(_MISSPELT, address) else _printable(address)
    try:
        parts = urlsplit(address)
        _ = parts.port  # a password with a slash in it looks like a port that is none
    except ValueError:
        return UNPARSED
    path = parts.path
    if parts.scheme != "file":
        if not parts.scheme or (not parts.netloc and "@" in path):
            return UNPARSED
        path = re.sub(_NESTED_USER, "//", path) if "@" in path else path
    return _printable(f"{parts.scheme}://{_host(parts)}{path}")


def public_query(query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a query as it may be shown: each address in it as `public` has it."""
    return {key: _public_value(value) for key, value in query.items()}


def _public_value(value: Any) -> Any:  # noqa: ANN401 - whatever a query holds
    if isinstance(value, str):
        return public(value)
    if isinstance(value, Mapping):
        return public_query(value)
    if isinstance(value, list | tuple):
        return [_public_value(one) for one in value]
    return value


def without_userinfo(address: str) -> str:
    """Return an address without user and password, its query kept.

    Raises:
        ValueError: It cannot be parsed.
    """
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=_host(parts)))


def userinfo(address: str) -> tuple[str, str] | None:
    """Return the user and password that stand in an address, decoded, or None.

    Raises:
        ValueError: It cannot be parsed.
    """
    parts = urlsplit(address)
    if not parts.username and not parts.password:
        return None
    return unquote(parts.username or ""), unquote(parts.password or "")


def without_secrets(text: str) -> str:
    """Return a foreign text, such as an exception's, with its addresses cut to what may be shown."""
    return re.sub(_QUERY, "?…", re.sub(_ADDRESS, lambda found: public(found[0]), text))


def fingerprint(address: str) -> str:
    """Return 64 hexadecimal digits that stand for the whole address, its query included.

    User, password and fragment do not take part: they do not name another resource.

    Raises:
        ValueError: It cannot be parsed.
    """
    import hashlib

    parts = urlsplit(address)
    whole = urlunsplit(parts._replace(netloc=_host(parts), fragment=""))
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


def label(address: str) -> str:
    """Return the last segment of an address's path, decoded: a name for people, not a path.

    Of a path on this machine it is the last component as it stands; of what cannot be parsed, nothing.
    """
    if "://" not in address:
        return address.rstrip("/").rpartition("/")[2]
    try:
        path = urlsplit(address).path
    except ValueError:
        return ""
    return unquote(path.rstrip("/").rpartition("/")[2])


def _host(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else quote(one, errors="replace") for one in text)
