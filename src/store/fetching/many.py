"""Fetches many resources, a few at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from store.cache.backends.base import Cache
from store.transports.progress import Progress


def fetch_many(
    locators: Iterable[str | PathLike[str] | Mapping[str, Any]],
    *,
    dest: str | PathLike[str] | None = None,
    cache: Cache | None = None,
    progress: Progress = None,
    offline: bool | None = None,
    jobs: int = 8,
    **options: Any,  # noqa: ANN401 - those of `store.fetch`
) -> list[Path]:
    """Fetch many resources, in ``jobs`` threads, and return their paths in the order of the input.

    Raises:
        StoreError: The first failure, after all others were tried; see `store.fetch`.
    """
    raise NotImplementedError
