"""Fetches one of many in the usual way."""

from __future__ import annotations

import contextlib
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from store.errors import StoreError
from store.fetching.asking import Wanted, named
from store.fetching.pinned import DRIVER, Pinned, read_pinned, result_of
from store.fetching.results import Outcome, Result
from store.transports.deadlines import keeping

if TYPE_CHECKING:
    from store.events import Listener
    from store.fetching.fetcher import Fetcher
    from store.fetching.traffic import Back
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

    Attributes:
        deadline: When all must have ended; cut when nobody waits for them any more.
    """

    def __init__(self, fetcher: Fetcher, manner: Manner) -> None:
        self._fetcher = fetcher
        self._manner = manner
        self._claims: dict[str, str] = {}
        self.deadline = fetcher.begin_deadline()
        self._content = fetcher.cache.content
        self._listener = fetcher.options.listener

    def glance(self, number: int, pinned: Pinned) -> Outcome | None:
        """Return the outcome where the cache has it beyond doubt, and it is to stay there."""
        if self._manner.dest is not None:
            return None
        seen = self._content.glance(pinned.digest, pinned.name)
        if seen is None:
            return None
        if self._listener is not None and getattr(self._listener, "hears_hits", True):
            from store.events import Hit

            self._listener(Hit(pinned.name, *seen, uid=pinned.uid))
        return Outcome(number, pinned.address, result_of(pinned, *seen))

    @property
    def may_go_short(self) -> bool:
        """Whether what the cache lacks may be asked for in the short way: there are no rules to heed."""
        options = self._fetcher.options
        return not options.offline and not options.routes

    def failed(self, back: Back, wanted: Wanted) -> Outcome:
        """Return the outcome of what the short way found to be hopeless."""
        error = back.error or StoreError(f"{named(wanted)} could not be fetched")
        pinned = read_pinned(wanted)
        if self._listener is not None and pinned is not None:
            tell_vain(self._listener, pinned, back.attempt, error)
        return Outcome(back.number, named(wanted), None, error)

    def fetch(
        self,
        number: int,
        wanted: Wanted,
        answer: Stream | StoreError | None = None,
        earlier: tuple[Attempt, ...] = (),
    ) -> Outcome:
        """Fetch it, and return what came of it.

        Args:
            number: Its place in the input.
            wanted: What is wanted.
            answer: What its address has answered already, or None.
            earlier: What was tried before.
        """
        try:
            with contextlib.ExitStack() as stack:
                stack.enter_context(keeping(self.deadline))
                pinned = None if answer is None else read_pinned(wanted)
                if answer is not None and pinned is not None:
                    from store.transports.handing import handing

                    stack.enter_context(handing(pinned.address, answer))
                result = self._fetched(wanted)
        except StoreError as error:
            error.attempts = (*earlier, *error.attempts)
            return Outcome(number, named(wanted), None, error)
        if earlier:
            result = result._replace(attempts=(*earlier, *result.attempts))
        return Outcome(number, result.locator, result)

    def known(self, number: int, wanted: Wanted) -> Outcome | None:
        """Return the outcome where nobody need be asked, the cache has it, and it is to stay there."""
        if self._manner.dest is not None or self._manner.refresh:
            return None
        hit = self._fetcher.hit(wanted, allow_unverified=self._manner.allow_unverified)
        return None if hit is None else Outcome(number, hit.locator, hit)

    def placed(self, outcome: Outcome, wanted: Wanted) -> Outcome:
        """Place what came the short way where the caller wants it."""
        came, pinned = outcome.result, read_pinned(wanted)
        if came is None or pinned is None:
            return outcome
        from store.backends.telling import tell_failed
        from store.fetching.delivering import delivery_of

        path = str(came.path)
        try:
            delivery = delivery_of(
                wanted, dest=self._manner.dest, link=self._manner.link, claims=self._claims
            )
            if delivery is not None:
                from store.backends.digested import DigestedResource
                from store.backends.placing import place_cached

                metadata = DigestedResource(pinned.digest, filename=pinned.name)
                came = came._replace(
                    path=Path(place_cached(self._content, metadata, path, delivery))
                )
        except StoreError as error:
            if self._listener is not None:
                tell_failed(self._listener, pinned.name, error, DRIVER, pinned.uid)
            return Outcome(outcome.number, named(wanted), None, error)
        if self._listener is not None:
            from store.events import Cached

            self._listener(Cached(pinned.name, path, pinned.uid))
        return outcome._replace(result=came)

    def _fetched(self, wanted: Wanted) -> Result:
        return self._fetcher.fetch(
            wanted,
            dest=self._manner.dest,
            link=self._manner.link,
            refresh=self._manner.refresh,
            allow_unverified=self._manner.allow_unverified,
            claims=self._claims,
        )


def tell_vain(
    listener: Listener, pinned: Pinned, attempt: Attempt | None, error: StoreError
) -> None:
    """Tell what the short way has tried, and that it is vain to try again."""
    from store.backends.telling import tell_failed
    from store.events import Attempted, AttemptFailed, Started

    name, uid = pinned.name, pinned.uid
    listener(Started(name, uid, DRIVER))
    if attempt is not None:
        listener(Attempted(name, attempt.address, 1, uid))
        listener(AttemptFailed(name, attempt.address, 1, attempt.reason or str(error), uid))
    tell_failed(listener, name, error, DRIVER, uid)
