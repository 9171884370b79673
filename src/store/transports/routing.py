"""Applies the rules of addresses: where to ask, and what is not asked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from store.addresses import public
from store.config.patterns import covers, filled, matched, subject
from store.config.routes import Routes
from store.config.rules import Mirror
from store.errors import RefusedError


class Way(NamedTuple):
    """An address to ask.

    Attributes:
        address: Where, perhaps at a mirror.
        original: The address that stands for the resource: its last segment names the file.
    """

    address: str
    original: str


def ways(addresses: Iterable[str], routes: Routes, *, pinned: bool = True) -> tuple[Way, ...]:
    """Return where a resource may be had, the best first: mirrors in the order of the rules, then itself.

    A mirror gets neither the user and password nor the query of an address: they were given to another
    origin. Without a digest only mirrors count whose rule says ``unpinned``, and none for an address with
    a query, which may name the resource. Rules are not applied to what a rule leads to. What must not be
    asked is left out, unless nothing else is there.

    Args:
        addresses: Where the resource is, the best first.
        routes: The rules.
        pinned: Whether a digest says what the content must be.
    """
    found: dict[str, Way] = {}
    given = tuple(addresses)
    for address in given if routes.mirrors else ():
        text = subject(address)
        for rule in routes.mirrors if text is not None else ():
            if pinned or (rule.unpinned and "?" not in address):
                mirrored = _mirrored(rule, str(text))
                if mirrored is not None:
                    found.setdefault(mirrored, Way(mirrored, address))
    for address in given:
        found.setdefault(address, Way(address, address))
    every = tuple(found.values())
    left = tuple(way for way in every if refusal(way.address, routes) is None)
    return left or every


def kept_from(addresses: Iterable[str], routes: Routes, *, pinned: bool = True) -> str | None:
    """Return why none of the addresses of a resource may be asked; None where one may, or there is none.

    Args:
        addresses: Where the resource is, the best first.
        routes: The rules.
        pinned: Whether a digest says what the content must be.
    """
    if not routes.guarded:
        return None
    found = [
        (one.address, refusal(one.address, routes))
        for one in ways(addresses, routes, pinned=pinned)
    ]
    if not found:
        return None
    address, reason = found[-1]
    return None if reason is None else f"{public(address)} {reason[1]}"


def refuse(address: str, routes: Routes, *, redirected: str | None = None) -> None:
    """Refuse an address that the rules keep from being asked.

    Args:
        address: What is about to be asked.
        routes: The rules.
        redirected: The address whose redirect leads there, or None.

    Raises:
        RefusedError: It is blocked, not among the allowed ones, or to be had at its mirror only;
            ``limit`` is ``block``, ``allow`` or ``only``.
    """
    reason = refusal(address, routes)
    if reason is None:
        return
    limit, said = reason
    shown = public(address)
    where = shown if redirected is None else f"{public(redirected)} leads to {shown}, which"
    raise RefusedError(f"{where} {said}", limit=limit, url=shown)


def refusal(address: str, routes: Routes) -> tuple[str, str] | None:
    """Return which rule keeps an address from being asked, and what is said of it; None if none does.

    Files of this machine are not concerned.
    """
    if not routes.guarded or "://" not in address or address.lower().startswith("file:"):
        return None
    text = subject(address)
    if text is None:
        return "allow", "cannot be held against the rules of addresses that the settings have"
    for rule in routes.block:
        if covers(rule.match, text):
            return (
                "block",
                f"is blocked by the settings{': ' if rule.message else ''}{rule.message}",
            )
    for patterns in routes.allow:
        if not any(covers(one, text, surely=True) for one in patterns):
            return "allow", "is not among the addresses that the settings allow: add it to 'allow'"
    for mirror in routes.mirrors:
        if mirror.only and covers(mirror.match, text):
            return "only", (
                f"is not asked, since the settings have a mirror for it and say 'only'{_hint(mirror)}"
            )
    return None


def _hint(mirror: Mirror) -> str:
    return "" if mirror.unpinned else ": pin a digest, without which the mirror is not believed"


def _mirrored(rule: Mirror, text: str) -> str | None:
    found = matched(rule.match, text)
    return None if found is None else filled(rule.replace, rule.match, found)
