"""Remembers what a query resolved to, so that a pin is looked up once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from store.backends.base import DigestedResource
from store.clock import SYSTEM_CLOCK, Clock


class Resolutions:
    """Answers of stores, by driver, query, configuration and context; one small JSON file each.

    Args:
        directory: ``resolutions/v1`` below the cache's directory.
        clock: The time.
    """

    def __init__(self, directory: str | Path, *, clock: Clock = SYSTEM_CLOCK) -> None:
        raise NotImplementedError

    def get(self, key: str, max_age: float) -> DigestedResource | None:
        """Return the answer that is younger than ``max_age`` seconds, or None; damage is a miss."""
        raise NotImplementedError

    def put(self, key: str, resource: DigestedResource) -> None:
        """Remember an answer; failing to is logged, never raised."""
        raise NotImplementedError


def resolution_key(
    driver: str, query: Mapping[str, Any], configuration: Any, context: Mapping[str, str]  # noqa: ANN401
) -> str:
    """Return 64 hexadecimal digits that stand for all that decides an answer; no secret can be read from it."""
    raise NotImplementedError
