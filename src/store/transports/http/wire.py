"""Spells plain requests and reads plain answers.

Only what needs no thought is read here: an answer 200 of HTTP/1.1 with one ``Content-Length`` and nothing
unusual in its head (RFC 9112). Anything else is `None`, and is asked for again in the usual way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple, Protocol

LONGEST_HEAD: Final = 32 << 10
"""The longest head that is read, in bytes: 32 KiB."""

_STATUS: Final = re.compile(rb"HTTP/1\.1 200(?: [\x20-\x7e]*)?")
_FIELD: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\x20-\x7e\t]*)")
_TARGET: Final = re.compile(r"/[!-\"$-~]*")
"""Path and query, percent-encoded."""

_LENGTH: Final = re.compile(rb"[0-9]{1,18}")

_ODD: Final = frozenset({b"transfer-encoding", b"content-encoding", b"content-range", b"trailer"})
"""Headers that make an answer one that needs thought."""

_ONCE: Final = frozenset(
    {b"content-length", b"etag", b"last-modified", b"connection", b"content-type"}
)


class Head(NamedTuple):
    """What the head of a plain answer says."""

    length: int
    """The body's length in bytes."""
    etag: str | None
    """The entity tag as the server spelled it, or None."""
    last_modified: str | None
    """The time of change as an HTTP date, or None."""
    content_type: str | None
    """The media type, or None."""
    ranges: bool
    """Whether parts are given."""
    closes: bool
    """Whether the connection ends with the body."""
    fields: Mapping[bytes, bytes]
    """All there is, names in lower case."""


def read_head(head: bytes) -> Head | None:
    """Read a head.

    Args:
        head: From the status line to before the empty line.

    Returns:
        What it says, or None where it needs thought.
    """
    status, *lines = head.split(b"\r\n")
    if not _STATUS.fullmatch(status):
        return None
    found: dict[bytes, bytes] = {}
    for line in lines:
        field = _field(line)
        if field is None or (field[0] in _ONCE and field[0] in found):
            return None
        found[field[0]] = field[1]
    length = found.get(b"content-length", b"")
    if not _LENGTH.fullmatch(length):
        return None
    return Head(
        length=int(length),
        etag=_text(found.get(b"etag")),
        last_modified=_text(found.get(b"last-modified")),
        content_type=_text(found.get(b"content-type")),
        ranges=b"bytes" in found.get(b"accept-ranges", b"").lower(),
        closes=b"close" in found.get(b"connection", b"").lower(),
        fields=found,
    )


@lru_cache(maxsize=512)
def _field(line: bytes) -> tuple[bytes, bytes] | None:
    """Read one header, most of which an origin sends again and again; None where it needs thought."""
    match = _FIELD.fullmatch(line)
    if match is None:
        return None
    name = match[1].lower()
    return None if name in _ODD else (name, match[2].strip(b" \t"))


def status_of(head: bytes) -> int | None:
    """Return the status of an answer that ``read_head`` made nothing of, or None."""
    match = re.match(rb"HTTP/1\.[01] ([0-9]{3})(?: |\r|$)", head)
    return int(match[1]) if match else None


class Spelling(Protocol):
    """Spells requests."""

    def spelled(self, address: str) -> bytes | None:
        """Return the request for what an `Asked` names, or None where it cannot be spelled plainly."""
        ...


class Requests:
    """Spells GET requests to one origin.

    Args:
        origin: Scheme, host and port, as the addresses spell them.
        headers: ``Host`` and the rest.

    Raises:
        ValueError: A character may not stand in a header.
    """

    def __init__(self, origin: str, headers: Mapping[str, str]) -> None:
        text = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        if text.count("\r") != len(headers) or text.count("\n") != len(headers):
            raise ValueError("a header has a line break in it")
        self._origin = origin
        self._rest = f" HTTP/1.1\r\n{text}\r\n".encode("ascii")

    def spelled(self, address: str) -> bytes | None:
        """Return the request for an address, or None where it cannot be spelled plainly."""
        target = address.removeprefix(self._origin)
        if target is address or not _TARGET.fullmatch(target):
            return None
        return b"GET " + target.encode("ascii") + self._rest


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("ascii")
