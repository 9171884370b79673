"""Fills a file with a large body, which is hashed behind the writers."""

from __future__ import annotations

from collections.abc import Callable

from store.errors import TruncatedError
from store.integrity.digest import Digests
from store.integrity.following import Following
from store.transports.base import Stream
from store.transports.carrying import carry
from store.transports.filling import Wanted
from store.transports.pace import Pace
from store.transports.ranges import PARTED_FROM, Crew
from store.transports.spans import Span, Spans

Parted = Callable[[int], None]
"""Is told over how many connections the body comes from now on."""


Ripen = Callable[[], None]
"""Lets the file become what another run could go on with, if it is time."""


def fill_large(
    descriptor: int,
    stream: Stream,
    spans: Spans,
    crew: Crew,
    *,
    wanted: Wanted,
    pace: Pace,
    ripen: Ripen,
    parted: Parted,
) -> Digests:
    """Write a body of known size into a file, and return its digests, computed in one pass.

    Args:
        descriptor: The file, open for reading and writing.
        stream: The first stream: begins at the first byte that is missing.
        spans: What is missing.
        crew: Brings what others are to bring.
        wanted: What the body must be.
        pace: Is told how it goes.
        ripen: Is called now and then while a crew works.
        parted: Is told when further connections are opened.

    Raises:
        StoreError: What the streams, ``wanted`` or ``pace`` raise.
        OSError: The file cannot be read or written.
    """
    pace.begin(spans.total, spans.received)
    with Following(descriptor, wanted.algorithms) as following:
        try:
            _Large(spans, crew, following, pace, parted=parted, ripen=ripen).bring(
                descriptor, stream
            )
        finally:
            crew.stop()
        found = following.finish(spans.total)
    wanted.check_digests(found, size=spans.total, address=stream.address)
    return found


class _Large:
    """One large body on its way: who brings it, who hashes it, who is told."""

    def __init__(
        self,
        spans: Spans,
        crew: Crew,
        following: Following,
        pace: Pace,
        *,
        parted: Parted,
        ripen: Ripen,
    ) -> None:
        self._spans = spans
        self._crew = crew
        self._following = following
        self._pace = pace
        self._parted = parted
        self._ripen = ripen

    def bring(self, descriptor: int, stream: Stream) -> None:
        """Bring all that is missing, by the first stream alone as long as that will do."""
        span = self._spans.take()
        if span is None:
            return
        if self._crew.may_grow and span.rest >= PARTED_FROM:
            self._crew.join(stream, span, self._following)
        else:
            self._carry(descriptor, stream, span)
            if self._spans.idle:  # what another run has left may have holes
                self._crew.add(1)
        self._watch()

    def _carry(self, descriptor: int, stream: Stream, span: Span) -> None:
        try:
            carry(
                stream,
                descriptor,
                span,
                self._spans,
                pieces=self._following,
                stop=self._looks_up,
            )
        finally:
            self._spans.leave(span)
            stream.close()

    def _looks_up(self) -> bool:
        """Tell how far it is; there is no reason to stop."""
        self._following.advance(self._spans.frontier())
        self._pace.advance(self._spans.received)
        return False

    def _watch(self) -> None:
        """Wait until the crew has brought everything; what failed is asked for again, a few times."""
        before, since = -1, 0.0
        while self._crew.watch() or self._asked_again():
            self._ripen()
            if self._spans.received == before:
                self._pace.pause()
                if self._pace.elapsed() - since > self._crew.patience():
                    since = self._pace.elapsed()
                    self._crew.abort()  # what they hold is brought by another connection
            else:
                before, since = self._spans.received, self._pace.elapsed()
                self._looks_up()
            further = self._crew.wanted()
            if further and self._crew.add(further):
                self._parted(self._crew.most)
        if self._spans.received < self._spans.total:
            raise self._crew.failure or TruncatedError(
                "the body did not come whole", expected=self._spans.total
            )
        self._pace.advance(self._spans.received)

    def _asked_again(self) -> bool:
        """Open another connection for what those that failed have left, if it may be had."""
        again = self._spans.idle and not self._crew.tired and self._crew.failure is not None
        if again:
            self._crew.add(1)
        return again
