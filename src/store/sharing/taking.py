"""Makes one attempt at one tier: a verified file, a miss, or a failure."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

from store.addresses import public
from store.errors import IntegrityError, ResourceNotFoundError, StoreError
from store.events import Attempted, AttemptFailed, Event, Listener
from store.integrity.digest import Digests
from store.sharing.base import SharedTier, ours
from store.sharing.health import health_of, is_miss
from store.transports.attempting import bring
from store.transports.attempts import Attempt, note
from store.transports.base import Conditions, Stream, Transport
from store.transports.deadlines import begun
from store.transports.filling import Wanted
from store.transports.pace import Pace
from store.transports.retrying import Source


class Sought(NamedTuple):
    """A content that is looked for.

    Attributes:
        name: Its SHA-256 in hex, by which tiers keep it.
        digests: All that it must match.
        size: What it must measure in bytes, or None.
        label: What a person would call it, for events.
        filename: What the file is to be called.
    """

    name: str
    digests: Digests
    size: int | None
    label: str
    filename: str


class Taken(NamedTuple):
    """What came of an attempt.

    Attributes:
        state: ``hit``; ``miss``: the tier lacks it; ``wrong``: the tier has something else under its name;
            or ``failed``, which says nothing of what the tier has.
        path: The verified file, or None.
        size: Its size in bytes.
        told: Whether an attempt was told of.
    """

    state: Literal["hit", "miss", "wrong", "failed"]
    path: Path | None = None
    size: int = 0
    told: bool = False


class _Opened(Transport):
    """Gives the stream that is open already, and what follows of the same content."""

    def __init__(self, tier: SharedTier, name: str, stream: Stream) -> None:
        super().__init__(tier.options)
        self._tier = tier
        self._name = name
        self._stream: Stream | None = stream

    def open_stream(
        self, address: str, offset: int = 0, *, conditions: Conditions | None = None
    ) -> Stream:
        """Open it, whatever address it is known by."""
        del address
        stream, self._stream = self._stream, None
        if stream is not None:
            return stream
        return self._tier.open_stream(self._name, offset, conditions=conditions)


def take(
    tier: SharedTier, sought: Sought, directory: Path, listener: Listener | None, number: int
) -> Taken:
    """Take a content from a tier into a directory, verified.

    A miss is told to nobody; a failure is told once a run, and never raised.

    Args:
        tier: Who is asked.
        sought: What for.
        directory: A private directory.
        listener: Is told, or None.
        number: How many attempts were told of this content, with this one.

    Raises:
        StoreError: This machine's disk failed: no other source would help.
    """
    health = health_of(tier.address)
    attempt = _Attempt(tier, sought, listener, number)
    if attempt.deadline.left() <= 0:
        return Taken("failed")
    stream: Stream | None = None
    try:
        with health.asking() as up:
            if not up:
                return Taken("failed")
            with ours(tier):
                stream = tier.open_stream(sought.name)
    except ResourceNotFoundError:
        return Taken("miss")
    except StoreError as error:
        return attempt.failed(error)
    try:
        with ours(tier):
            return attempt.received(stream, directory)
    except StoreError as error:
        if attempt.source.hopeless:
            raise
        return attempt.failed(error)


class _Attempt:
    """One attempt, and how it is told."""

    def __init__(
        self, tier: SharedTier, sought: Sought, listener: Listener | None, number: int
    ) -> None:
        self.source = Source(tier.address_of(sought.name), sought.filename)
        self._tier = tier
        self._sought = sought
        self._number = number
        self._options = tier.options._replace(listener=listener)
        self.deadline = begun(self._options.clock, None)
        self._pace = Pace(self._options, self.deadline, self.source.address, sought.label)
        self._began = self._options.clock.monotonic()
        self._told = False

    def received(self, stream: Stream, directory: Path) -> Taken:
        """Let an open body become a verified file."""
        self._tell_beginning()
        sought = self._sought
        algorithms = tuple(dict.fromkeys(one.algorithm for one in sought.digests))
        most = self._options.bounds.max_size
        self.source.transport = _Opened(self._tier, sought.name, stream)
        received = bring(
            self.source,
            directory,
            wanted=Wanted(
                digests=sought.digests, size=sought.size, algorithms=algorithms, max_size=most
            ),
            options=self._options,
            deadline=self.deadline,
            pace=self._pace,
            durable=False,
        )
        self._note(None)
        return Taken("hit", received.path, received.size, told=True)

    def failed(self, error: StoreError) -> Taken:
        """Tell of a failure; one for want of time is not the tier's."""
        health = health_of(self._tier.address)
        if is_miss(error):
            health.denied(error)
            return Taken("miss")
        self._tell_beginning()
        self._note(str(error))
        self._tell(AttemptFailed(self._sought.label, self._address, self._number, str(error)))
        if self.deadline.left() > 0:
            health.failed(error)
        return Taken("wrong" if isinstance(error, IntegrityError) else "failed", told=True)

    @property
    def _address(self) -> str:
        return public(self.source.address)

    def _note(self, reason: str | None) -> None:
        seconds = self._options.clock.monotonic() - self._began
        received = self._pace.received - self._pace.resumed
        note(Attempt(self._address, reason, received, seconds, 0, self.source.connections))

    def _tell_beginning(self) -> None:
        if not self._told:
            self._told = True
            self._tell(Attempted(self._sought.label, self._address, self._number))

    def _tell(self, event: Event) -> None:
        if self._options.listener is not None:
            self._options.listener(event)
