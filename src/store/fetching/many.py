"""Fetches many resources, some at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from store.cache.backends.base import Cache
from store.errors import StoreError
from store.fetching.asking import Wanted
from store.fetching.gathering import JOBS, gather
from store.fetching.results import Outcome
from store.fetching.single import default_fetcher, fetcher_for

if TYPE_CHECKING:
    # A warm fetch tells nobody: events load when there is something to tell.
    from store.events import Listener
    from store.transports.progress import Progress


def fetch_many(
    locators: Iterable[Wanted],
    *,
    dest: str | PathLike[str] | None = None,
    cache: Cache | None = None,
    progress: Progress = None,
    offline: bool | None = None,
    refresh: bool = False,
    allow_unverified: bool | None = None,
    listener: Listener | None = None,
    jobs: int = JOBS,
    fail_fast: bool = False,
) -> list[Path]:
    """Fetch many resources, ``jobs`` at a time; the arguments are those of `store.fetch`.

    A failed one does not stop the others, unless ``fail_fast``.

    Returns:
        The paths, in the order of the input.

    Raises:
        StoreError: The first failure in the order of the input, after all were tried.
        QueryError: One locator was given and no list: nothing was tried.
        ValueError: ``jobs`` is less than one.
    """
    outcomes = fetch_each(
        locators,
        dest=dest,
        cache=cache,
        progress=progress,
        offline=offline,
        refresh=refresh,
        allow_unverified=allow_unverified,
        listener=listener,
        jobs=jobs,
        fail_fast=fail_fast,
    )
    found = sorted(outcomes, key=lambda outcome: outcome.number)
    failure: StoreError | None = next((one.error for one in found if one.error is not None), None)
    if failure is not None:
        raise failure
    return [one.result.path for one in found if one.result is not None]


def fetch_each(
    locators: Iterable[Wanted],
    *,
    dest: str | PathLike[str] | None = None,
    cache: Cache | None = None,
    progress: Progress = None,
    offline: bool | None = None,
    refresh: bool = False,
    allow_unverified: bool | None = None,
    listener: Listener | None = None,
    jobs: int = JOBS,
    ordered: bool = False,
    fail_fast: bool = False,
) -> Iterator[Outcome]:
    """Fetch many resources and give each outcome, a result or an error, as it comes.

    The arguments are those of `store.fetch`, and those of `store.fetching.gathering.gather`.

    Yields:
        An `Outcome` for each that was begun; nothing is raised for a failed one.

    Raises:
        StoreError: The settings cannot be read, or the cache cannot be opened.
        QueryError: One locator was given and no list: nothing was tried.
        ValueError: ``jobs`` is less than one.
    """
    plain = cache is None and progress is None and offline is None and listener is None
    fetcher = default_fetcher() if plain else fetcher_for(cache, progress, offline, listener)
    return gather(
        fetcher,
        locators,
        dest=dest,
        refresh=refresh,
        allow_unverified=allow_unverified,
        jobs=jobs,
        ordered=ordered,
        fail_fast=fail_fast,
    )
