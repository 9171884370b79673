"""Where an item's file came from, and whether that is still the same."""

from __future__ import annotations

import base64
import datetime as dt
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from store.addresses import public
from store.errors import QueryError

if TYPE_CHECKING:
    from store.transports.base import TransferOptions

METHODS: Final = ("etag", "hash", "modified", "size")
"""What can be compared, in the order that it is tried in."""

_SECRET: Final = frozenset(
    {"authorization", "cookie", "location", "proxy-authorization", "set-cookie", "www-authenticate"}
)
"""Headers that may hold a secret, and are not kept."""

_UNAVAILABLE: Final = "method_unavailable"

_HEADERS: Final = ("headers", "resp_headers")
"""The namespaces that the server's headers are kept in, by `provenance` and by the project ``cachedir``."""

_DIGEST_HEADERS: Final = ("repr-digest", "content-digest", "digest")
"""Where a server tells a SHA-256: ``sha-256=:<base64>:`` (RFC 9530), ``SHA-256=<base64>`` (RFC 3230)."""


class Known(NamedTuple):
    """What the registry itself knows of an item, whatever its maker told of the origin.

    Attributes:
        attrs: The item's attributes, see `provenance`.
        size: The size of its file in bytes.
        digest: The digest of its file as ``algorithm:hex``.
        made: When it was made, which is before it was fetched.
    """

    attrs: Mapping[str, Any]
    size: int | None = None
    digest: str | None = None
    made: dt.datetime | None = None

    def header(self, name: str) -> str | None:
        """Return what the server said when the file was fetched, however that was kept."""
        found = self.attrs.get(name.replace("-", "_"))
        spaces = (self.attrs.get(space) for space in _HEADERS)
        for space in spaces if not found else ():
            if isinstance(space, Mapping):
                found = next((one for key, one in space.items() if key.lower() == name), found)
        return str(found) if found else None


class Fresh(NamedTuple):
    """What a comparison came to.

    Attributes:
        is_current: Whether the server still has what is kept here.
        reason: By which method, and why: ``etag: etag match``.
    """

    is_current: bool
    reason: str


def provenance(
    url: str,
    headers: Mapping[str, str] | None = None,
    *,
    fetched_at: dt.datetime | None = None,
    etag: str | None = None,
    last_modified: str | None = None,
) -> dict[str, Any]:
    """Return attributes that tell where a file came from.

    Args:
        url: The address; user, password, query and fragment are left out.
        headers: The server's headers; those that may hold a secret are left out.
        fetched_at: When it was fetched, with a zone.
        etag: The entity tag; None takes the header's.
        last_modified: The date of the last change, as HTTP has it; None takes the header's.

    Returns:
        ``url``, ``headers`` (a namespace, names in lower case), ``etag``, ``last_modified`` and
        ``fetched_at``, as far as they are known.
    """
    given = {
        name.lower(): str(value)
        for name, value in (headers or {}).items()
        if name.lower() not in _SECRET and "\0" not in name
    }
    found: dict[str, Any] = {
        "url": public(url),
        "headers": given,
        "etag": etag or given.get("etag"),
        "last_modified": last_modified or given.get("last-modified"),
        "fetched_at": fetched_at,
    }
    return {name: value for name, value in found.items() if value not in (None, {})}


def address_of(uri: str | None, attrs: Mapping[str, Any]) -> str:
    """Return the address that an item came from: its attribute ``url`` or ``origin``, else its URI.

    Raises:
        QueryError: None of them is an address.
    """
    for one in (attrs.get("url"), attrs.get("origin"), uri):
        if isinstance(one, str) and "://" in one:
            return one
    raise QueryError(
        f"it is not known where {uri or 'the item'} came from: give the headers of its server, or an"
        " attribute 'url'",
        query=uri,
    )


