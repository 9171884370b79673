"""Patterns of addresses: what they match, and what becomes of it.

A pattern is an address with ``*`` for any text within one segment and ``**`` for any text, slashes included.
The host is one segment. A pattern that ends with a slash, or has no path, means all below it.
"""

from __future__ import annotations

import functools
import re
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

from store.addresses import Origin, origin_of

_PATTERN: Final = r"([A-Za-z][A-Za-z0-9+.-]*|\*)://([^/]*)(/.*)?"
_WILDCARD: Final = r"(\*+)"
_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}
_UNRESERVED: Final = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
)
"""What means the same escaped and plain (RFC 3986, section 2.3)."""


def normal_pattern(text: str) -> str:
    """Return a pattern in the one spelling that is compared: scheme and host in lower case, no idle port.

    Raises:
        ValueError: It is none, or its host is none; the message follows what it is said of, and holds no
            secret.
    """
    match = re.fullmatch(_PATTERN, text)
    if match is None or not text.isprintable() or " " in text:
        raise ValueError("is no pattern of addresses: write such as 'https://host/path/**'")
    if "?" in text or "#" in text:
        raise ValueError("holds a query or fragment: a pattern ends with the path")
    scheme, host, path = match[1].lower(), match[2].lower(), match[3] or "/"
    if "@" in host:
        raise ValueError("holds a user or password: give them as credentials of the origin")
    if "***" in text:
        raise ValueError("holds '***': write '*' within a segment, '**' across segments")
    host = _ascii(host.removesuffix(_DEFAULT_PORTS.get(scheme, "\0")))
    return f"{scheme}://{host}{path}{'**' if path.endswith('/') else ''}"


def check_replacement(match: str, replace: str, *, whole: bool = False) -> str:
    """Return what an address becomes, as a pattern whose wildcards stand for those of ``match``.

    Without any wildcard, and where ``match`` ends with ``**``, it is read as a directory that what ``**``
    matched is put into.

    Args:
        match: The pattern that addresses are held against, in its normal spelling.
        replace: What was written.
        whole: Whether each ``*`` must stand in it, so that no two addresses become one; each ``**`` must
            anyway.

    Raises:
        ValueError: It is no pattern, or has other wildcards than ``match``.
    """
    if "*" not in replace and match.endswith("**"):
        replace = f"{replace.rstrip('/')}/"
    exact = "*" not in replace and not match.endswith("**")
    normal = normal_pattern(replace)
    if exact:
        normal = normal.removesuffix("**")
    given, wanted = _wildcards(match), _wildcards(normal)
    for kind in ("*", "**"):
        if wanted.count(kind) > given.count(kind):
            raise ValueError(f"has more {kind!r} than 'match' has: nothing stands for it")
        if wanted.count(kind) < given.count(kind) and (whole or kind == "**"):
            raise ValueError(f"leaves out what {kind!r} matched: two addresses would become one")
    return normal


def subject(address: str) -> str | None:
    """Return an address as patterns see it, or None where it cannot be parsed.

    User, password, query and fragment are left out. Scheme and host are in lower case, dot segments are
    resolved and needless escapes undone (RFC 3986, section 6.2.2), so that one place has one spelling.
    """
    if "://" not in address:
        return None
    try:
        origin = origin_of(address)
        path = urlsplit(address).path
        host = _ascii(origin.host)
    except ValueError:
        return None
    segments = [_plain(segment) for segment in path.replace("\\", "/").split("/")[1:]]
    return f"{Origin(origin.scheme, host, origin.port)}/{'/'.join(_resolved(segments))}"


def matched(pattern: str, text: str) -> tuple[str, ...] | None:
    """Return what the wildcards of a normal pattern stand for in a subject, or None if it does not match."""
    found = _compiled(pattern).fullmatch(text)
    return None if found is None else found.groups()


def covers(pattern: str, text: str, *, surely: bool = False) -> bool:
    """Whether a normal pattern matches a subject, slashes in a row being one or many.

    Many servers take them for one, others do not, and nobody can tell from here.

    Args:
        pattern: The pattern.
        text: The subject.
        surely: Whether it must match both ways, as what allows something; else one will do.
    """
    found = (
        matched(pattern, text) is not None,
        matched(_merged(pattern), _merged(text)) is not None,
    )
    return all(found) if surely else any(found)


def filled(replace: str, match: str, found: tuple[str, ...]) -> str:
    """Return ``replace`` with its wildcards filled in: its n-th ``*`` with what the n-th one matched.

    Args:
        replace: See `check_replacement`.
        match: The pattern that matched.
        found: What `matched` returned for it.
    """
    kinds = _wildcards(match)
    left = {
        kind: iter([text for one, text in zip(kinds, found, strict=True) if one == kind])
        for kind in ("*", "**")
    }
    return re.sub(_WILDCARD, lambda one: next(left[one[1]]), replace)


def _merged(text: str) -> str:
    """Return a pattern or subject with one slash for each row of them, behind the scheme."""
    scheme, mark, rest = text.partition("://")
    return f"{scheme}{mark}{re.sub('/{2,}', '/', rest)}"


def _ascii(host: str) -> str:
    """Return a host in the spelling that is asked for (RFC 3490)."""
    host = host.rstrip(".")
    try:
        return host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        raise ValueError("has a host that is no name") from None


def _wildcards(pattern: str) -> list[str]:
    return re.findall(_WILDCARD, pattern)


@functools.lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    spelled = {"*": "([^/]*)", "**": "(.*)"}
    parts = re.split(_WILDCARD, pattern)
    return re.compile("".join(spelled.get(part) or re.escape(part) for part in parts), re.DOTALL)


def _plain(segment: str) -> str:
    """Return a segment with escapes in upper case, those undone that mean nothing."""

    def undone(escape: re.Match[str]) -> str:
        """Return the character of an escape that means nothing, or the escape."""
        byte = unquote_to_bytes(escape[0])
        return byte.decode() if byte[0] in _UNRESERVED else escape[0].upper()

    return re.sub("%[0-9A-Fa-f]{2}", undone, segment)


def _resolved(segments: list[str]) -> list[str]:
    """Return segments without ``.`` and ``..`` (RFC 3986, section 5.2.4)."""
    kept: list[str] = []
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments and segments[-1] in {".", ".."}:
        kept.append("")
    return kept
