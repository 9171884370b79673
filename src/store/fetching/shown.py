"""Shows a driver's locator without the secrets of the addresses in it."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, unquote

from store.addresses import public

_DRIVER: Final = r"[A-Za-z][A-Za-z0-9+._-]*:(?!//)"
_KEY: Final = r"[a-z0-9_]+="


def shown_locator(locator: str) -> str:
    """Return a locator as it may be shown: of ``driver:spec`` the addresses in it, else the whole as one."""
    match = re.match(_DRIVER, locator)
    if match is None:
        return public(locator)
    return match[0] + shown_spec(locator[match.end() :])


def shown_spec(spec: str) -> str:
    """Return what follows a driver's name as it may be shown.

    An address that is the value of a pair (``name?key=address``, or ``key=address``) is shown as `public` has
    it, and what is around it as it is; what has an address elsewhere is shown as one.
    """
    if "://" not in (unquote(spec) if "%" in spec else spec):
        return spec
    front, mark, rest = spec.partition("?")
    if not mark or "://" in front:
        if not re.match(_KEY, spec):
            return public(spec)
        front, mark, rest = "", "", spec
    shown = []
    for pair in rest.split("&"):
        key, equals, value = pair.partition("=")
        address = unquote(value)
        cut = "://" in address and public(address) != address
        shown.append(f"{key}{equals}{quote(public(address), safe='/:')}" if cut else pair)
        if cut and "?" in address:
            break  # what follows may be of its query
    return front + mark + "&".join(shown)
