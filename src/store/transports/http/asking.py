"""Spells what every request says."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple, Protocol

from store.transports.base import Conditions


class Posted(Protocol):
    """What goes along with a request."""

    @property
    def headers(self) -> Mapping[str, str]:
        """What is said of it: its type."""
        ...

    @property
    def patience(self) -> float:
        """By how much longer the server may be silent than the bounds allow, in seconds."""
        ...

    def data(self) -> bytes | Iterator[bytes]:
        """Return its bytes, or what gives them piece by piece and has a length; anew at each call."""
        ...


class Sending(NamedTuple):
    """The method of a request, and what goes along."""

    method: str
    posted: Posted | None = None


GET: Final = Sending("GET")
"""Asks for a body."""


def asked_with(offset: int, conditions: Conditions | None, user_agent: str) -> dict[str, str]:
    """Return the headers of a request, but for its credentials.

    Args:
        offset: The byte to begin with.
        conditions: Under which condition the body is wanted.
        user_agent: What follows our own name and version.
    """
    headers = {
        # Asked of the face, which is always loaded, without importing it: imports fall.
        "User-Agent": f"store/{sys.modules['store'].__version__} {user_agent}".rstrip(),
        "Accept": "*/*",
        "Accept-Encoding": "identity",
    }
    until = None if conditions is None else conditions.until
    parted = offset > 0 or until is not None
    if parted:
        headers["Range"] = f"bytes={offset}-{'' if until is None else until - 1}"
    if conditions is not None:
        wanted = {
            "Accept": conditions.accept,
            "If-Range": conditions.if_range if parted else None,
            "If-None-Match": conditions.if_none_match,
            "If-Modified-Since": None if conditions.if_none_match else conditions.if_modified_since,
        }
        headers.update({name: value for name, value in wanted.items() if value is not None})
    return headers
