"""Brings what an answer stands for; asks anew where it is outdated."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from store.backends.delivery import Obtained, obtain, tell_end
from store.backends.hits import cached_path
from store.errors import CredentialsError, ResourceNotFoundError, UnknownNameError
from store.fetching.asking import Answer
from store.fetching.outcome import failure_of, hold_against_pins, result_of
from store.fetching.results import Result
from store.plugins.loading import load_transports

if TYPE_CHECKING:
    # What stays in the cache is not placed.
    from store.backends.placing import Delivery


def brought(
    answer: Answer,
    again: Callable[[], Answer] | None,
    delivery: Delivery | None,
    *,
    open_end: bool = False,
) -> Result:
    """Bring what an answer stands for.

    Args:
        answer: What is wanted.
        again: Asks the store anew; None where nobody is to be asked.
        delivery: Where it is to be placed; None leaves it in the cache.
        open_end: Leave it to the caller to tell a good end.

    Raises:
        StoreError: It cannot be had or placed.
    """
    if again is None or not answer.remembered:
        return _with_transports(answer, delivery, open_end=open_end)
    if not getattr(answer.metadata, "urls", ()):
        # The answer names no address: it will do as long as the file is here.
        known = cached_path(answer.store, answer.metadata) is not None
        answer = answer if known else again()
    try:
        return _with_transports(answer, delivery, open_end=open_end)
    except (ResourceNotFoundError, CredentialsError):
        if not answer.remembered:
            raise
        # The index may have moved the file since: one look costs less than a failure.
        return _with_transports(again(), delivery, open_end=open_end)


def _with_transports(answer: Answer, delivery: Delivery | None, *, open_end: bool) -> Result:
    """Bring it, with strangers' transports where ours do not open its scheme."""
    try:
        return result_of(answer, _obtained(answer, delivery, open_end=open_end))
    except UnknownNameError as error:
        if error.kind != "transport":
            raise
        load_transports()
    return result_of(answer, _obtained(answer, delivery, open_end=open_end))


def _obtained(answer: Answer, delivery: Delivery | None, *, open_end: bool) -> Obtained:
    store, metadata = answer.store, answer.metadata
    at_once, later = (None, delivery) if answer.pins else (delivery, None)
    held_back = open_end or bool(answer.pins)
    obtained = obtain(store, metadata, at_once, query=answer.query, open_end=held_back)
    path = obtained.path
    if path is None:
        raise failure_of(answer, obtained)
    if answer.pins:
        # What a stranger's resource brought is held against the pins before it is placed.
        hold_against_pins(answer, path)
        if later is not None:
            from store.backends.placing import place_cached

            placed = place_cached(store.cache_backend.content, metadata, path, later)
            obtained = obtained._replace(path=placed)
        if not open_end:
            tell_end(store, metadata, path, cached=obtained.cached)
    return obtained
