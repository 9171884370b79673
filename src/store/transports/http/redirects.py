"""Decides where a redirect may lead, and what may go along."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urldefrag, urljoin, urlsplit, urlunsplit

import attrs

from store.addresses import origin_of, public, without_userinfo
from store.transports.base import Bounds
from store.transports.http.errors import HTTPRedirectError

STATUSES: Final = frozenset({301, 302, 303, 307, 308})
"""The answers that lead elsewhere."""

_KEPT: Final = ("accept", "user-agent", "range", "if-")
"""How the names of the headers begin that may go to another origin."""


@attrs.frozen(kw_only=True)
class Hop:
    """One request on the way to the content.

    Attributes:
        address: Where it goes, without user and password.
        trusted: The address by which its credentials are found, or None where it gets none.
        first: The address that was asked for, its user and password included.
        seen: The addresses that were asked already.
    """

    address: str
    trusted: str | None = attrs.field(repr=False)
    first: str = attrs.field(repr=False)
    seen: frozenset[str] = attrs.field(default=frozenset(), repr=False)


def first_hop(address: str) -> Hop:
    """Return the request to the address itself.

    Raises:
        ValueError: The address cannot be parsed.
    """
    origin_of(address)
    plain = urldefrag(without_userinfo(address)).url
    return Hop(address=plain, trusted=address, first=address)


def next_hop(hop: Hop, location: str, bounds: Bounds) -> Hop:
    """Return the request that a redirect asks for.

    User and password in the new address are the server's words and not used; those of the first address
    go along to its own origin only. After a step from https to http nothing secret is sent any more.

    Args:
        hop: The request that was answered.
        location: The answer's ``Location``.
        bounds: How many redirects are followed, and whether from https to http.

    Raises:
        HTTPRedirectError: It is a loop, one too many, or leads to another scheme or from https to http.
    """
    shown = public(hop.address)
    target = _joined(hop.address, location, shown)
    seen = hop.seen | {hop.address}
    old, new = origin_of(hop.address), origin_of(target)
    if new.scheme not in {"http", "https"} or not new.host:
        raise _refused(shown, f"leads to {public(target)}, which is no http or https address")
    if (old.scheme, new.scheme) == ("https", "http") and not bounds.allow_downgrade:
        raise _refused(
            shown,
            f"leads from https to {public(target)}: set allow_downgrade if that is to be followed",
        )
    if target in seen:
        raise _refused(shown, f"leads back to {public(target)}, in a circle")
    if len(seen) > bounds.max_redirects:
        raise _refused(shown, f"is one more than the {bounds.max_redirects} that are followed")
    trusted: str | None = target
    if hop.trusted is None or (old.scheme, new.scheme) == ("https", "http"):
        trusted = None
    elif new == origin_of(hop.first):
        trusted = urlunsplit(urlsplit(target)._replace(netloc=urlsplit(hop.first).netloc))
    return Hop(address=target, trusted=trusted, first=hop.first, seen=seen)


def headers_for(hop: Hop, headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that may go along: to another origin than the first's, only harmless ones."""
    if origin_of(hop.address) == origin_of(hop.first):
        return dict(headers)
    return {name: value for name, value in headers.items() if name.lower().startswith(_KEPT)}


def _joined(address: str, location: str, shown: str) -> str:
    try:
        target = urldefrag(without_userinfo(urljoin(address, location.strip()))).url
        origin_of(target)
    except ValueError:
        # The cause is not chained: its message may hold the address as the server sent it.
        raise _refused(shown, "leads to an address that cannot be parsed") from None
    return target


def _refused(shown: str, reason: str) -> HTTPRedirectError:
    return HTTPRedirectError(f"{shown}: the redirect {reason}", url=shown)
