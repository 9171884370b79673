"""Brings many: hits first, the small a short way, the rest in threads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from store.fetching.asking import Wanted
from store.fetching.pinned import Pinned, read_pinned
from store.fetching.results import Outcome
from store.fetching.usual import Manner, Usual

if TYPE_CHECKING:
    from store.fetching.fetcher import Fetcher

Todo = list[tuple[int, Wanted]]
"""What is wanted, each with its place in the input."""


def bring_all(fetcher: Fetcher, todo: Todo, manner: Manner) -> Iterator[Outcome]:
    """Fetch all, and give each outcome as it comes: see `store.fetching.gathering.gather`."""
    usual = Usual(fetcher, manner)
    short: list[tuple[int, Pinned]] = []
    left: Todo = []
    for number, wanted in todo:
        pinned = read_pinned(wanted)
        hit = usual.known(number, wanted) if pinned is None else usual.glance(number, pinned)
        if hit is not None:
            yield hit
        else:
            left.append((number, wanted))
            if pinned is not None:
                short.append((number, pinned))
    if manner.jobs == 1 or len(left) <= 1:
        yield from _one_by_one(usual, left, manner)
    else:
        from store.fetching.together import Together

        yield from Together(fetcher, usual, manner).bring(left, short)


def _one_by_one(usual: Usual, left: Todo, manner: Manner) -> Iterator[Outcome]:
    for number, wanted in left:
        outcome = usual.fetch(number, wanted)
        yield outcome
        if manner.fail_fast and outcome.error is not None:
            return
