"""Fetches many resources, some at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Final

from store.cache.backends.base import Cache
from store.errors import OfflineError
from store.fetching.asking import Wanted
from store.fetching.gathering import gather, several_of
from store.fetching.results import Outcome
from store.fetching.single import default_fetcher, fetcher_for

if TYPE_CHECKING:
    # A warm fetch tells nobody: events load when there is something to tell.
    from store.events import Listener
    from store.fetching.fetcher import Fetcher
    from store.freshness.policy import Duration
    from store.transports.panel import Panel
    from store.transports.progress import Progress

_SHOWN: Final = 20
"""How many missing ones a message names; the error has all."""


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
    max_age: Duration = None,
    stale_if_error: Duration = 0,
    unpack: bool = False,
    decompress: bool = False,
    symlinks: bool = False,
    jobs: int | None = None,
    fail_fast: bool = False,
) -> list[Path]:
    """Fetch many resources, ``jobs`` at a time; the other arguments are those of `store.fetch`.

    ``jobs`` is the setting of that name where it is None; ``progress=True`` draws a line for all together,
    and one for each on its way. A failed one does not stop the others, unless ``fail_fast``.

    Returns:
        The paths, in the order of the input.

    Raises:
        StoreError: The first failure in the order of the input, after all were tried; an `OfflineError`
            has all that is missing.
        QueryError: One locator was given and no list: nothing was tried.
        QueryError: ``jobs`` is less than one.
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
        max_age=max_age,
        stale_if_error=stale_if_error,
        unpack=unpack,
        decompress=decompress,
        symlinks=symlinks,
        jobs=jobs,
        fail_fast=fail_fast,
    )
    return _paths_of(outcomes)


def _paths_of(outcomes: Iterator[Outcome]) -> list[Path]:
    """Return the paths of all, in the order of the input, or raise the first failure."""
    found = sorted(outcomes, key=lambda outcome: outcome.number)
    failures = [one.error for one in found if one.error is not None]
    if failures:
        lacking = [one for one in failures if isinstance(one, OfflineError)]
        if failures[0] in lacking:
            raise _all_missing(lacking, len(found))
        raise failures[0]
    return [one.result.path for one in found if one.result is not None]


def _all_missing(lacking: Sequence[OfflineError], files: int) -> OfflineError:
    """Return the error that tells of all that is missing."""
    missing = tuple(name for one in lacking for name in one.missing)
    if len(lacking) == 1:
        return lacking[0]
    shown = ", ".join(missing[:_SHOWN]) + (", ..." if len(missing) > _SHOWN else "")
    return OfflineError(
        f"{len(lacking)} of {files} are not in the cache and the network is not to be used: {shown}:"
        " fetch them once without --offline (STORE_OFFLINE)",
        missing=missing,
    )


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
    max_age: Duration = None,
    stale_if_error: Duration = 0,
    unpack: bool = False,
    decompress: bool = False,
    symlinks: bool = False,
    jobs: int | None = None,
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
        QueryError: ``jobs`` is less than one.
    """
    panel = None
    if progress is True:
        panel, locators, listener = _panel_for(locators, listener)
    fetcher = _fetcher(cache, progress, offline, listener)
    outcomes = gather(
        fetcher,
        locators,
        dest=dest,
        refresh=refresh,
        allow_unverified=allow_unverified,
        jobs=fetcher.settings.jobs if jobs is None else jobs,
        ordered=ordered,
        fail_fast=fail_fast,
        max_age=max_age,
        stale_if_error=stale_if_error,
        unpack=unpack,
        decompress=decompress,
        symlinks=symlinks,
    )
    return outcomes if panel is None else _drawn(outcomes, panel)


def _fetcher(
    cache: Cache | None,
    progress: Progress,
    offline: bool | None,  # noqa: FBT001 - handed on from keywords
    listener: Listener | None,
) -> Fetcher:
    if progress is True:  # the panel draws
        progress = None
    plain = cache is None and progress is None and offline is None and listener is None
    return default_fetcher() if plain else fetcher_for(cache, progress, offline, listener)


def _panel_for(
    locators: Iterable[Wanted], listener: Listener | None
) -> tuple[Panel, list[Wanted], Listener | None]:
    """Return what draws, all that is wanted, and who is told beside."""
    from store.transports.panel import Panel
    from store.transports.progress import several
    from store.transports.totals import Totals

    wanted = several_of(locators)
    panel = Panel(Totals(len(wanted)))
    return panel, wanted, several(panel, listener)


def _drawn(outcomes: Iterator[Outcome], panel: Panel) -> Iterator[Outcome]:
    """Give outcomes, and end the picture with them."""
    try:
        yield from outcomes
    finally:
        panel.close()
