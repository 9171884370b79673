"""Spells plain requests and reads plain answers.

Only what needs no thought is read here: an answer 200 of HTTP/1.1 with one ``Content-Length`` and nothing
unusual in its head (RFC 9112). Anything else is `None`, and is asked for again in the usual way.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
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

_LINE: Final = (
    rb"\r\n(?!(?:content-(?:length|encoding|range)|t(?:ransfer-encoding|railer)|connection):)"
    rb"[!#$%&'*+.^_`|~0-9a-z-]+:[\x20-\x7e\t]*"
)
_LINES: Final = rb"(?:" + _LINE + rb"|\r\nconnection:[ \t]*keep-alive[ \t]*)*"
_USUAL: Final = re.compile(
    rb"http/1\.1 200(?: [\x20-\x7e]*)?%b\r\ncontent-length:[ \t]*([0-9]{1,18})[ \t]*%b"
    % (_LINES, _LINES)
)
"""A whole head, in lower case, as nearly all answers have it: read in one look, where one by line takes four
times as long."""


class Head(NamedTuple):
    """What the head of a plain answer says."""

    length: int
    """The body's length in bytes."""
    closes: bool
    """Whether the connection ends with the body."""
    fields: Mapping[bytes, bytes]
    """All there is, names in lower case."""

    @property
    def etag(self) -> str | None:
        """The entity tag as the server spelled it, or None."""
        return self._text(b"etag")

    @property
    def last_modified(self) -> str | None:
        """The time of change as an HTTP date, or None."""
        return self._text(b"last-modified")

    @property
    def content_type(self) -> str | None:
        """The media type, or None."""
        return self._text(b"content-type")

    @property
    def ranges(self) -> bool:
        """Whether parts are given."""
        return b"bytes" in self.fields.get(b"accept-ranges", b"").lower()

    def _text(self, name: bytes) -> str | None:
        value = self.fields.get(name)
        return None if value is None else value.decode("ascii")


class _Fields(Mapping[bytes, bytes]):
    """The headers of a usual head, which are read when somebody asks."""

    __slots__ = ("_head", "_read")

    def __init__(self, head: bytes) -> None:
        self._head = head
        self._read: dict[bytes, bytes] | None = None

    def __getitem__(self, name: bytes) -> bytes:
        return self._all()[name]

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> dict[bytes, bytes]:
        if self._read is None:
            self._read = dict(filter(None, map(_field, self._head.split(b"\r\n")[1:])))
        return self._read


def read_head(head: bytes) -> Head | None:
    """Read a head.

    Args:
        head: From the status line to before the empty line.

    Returns:
        What it says, or None where it needs thought.
    """
    lowered = head.lower()
    usual = _USUAL.fullmatch(lowered)
    if usual is None:
        return _read_closely(head)
    count = lowered.count  # spelled out: a loop would take longer than all the rest
    if (
        count(b"\netag:") > 1
        or count(b"\nlast-modified:") > 1
        or count(b"\ncontent-type:") > 1
        or count(b"\nconnection:") > 1
    ):
        return None
    return Head(int(usual[1]), False, _Fields(head)) if head[:4] == b"HTTP" else None


def _read_closely(head: bytes) -> Head | None:
    """Read a head line by line."""
    status, *lines = head.split(b"\r\n")
    if not _STATUS.fullmatch(status):
        return None
    fields = [field for line in lines if (field := _field(line)) is not None]
    if len(fields) < len(lines):
        return None
    found = dict(fields)
    if len(found) < len(fields) and _doubled(name for name, _ in fields):
        return None
    length = found.get(b"content-length", b"")
    if not _LENGTH.fullmatch(length):
        return None
    return Head(int(length), b"close" in found.get(b"connection", b"").lower(), found)


def _doubled(names: Iterable[bytes]) -> bool:
    """Whether a header is there twice that may be there only once."""
    return any(name in _ONCE and count > 1 for name, count in Counter(names).items())


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


def wait_in(head: bytes) -> str | None:
    """Return what a head says of how long to wait (``Retry-After``), or None."""
    match = re.search(rb"(?i)\r\nretry-after:([\x20-\x7e\t]*)", head)
    return match[1].decode("ascii") if match else None


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
