"""Does many like things at once; the first error ends the rest."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, Final, TypeVar

Item = TypeVar("Item")

_AHEAD: Final = 4
"""How many things are handed to a worker before it asks, so that it never waits."""


def each(items: Iterable[Item], work: Callable[[Item], object], jobs: int) -> None:
    """Do something with each item, several at once, in no order that can be relied on.

    Args:
        items: The items; gone through as workers become free.
        work: What is done with each.
        jobs: How many at once.

    Raises:
        BaseException: The first that ``work`` raised, or an interruption: what was under way by then has
            ended, and nothing further was begun.
    """
    rest = iter(items)
    first = list(itertools.islice(rest, 2))
    if jobs <= 1 or len(first) < 2:  # noqa: PLR2004 - one needs no company
        for item in itertools.chain(first, rest):
            work(item)
        return
    failed = threading.Event()

    def run(item: Item) -> None:
        if failed.is_set():
            return
        try:
            work(item)
        except BaseException:
            failed.set()
            raise

    with ThreadPoolExecutor(jobs, thread_name_prefix="store-bucket") as pool:
        pending: set[Future[Any]] = set()
        try:
            for item in itertools.chain(first, rest):
                pending.add(pool.submit(run, item))
                if len(pending) >= jobs * _AHEAD:
                    pending = _finished(pending)
            while pending:
                pending = _finished(pending)
        except BaseException:
            failed.set()
            raise


def _finished(pending: set[Future[Any]]) -> set[Future[Any]]:
    """Wait for some to end, and return those that have not."""
    done, left = wait(pending, return_when=FIRST_COMPLETED)
    for one in done:
        one.result()
    return left
