"""Where an item's file came from, and whether that is still the same."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final, NamedTuple

from store.addresses import public
from store.errors import QueryError

METHODS: Final = ("etag", "modified", "size")
"""What can be compared, the surest first."""

_SECRET: Final = frozenset(
    {"authorization", "cookie", "location", "proxy-authorization", "set-cookie", "www-authenticate"}
)
"""Headers that may hold a secret, and are not kept."""

_UNAVAILABLE: Final = "method_unavailable"


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


def check_freshness(
    attrs: Mapping[str, Any],
    size: int | None,
    headers: Mapping[str, str],
    *,
    method: str = "auto",
) -> Fresh:
    """Hold what is known of a file's origin against what its server says now.

    Args:
        attrs: The item's attributes, see `provenance`.
        size: The size of its file in bytes.
        headers: The server's headers, names in any case.
        method: ``etag``, ``modified``, ``size``, or ``auto`` for the first that both sides know.

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
        found = _COMPARISONS[one](attrs, size, remote)
        if found is not None:
            return Fresh(found[0], f"{one}: {found[1]}")
    return Fresh(False, _UNAVAILABLE if method != "auto" else "no check method available")


def _by_etag(
    attrs: Mapping[str, Any], _: int | None, remote: Mapping[str, str]
) -> tuple[bool, str] | None:
    ours, theirs = attrs.get("etag"), remote.get("etag")
    if not ours or not theirs:
        return None
    # Weak comparison (RFC 9110, section 8.8.3.2): it is the same as far as a reader is concerned.
    same = str(ours).removeprefix("W/") == theirs.removeprefix("W/")
    return same, "etag match" if same else "etag mismatch"


def _by_date(
    attrs: Mapping[str, Any], _: int | None, remote: Mapping[str, str]
) -> tuple[bool, str] | None:
    ours, theirs = attrs.get("last_modified"), remote.get("last-modified")
    if not ours or not theirs:
        return None
    try:
        same = _moment(str(ours)) >= _moment(theirs)
    except (TypeError, ValueError):
        return False, "a date cannot be read"
    return same, "not modified" if same else "modified"


def _by_size(
    _: Mapping[str, Any], size: int | None, remote: Mapping[str, str]
) -> tuple[bool, str] | None:
    theirs = remote.get("content-length", "")
    if size is None or not theirs.isdecimal():
        return None
    same = int(theirs) == size
    return same, "size match" if same else "size mismatch"


def _moment(text: str) -> dt.datetime:
    found = parsedate_to_datetime(text)
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


_COMPARISONS: Final = {"etag": _by_etag, "modified": _by_date, "size": _by_size}
