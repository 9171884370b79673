"""Does one thing for many, in threads, and gives what comes of each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

from store.fetching.asking import Wanted
from store.fetching.results import Outcome

One = Callable[[int, Wanted], Outcome]
"""Fetches one of many, and never raises a `StoreError`."""


def outcomes(
    one: One, wanted: list[Wanted], jobs: int, *, ordered: bool, fail_fast: bool
) -> Iterator[Outcome]:
    """Run ``one`` over all; see `store.fetching.gathering.gather` for what the arguments mean."""
    if jobs == 1 or len(wanted) <= 1:
        yield from _alone(one, wanted, fail_fast=fail_fast)
    else:
        yield from _together(one, wanted, jobs, ordered=ordered, fail_fast=fail_fast)


def _alone(one: One, wanted: list[Wanted], *, fail_fast: bool) -> Iterator[Outcome]:
    for number, each in enumerate(wanted):
        outcome = one(number, each)
        yield outcome
        if fail_fast and outcome.error is not None:
            return


def _together(
    one: One, wanted: list[Wanted], jobs: int, *, ordered: bool, fail_fast: bool
) -> Iterator[Outcome]:
    # Modules that the workers would load first are loaded here: an import in a thread may deadlock
    # with one in another, and a fork in between would find it half done.
    from concurrent.futures import ThreadPoolExecutor, as_completed

    import store.files.placing
    import store.transports.opening
    import store.transports.receiving  # noqa: F401

    failed = threading.Event()

    def unless_failed(number: int, each: Wanted) -> Outcome | None:
        if failed.is_set():
            return None
        outcome = one(number, each)
        if fail_fast and outcome.error is not None:
            failed.set()
        return outcome

    with ThreadPoolExecutor(jobs, thread_name_prefix="store-fetch") as pool:
        futures = [pool.submit(unless_failed, *numbered) for numbered in enumerate(wanted)]
        try:
            for future in futures if ordered else as_completed(futures):
                outcome = future.result()
                if outcome is not None:
                    yield outcome
        finally:
            failed.set()
            pool.shutdown(cancel_futures=True)
