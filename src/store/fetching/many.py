"""Fetches many resources, a few at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from store.cache.backends.base import Cache
from store.errors import QueryError, StoreError
from store.fetching.asking import Wanted
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
    jobs: int = 8,
) -> list[Path]:
    """Fetch many resources, ``jobs`` at a time; the arguments are those of `store.fetch`.

    A failed one does not stop the others.

    Returns:
        The paths, in the order of the input.

    Raises:
        StoreError: The first failure in the order of the input, after all were tried.
        QueryError: One locator was given and no list: nothing was tried.
        ValueError: ``jobs`` is less than one.
    """
    if jobs < 1:
        raise ValueError(f"jobs must be at least 1, not {jobs}")
    if isinstance(locators, str | bytes | Mapping | PathLike):
        raise QueryError("fetch_many takes several locators: put the one into a list")
    plain = cache is None and progress is None and offline is None and listener is None
    fetcher = default_fetcher() if plain else fetcher_for(cache, progress, offline, listener)

    claims: dict[str, str] = {}

    def one(wanted: Wanted) -> Path | StoreError:
        try:
            return fetcher.fetch(
                wanted,
                dest=dest,
                refresh=refresh,
                allow_unverified=allow_unverified,
                claims=claims,
            ).path
        except StoreError as error:
            return error

    outcomes = _mapped(one, list(locators), jobs)
    failures = [outcome for outcome in outcomes if isinstance(outcome, StoreError)]
    if failures:
        raise failures[0]
    return [outcome for outcome in outcomes if isinstance(outcome, Path)]


def _mapped(
    one: Callable[[Wanted], Path | StoreError], wanted: list[Wanted], jobs: int
) -> list[Path | StoreError]:
    """Run ``one`` over all, in threads where there is more than one."""
    if jobs == 1 or len(wanted) <= 1:
        return [one(each) for each in wanted]
    # Modules that the workers would load first are loaded here: an import in a thread may deadlock
    # with one in another, and a fork in between would find it half done.
    from concurrent.futures import ThreadPoolExecutor

    import store.files.placing
    import store.transports.opening
    import store.transports.receiving  # noqa: F401

    with ThreadPoolExecutor(jobs, thread_name_prefix="store-fetch") as pool:
        return list(pool.map(one, wanted))
