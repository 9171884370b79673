"""Brings many resources here at once, and prints each as it comes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from store.cli.asking import common_status, opened_fetcher, show
from store.cli.ending import failure
from store.cli.frame import Frame
from store.cli.output import say

if TYPE_CHECKING:
    from store.fetching.asking import Wanted


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
    """

    dest: str | None = None
    link: bool = False
    refresh: bool = False
    allow_unverified: bool | None = None
    jobs: int | None = None
    ordered: bool = False
    fail_fast: bool = False


def bring_many(wanted: Iterable[Wanted], frame: Frame, manner: Manner | None = None) -> int:
    """Fetch resources and print the path of each, or with ``--json`` an object.

    Args:
        wanted: Locators, or what a list names.
        frame: What was decided beside.
        manner: How.

    Returns:
        The exit status: see `common_status`.
    """
    from store.errors import OfflineError
    from store.fetching.gathering import gather

    todo, how = list(wanted), manner or Manner()
    statuses, missing, tried = set(), [], 0
    with opened_fetcher(frame, files=len(todo), counted=True) as fetcher:
        outcomes = gather(
            fetcher,
            todo,
            dest=how.dest,
            link=how.link,
            refresh=how.refresh,
            allow_unverified=how.allow_unverified,
            jobs=frame.settings.jobs if how.jobs is None else how.jobs,
            ordered=how.ordered,
            fail_fast=how.fail_fast,
        )
        for outcome in outcomes:
            tried += 1
            with frame.pause():
                if outcome.result is not None:
                    show(outcome.result, frame)
                elif outcome.error is not None:
                    if isinstance(outcome.error, OfflineError):
                        missing.append(todo[outcome.number])
                    statuses.add(failure(outcome.error, frame, locator=outcome.locator))
        frame.settle()
    if not frame.quiet:
        _tell_what_is_left(len(todo) - tried, missing, frame, how)
    return common_status(statuses)


def _tell_what_is_left(untried: int, missing: list[Wanted], frame: Frame, manner: Manner) -> None:
    if untried:
        say(f"{untried} more were not tried, since one has failed (--fail-fast)")
    if missing:
        from store.cli.missing import command_for

        say(
            f"{len(missing)} missing; with the network, this fetches them:\n"
            f"  {command_for(missing, frame, allow_unverified=bool(manner.allow_unverified))}"
        )
