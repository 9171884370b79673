"""Fetches many resources with one fetcher, and gives each as it comes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from os import PathLike
from typing import TYPE_CHECKING, Final

from store.errors import QueryError
from store.fetching.asking import Wanted
from store.fetching.bringing import bring_all
from store.fetching.locator import Listed
from store.fetching.results import Outcome
from store.fetching.usual import Manner

if TYPE_CHECKING:
    from store.fetching.fetcher import Fetcher
    from store.freshness.policy import Duration

JOBS: Final = 16
"""How many resources are fetched at once, unless the caller says otherwise."""


def gather(
    fetcher: Fetcher,
    wanted: Iterable[Wanted],
    *,
    dest: str | PathLike[str] | None = None,
    link: bool = False,
    refresh: bool = False,
    allow_unverified: bool | None = None,
    jobs: int = JOBS,
    ordered: bool = False,
    fail_fast: bool = False,
    max_age: Duration = None,
    stale_if_error: Duration = 0,
    unpack: bool = False,
    decompress: bool = False,
    symlinks: bool = False,
) -> Iterator[Outcome]:
    """Fetch resources, ``jobs`` at a time, and give each outcome as it comes.

    What the cache has comes first. Small files of one origin are asked for from one thread and kept in
    batches; the others are fetched in threads of their own.

    Args:
        fetcher: Who fetches.
        wanted: Locators, paths or queries.
        dest: As for `Fetcher.fetch`; two resources are never given one path.
        link: As for `Fetcher.fetch`.
        refresh: As for `Fetcher.fetch`.
        allow_unverified: As for `Fetcher.fetch`.
        jobs: How many are fetched at once, and over how many connections.
        ordered: Give the outcomes in the order of the input instead.
        fail_fast: Begin nothing new once one has failed; what was not begun has no outcome.
        max_age: As for `Fetcher.fetch`; each is then fetched for itself.
        stale_if_error: As for `Fetcher.fetch`.
        unpack: As for `Fetcher.fetch`; each is then fetched for itself.
        decompress: As for `Fetcher.fetch`; each is then fetched for itself.
        symlinks: As for `Fetcher.fetch`; each is then fetched for itself.

    Yields:
        One outcome for each that was begun. Leaving the loop early ends all of them: what runs is cut off,
        and what has not begun does not begin. The settings' deadline is one for all together.

    Raises:
        QueryError: One locator was given and no list: nothing was tried.
        QueryError: ``jobs`` is less than one.
    """
    if jobs < 1:
        raise QueryError(f"jobs={jobs!r} is refused: it must be more than 0")
    many = several_of(wanted)
    manner = Manner(dest, link, refresh, allow_unverified, jobs, fail_fast)
    if max_age is None and not (unpack or decompress or symlinks):
        found = bring_all(fetcher, list(enumerate(many)), manner)
    else:
        from store.fetching.apart import fetch_apart

        wishes = {"unpack": unpack, "decompress": decompress, "symlinks": symlinks}
        age = {"max_age": max_age, "stale_if_error": stale_if_error}
        found = fetch_apart(fetcher, many, manner, **age, **wishes)
    yield from in_order(found) if ordered else found


def in_order(outcomes: Iterator[Outcome]) -> Iterator[Outcome]:
    """Give outcomes in the order of the input; at the end those behind one that never came."""
    held: dict[int, Outcome] = {}
    due = 0
    for outcome in outcomes:
        held[outcome.number] = outcome
        while due in held:
            yield held.pop(due)
            due += 1
    for number in sorted(held):
        yield held[number]


def several_of(wanted: Iterable[Wanted]) -> list[Wanted]:
    """Return what is wanted as a list.

    Raises:
        QueryError: It is one locator, and no list of them.
    """
    if isinstance(wanted, str | bytes | Mapping | PathLike | Listed):
        raise QueryError("many are fetched from a list of locators: put the one into a list")
    return list(wanted)
