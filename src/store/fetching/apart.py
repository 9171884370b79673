"""Fetches many, each for itself, in threads."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from store.errors import StoreError
from store.fetching.asking import Wanted, named
from store.fetching.results import Outcome, Result
from store.fetching.usual import Manner
from store.fetching.workers import Workers
from store.transports.deadlines import keeping

if TYPE_CHECKING:
    from store.fetching.fetcher import Fetcher


def fetch_apart(
    fetcher: Fetcher,
    wanted: Sequence[Wanted],
    manner: Manner,
    **beside: Any,  # noqa: ANN401 - handed on
) -> Iterator[Outcome]:
    """Fetch what grows old, or is to be unpacked, within one deadline for all.

    Args:
        fetcher: Who fetches.
        wanted: What is wanted.
        manner: How.
        beside: What `Fetcher.fetch` is told of each beside that.
    """
    deadline, claims = fetcher.begin_deadline(), dict[str, str]()

    def fetch(one: Wanted) -> Result:
        """Fetch one, in whatever thread, by the deadline and beside the claims of all."""
        with keeping(deadline):
            return fetcher.fetch(
                one,
                dest=manner.dest,
                link=manner.link,
                refresh=manner.refresh,
                allow_unverified=manner.allow_unverified,
                claims=claims,
                **beside,
            )

    return apart(fetch, wanted, jobs=manner.jobs, fail_fast=manner.fail_fast, leaving=deadline.cut)


def apart(
    fetch: Callable[[Wanted], Result],
    wanted: Sequence[Wanted],
    *,
    jobs: int,
    fail_fast: bool,
    leaving: Callable[[], None],
) -> Iterator[Outcome]:
    """Fetch what cannot be fetched together, and give each outcome as it comes.

    Args:
        fetch: Fetches one.
        wanted: What is wanted.
        jobs: How many at once.
        fail_fast: Begin nothing new once one has failed; what was not begun has no outcome.
        leaving: Cuts off what runs, for whoever leaves early, on Ctrl-C too.
    """

    def one(number: int, each: Wanted) -> Outcome:
        """Fetch one in a thread, and return a failure as its outcome."""
        try:
            result = fetch(each)
        except StoreError as error:
            return Outcome(number, named(each), None, error)
        return Outcome(number, result.locator, result)

    arrivals: SimpleQueue[Any] = SimpleQueue()
    workers = Workers(jobs, arrivals, fail_fast=fail_fast)
    with contextlib.ExitStack() as stack:
        stack.callback(workers.close)
        stack.callback(leaving)
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
