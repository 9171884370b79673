"""What was fetched once is kept, and found again by its uid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_handed_on: dict[str, Callable[[], Any]] = {}


def hand_on(name: str, load: Callable[[], Any]) -> None:
    """Let a name of a higher room be found here too, as callers of e3-core expect ``load_cache``.

    Args:
        name: The name.
        load: Returns what it stands for; called when it is first asked for.
    """
    _handed_on[name] = load


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    """Return what was handed on under a name (PEP 562)."""
    if name not in _handed_on:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _handed_on[name]()
