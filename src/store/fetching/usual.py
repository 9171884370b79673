"""Fetches one of many in the usual way."""

from __future__ import annotations

import contextlib
from os import PathLike
from typing import TYPE_CHECKING, NamedTuple

from store.addresses import public
from store.errors import StoreError
from store.fetching.asking import Wanted
from store.fetching.pinned import Pinned, result_of
from store.fetching.results import Outcome, Result

if TYPE_CHECKING:
    from store.fetching.fetcher import Fetcher
    from store.fetching.lane import Back
    from store.transports.attempts import Attempt
    from store.transports.base import Stream


class Manner(NamedTuple):
    """How many resources are to be fetched; see `store.fetching.gathering.gather`."""

    dest: str | PathLike[str] | None
    link: bool
    refresh: bool
    allow_unverified: bool | None
    jobs: int
    fail_fast: bool


class Usual:
    """Fetches one of many in the usual way.

    Args:
        fetcher: Who fetches.
        manner: How.
    """

    def __init__(self, fetcher: Fetcher, manner: Manner) -> None:
        self._fetcher = fetcher
        self._manner = manner
        self._claims: dict[str, str] = {}
        self._content = fetcher.cache.content
        self._listener = fetcher.options.listener

    def glance(self, number: int, pinned: Pinned) -> Outcome | None:
        """Return the outcome where the cache has it beyond doubt, and it is to stay there."""
        if self._manner.dest is not None:
            return None
        seen = self._content.glance(pinned.digest, pinned.name)
        if seen is None:
            return None
        if self._listener is not None:
            from store.events import Hit

            self._listener(Hit(pinned.name, seen[0]))
        return Outcome(number, pinned.address, result_of(pinned, *seen))

    @property
    def may_go_short(self) -> bool:
        """Whether what the cache lacks may be asked for in the short way."""
        return not self._fetcher.options.offline

    def failed(self, back: Back, wanted: Wanted) -> Outcome:
        """Return the outcome of what the short way found to be hopeless."""
        error = back.error or StoreError(f"{_named(wanted)} could not be fetched")
        if self._listener is not None:
            from store.events import Failed

            self._listener(Failed(_named(wanted), str(error)))
        return Outcome(back.number, _named(wanted), None, error)

    def fetch(
        self,
        number: int,
        wanted: Wanted,
        stream: Stream | None = None,
        earlier: tuple[Attempt, ...] = (),
    ) -> Outcome:
        """Fetch it, and return what came of it.

        Args:
            number: Its place in the input.
            wanted: What is wanted.
            stream: Its body, open already, or None.
            earlier: What was tried before.
        """
        try:
            with contextlib.ExitStack() as stack:
                if stream is not None and isinstance(wanted, str):
                    from store.transports.handing import handing

                    stack.enter_context(handing(wanted.partition("#")[0], stream))
                result = self._fetched(wanted)
        except StoreError as error:
            error.attempts = (*earlier, *error.attempts)
            return Outcome(number, _named(wanted), None, error)
        if earlier:
            result = result._replace(attempts=(*earlier, *result.attempts))
        return Outcome(number, result.locator, result)

    def placed(self, outcome: Outcome, wanted: Wanted) -> Outcome:
        """Place what came the short way where the caller wants it."""
        if self._manner.dest is None or outcome.result is None:
            return outcome
        placed = self.fetch(outcome.number, wanted)
        if placed.result is None:
            return placed
        came = outcome.result
        return placed._replace(result=placed.result._replace(cached=False, attempts=came.attempts))

    def _fetched(self, wanted: Wanted) -> Result:
        return self._fetcher.fetch(
            wanted,
            dest=self._manner.dest,
            link=self._manner.link,
            refresh=self._manner.refresh,
            allow_unverified=self._manner.allow_unverified,
            claims=self._claims,
        )


def _named(wanted: Wanted) -> str:
    return public(wanted) if isinstance(wanted, str) else type(wanted).__name__
