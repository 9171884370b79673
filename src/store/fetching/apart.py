"""Fetches many, each for itself, in threads."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from queue import SimpleQueue
from typing import Any

from store.errors import StoreError
from store.fetching.asking import Wanted, named
from store.fetching.results import Outcome, Result
from store.fetching.workers import Workers


def apart(
    fetch: Callable[[Wanted], Result], wanted: Sequence[Wanted], *, jobs: int, fail_fast: bool
) -> Iterator[Outcome]:
    """Fetch what cannot be fetched together, and give each outcome as it comes.

    Args:
        fetch: Fetches one.
        wanted: What is wanted.
        jobs: How many at once.
        fail_fast: Begin nothing new once one has failed; what was not begun has no outcome.
    """

    def one(number: int, each: Wanted) -> Outcome:
        try:
            result = fetch(each)
        except StoreError as error:
            return Outcome(number, named(each), None, error)
        return Outcome(number, result.locator, result)

    arrivals: SimpleQueue[Any] = SimpleQueue()
    workers = Workers(jobs, arrivals, fail_fast=fail_fast)
    with contextlib.ExitStack() as stack:
        stack.callback(workers.close)
        for number, each in enumerate(wanted):
            workers.submit(one, number, each)
        while workers.pending:
            outcome: Outcome | None = arrivals.get()
            workers.arrived()
            if outcome is None:
                continue
            if fail_fast and outcome.error is not None:
                workers.call_off()
            yield outcome
