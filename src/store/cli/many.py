"""Brings many resources here at once, and prints each as it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from store.cli.asking import NETWORK, common_status, opened_fetcher, show, tell_kept
from store.cli.ending import failure, record_failure
from store.cli.frame import Frame
from store.cli.output import fail, harmless, plain, say

if TYPE_CHECKING:
    from store.errors import StoreError
    from store.fetching.asking import Wanted
    from store.fetching.fetcher import Fetcher
    from store.fetching.results import Outcome


class Manner(NamedTuple):
    """How many are fetched.

    Attributes:
        dest: The directory of private copies, or None.
        link: Make hard links in place of copies.
        refresh: Ask the stores anew.
        allow_unverified: Accept URLs without a digest; None takes the setting.
        jobs: How many at once; None takes the setting.
        ordered: Print the results in the order of the input.
        fail_fast: Begin nothing new once one has failed.
        max_age: How old a file may be, in seconds, or ``none``; None where they do not grow old.
        stale_if_error: How old a copy may be where its source fails, in seconds, or ``none``.
        unpack: Unpack archives.
        decompress: Decompress single files.
        symlinks: Make the symbolic links that stay in an archive.
    """

    dest: str | None = None
    link: bool = False
    refresh: bool = False
    allow_unverified: bool | None = None
    jobs: int | None = None
    ordered: bool = False
    fail_fast: bool = False
    max_age: float | str | None = None
    stale_if_error: float | str = 0
    unpack: bool = False
    decompress: bool = False
    symlinks: bool = False


def bring_many(wanted: Iterable[Wanted], frame: Frame, manner: Manner | None = None) -> int:
    """Fetch resources and print the path of each, or with ``--json`` an object.

    Args:
        wanted: Locators, or what a list names.
        frame: What was decided beside.
        manner: How.

    Returns:
        The exit status: see `common_status`.
    """
    todo, how = list(wanted), manner or Manner()
    ends = _Ends(todo, frame)
    with opened_fetcher(frame, files=len(todo), counted=True) as fetcher:
        jobs = frame.settings.jobs if how.jobs is None else how.jobs
        for outcome in _gathered(fetcher, todo, how, jobs, ends.note):
            with frame.pause():
                ends.take(outcome)
        frame.settle()
    ends.tell_the_rest()
    if NETWORK in ends.statuses:
        tell_kept(frame)
    return common_status(ends.statuses)


def _gathered(
    fetcher: Fetcher,
    todo: list[Wanted],
    how: Manner,
    jobs: int,
    noted: Callable[[Outcome], Outcome],
) -> Iterator[Outcome]:
    from store.fetching.gathering import gather, in_order

    found = map(noted, gather(fetcher, todo, **how._replace(jobs=jobs, ordered=False)._asdict()))
    return in_order(found) if how.ordered else found


class _Ends:
    """What came of each so far."""

    def __init__(self, todo: list[Wanted], frame: Frame) -> None:
        self._todo = todo
        self._frame = frame
        self._untried = len(todo)
        self._missing: dict[int, str] = {}
        self._alike: dict[int, int] = {}
        self.statuses: set[int] = set()

    def note(self, outcome: Outcome) -> Outcome:
        """Count a hit as it comes, though it may have to wait for its turn to be printed."""
        if outcome.result is not None and outcome.result.cached:
            self._frame.note_hit(outcome.result.size)
        return outcome

    def take(self, outcome: Outcome) -> None:
        """Print an outcome; what is missing offline is told at the end, all together."""
        from store.errors import OfflineError

        self._untried -= 1
        error = outcome.error
        if outcome.result is not None:
            show(outcome.result, self._frame, noted=True)
        elif isinstance(error, OfflineError):
            self._missing[outcome.number] = outcome.locator
            self.statuses.add(error.exit_status)
            if self._frame.json:
                record_failure(error, locator=outcome.locator)
        elif error is not None and not self._is_known(error):
            self.statuses.add(failure(error, self._frame, locator=outcome.locator))
        elif error is not None:
            self.statuses.add(error.exit_status)
            if self._frame.json:
                record_failure(error, locator=outcome.locator)

    def _is_known(self, error: StoreError) -> bool:
        """Whether it says of another file what was told of one: a full disk is full for all."""
        from store.errors import CacheError, StorageError
        from store.files.failures import FULL

        number = error.errno if isinstance(error, StorageError) else None
        if number is None or not (number in FULL or isinstance(error, CacheError)):
            return False
        self._alike[number] = self._alike.get(number, -1) + 1
        return self._alike[number] > 0

    def tell_the_rest(self) -> None:
        """Tell what is missing and which command fetches it, and what was not tried."""
        if self._missing:
            numbers = sorted(self._missing)
            fail(
                f"{len(numbers)} of {len(self._todo)} are not in the cache, and the network is not to be"
                " used:"
            )
            for number in numbers:
                plain(f"  {harmless(self._missing[number])}")
            from store.cli.missing import tell_command

            tell_command([self._todo[number] for number in numbers], self._frame)
        alike = sum(self._alike.values())
        if alike:
            fail(f"{alike} more failed in the same way")
        if self._untried and not self._frame.quiet:
            say(f"{self._untried} more were not fetched, since one has failed (--fail-fast)")
