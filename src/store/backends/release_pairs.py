"""Reads the pairs in what follows ``release:``."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from store.errors import LocatorError


def pairs_in(text: str, whole: str) -> dict[str, Any]:
    """Return ``key=value`` pairs, joined by ``&``; a plus stands for itself, as in ``1.0.0+build``.

    Args:
        text: The pairs.
        whole: What they are a part of, for errors.

    Raises:
        LocatorError: They are none, or a key is named twice.
    """
    plain = text.replace("+", "%2B")
    try:
        pairs = parse_qsl(plain, keep_blank_values=True, strict_parsing=True) if text else []
    except ValueError as error:
        raise LocatorError(
            f"'release:{whole}' cannot be read: give 'title>=1,<2?path=…', or key=value pairs"
        ) from error
    if len(dict(pairs)) != len(pairs):
        raise LocatorError(f"'release:{whole}' names a key twice")
    return dict(pairs)
