"""Spells what every request says."""

from __future__ import annotations

import sys

from store.transports.base import Conditions


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