def headers_now(address: str, options: TransferOptions | None = None) -> dict[str, str]:
    """Ask a server what it says of a file now; the file itself is not read.

    Args:
        address: Where the file is.
        options: How bytes are to be moved: credentials, bounds, whether there is a network.

    Returns:
        ``etag``, ``last-modified`` and ``content-length``, as far as it says so.

    Raises:
        ResourceNotFoundError: There is nothing any more.
        TransportError: The server cannot be asked.
        OfflineError: The network is not to be used.
    """
    from store.transports.base import TransferOptions
    from store.transports.opening import transport_for

    transport = transport_for(address, options or TransferOptions())
    with transport.open_stream(address) as stream:
        size = None if stream.size is None else str(stream.size)
        found = (stream.etag, stream.last_modified, size)
    names = ("etag", "last-modified", "content-length")
    return {name: one for name, one in zip(names, found, strict=True) if one is not None}


def check_freshness(known: Known, headers: Mapping[str, str], *, method: str = "auto") -> Fresh:
    """Hold what is known of a file's origin against what its server says now.

    Args:
        known: What is known.
        headers: The server's headers, names in any case.
        method: ``etag``, ``hash``, ``modified``, ``size``, or ``auto`` for the first that both sides know.

    Raises:
        QueryError: There is no such method.
    """
    if method not in {"auto", *METHODS}:
        raise QueryError(
            f"there is no method {method!r}: known are auto, {', '.join(METHODS)}",
            query=method,
            known=("auto", *METHODS),
        )
    remote = {name.lower(): value for name, value in headers.items()}
    for one in METHODS if method == "auto" else (method,):
        found = _COMPARISONS[one](known, remote)
        if found is not None:
            return Fresh(found[0], f"{one}: {found[1]}")
    return Fresh(False, _UNAVAILABLE if method != "auto" else "no check method available")


def _by_etag(known: Known, remote: Mapping[str, str]) -> tuple[bool, str] | None:
    ours, theirs = known.header("etag"), remote.get("etag")
    if not ours or not theirs:
        return None
    # Weak comparison (RFC 9110, section 8.8.3.2): it is the same as far as a reader is concerned.
    same = ours.removeprefix("W/") == theirs.removeprefix("W/")
    return same, "etag match" if same else "etag mismatch"


def _by_hash(known: Known, remote: Mapping[str, str]) -> tuple[bool, str] | None:
    algorithm, _, ours = (known.digest or "").partition(":")
    told = [remote[name] for name in _DIGEST_HEADERS if name in remote]
    theirs = _SHA256.search(", ".join(told))
    if algorithm != "sha256" or theirs is None:
        return None
    same = base64.b64encode(bytes.fromhex(ours)).decode() == theirs[1]
    return same, "hash match" if same else "hash mismatch"


def _by_date(known: Known, remote: Mapping[str, str]) -> tuple[bool, str] | None:
    ours, theirs = known.header("last-modified"), remote.get("last-modified")
    if not theirs or (not ours and (known.made is None or _by_size(known, remote) == _OTHER_SIZE)):
        return None
    try:
        # Without its word then: what was last changed before the item was made is what the item has, unless
        # its size says otherwise.
        since = _moment(ours) if ours else known.made
        same = since >= _moment(theirs)  # type: ignore[operator] # one of both is there
    except (TypeError, ValueError):
        return False, "a date cannot be read"
    return same, "not modified" if same else "modified"


def _by_size(known: Known, remote: Mapping[str, str]) -> tuple[bool, str] | None:
    theirs = remote.get("content-length", "")
    if known.size is None or not theirs.isdecimal():
        return None
    same = int(theirs) == known.size
    return (True, "size match") if same else _OTHER_SIZE


def _moment(text: str) -> dt.datetime:
    found = parsedate_to_datetime(text)
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


_OTHER_SIZE: Final = (False, "size mismatch")
_SHA256: Final = re.compile(r"\bsha-256=:?([A-Za-z0-9+/]{43}=)", re.IGNORECASE)

_COMPARISONS: Final = {
    "etag": _by_etag,
    "hash": _by_hash,
    "modified": _by_date,
    "size": _by_size,
}
