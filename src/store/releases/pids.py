"""Finds the addresses of a blob by its persistent identifier."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from store.addresses import Origin, origin_of, public
from store.errors import ArchiveError
from store.releases.curator import Curator

EMPTY: Final = "data:,"
"""The identifier of every file without a byte (RFC 2397): a CDCS takes none."""


def addresses_of(pid: str, curator: Curator, *, pinned: bool) -> tuple[str, ...]:
    """Return where a blob may be had, the best first.

    An identifier of this very server is asked as it stands. One that another host has minted is asked at
    this server first, which may have been moved, or go by several names; then at that host, without this
    server's credentials. A bare number is the number of a blob here.

    Args:
        pid: The identifier: an address, a path at this server, or a number.
        curator: The session at the archive.
        pinned: Whether the digest of the blob is known: a stranger that speaks no https is asked only then,
            and never where this server speaks it.

    Raises:
        ArchiveError: It is nothing that can be asked.
    """
    if pid.isascii() and pid.isdigit():
        return (curator.blob_address(pid),)
    if pid.startswith("/") and not pid.startswith("//"):
        return (_at(curator.origin, pid),)
    try:
        parts = urlsplit(pid)
        origin = origin_of(pid)
    except ValueError:
        raise _unusable(pid) from None
    if origin.scheme not in {"http", "https"} or not origin.host or parts.username:
        raise _unusable(pid)
    if origin == curator.origin:
        return (pid,)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    here = _at(curator.origin, path)
    downgrade = curator.origin.scheme == "https" and origin.scheme == "http"
    return (here, pid) if (pinned or origin.scheme == "https") and not downgrade else (here,)


def here(pid: str, curator: Curator) -> str:
    """Return where a blob may be had at this very server, whatever host has minted its identifier.

    Args:
        pid: The identifier.
        curator: The session at the archive.

    Raises:
        ArchiveError: It is nothing that can be asked.
    """
    return addresses_of(pid, curator, pinned=False)[0]


def _at(origin: Origin, path: str) -> str:
    return f"{origin}{path}"


def _unusable(pid: str) -> ArchiveError:
    return ArchiveError(
        f"the blob id {public(pid)[:200]!r} is nothing that a CDCS can be asked for"
    )
