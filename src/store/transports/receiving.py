"""The one way in: a body becomes a file, counted and hashed."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import attrs

from store.addresses import public
from store.errors import QueryError, StoreError, TooLargeError
from store.events import Attempted, AttemptFailed, Event, Retried, stamped
from store.integrity.digest import DEFAULT_ALGORITHM, Digests
from store.integrity.hashing import Hashing
from store.transports.attempting import Received, bring
from store.transports.attempts import Attempt, note, subject
from store.transports.base import Conditions, TransferOptions, Transport
from store.transports.deadlines import begun, keeping
from store.transports.filling import Wanted
from store.transports.pace import Pace
from store.transports.retrying import CHANCE, Random, Source
from store.transports.sources import note_standing, sources_for

__all__ = ["Received", "receive"]

log = logging.getLogger(__name__)


def receive(
    addresses: str | Sequence[str],
    directory: str | Path,
    *,
    options: TransferOptions,
    name: str | None = None,
    digests: Digests = (),
    size: int | None = None,
    algorithms: Iterable[str] = (DEFAULT_ALGORITHM,),
    durable: bool = False,
    conditions: Mapping[str, Conditions] | None = None,
    transport: Transport | None = None,
    chance: Random = CHANCE,
) -> Received:
    """Bring a resource into a directory, whole and verified, or not at all.

    Transient failures are tried again with jitter, within the deadline; several addresses are asked in
    turn, and the next one is tried on any failure, a wrong digest included. A digest mismatch is tried
    once more from zero, at another address first. The file's stamp and digests are noted in
    ``integrity.verification.LEDGER``, so that it need not be read again to be verified. The digests are
    checked here already, where they are given.

    Args:
        addresses: Where it can be had, the best first.
        directory: Where the file is to lie; it must exist. The file is made under a hidden name and
            renamed when it is whole; on failure nothing is left there.
        options: How bytes are to be moved.
        name: The file's name; None takes the address's last segment, made safe.
        digests: What the content must be.
        size: What it must measure, in bytes.
        algorithms: What to compute beside the algorithms of ``digests``.
        durable: Return only when a power cut can no longer take the file away; whoever keeps it makes it
            durable otherwise.
        conditions: Under which condition a body is wanted, by address.
        transport: What opens the addresses, all of them; None takes the one of each scheme.
        chance: What the waits between attempts are drawn from.

    Returns:
        The file and what is known of it.

    Raises:
        StoreError: What the last address said; ``attempts`` holds every try. A wrong digest is an
            `IntegrityError`, no room a `StorageError`, an announced or counted size over ``max_size`` a
            `TooLargeError`.
        NotModified: An address answered that its condition does not hold; nothing came.
    """
    given = (addresses,) if isinstance(addresses, str) else tuple(addresses)
    max_size = options.bounds.max_size
    wanted = Wanted(
        digests=digests,
        size=size,
        algorithms=tuple(dict.fromkeys([*(one.algorithm for one in digests), *algorithms])),
        max_size=max_size,
    )
    Hashing(wanted.algorithms)  # what cannot be computed is said before anything is moved
    _check_wish(given, size, max_size)
    sources = sources_for(given, options, name=name, pinned=bool(digests), conditions=conditions)
    for source in sources:
        source.transport = transport
    own = _telling(options)
    receiving = _Receiving(Path(directory), own, wanted, durable=durable, chance=chance)
    with keeping(receiving.deadline):
        return receiving.receive(sources)


def _check_wish(given: Sequence[str], size: int | None, max_size: int) -> None:
    """Refuse what cannot be had, before anything is asked."""
    if not given:
        raise QueryError("there is no address to receive the resource from")
    if size is not None and size > max_size:
        raise TooLargeError(
            f"{public(given[0])} has {size} bytes, and max_size is {max_size}: raise it if that is right",
            limit=max_size,
            size=size,
            url=public(given[0]),
        )


def _telling(options: TransferOptions) -> TransferOptions:
    """Return the options, with the uid of what this thread fetches in all that is told."""
    uid = subject()
    if options.listener is None or not uid:
        return options
    return options._replace(listener=stamped(options.listener, uid))


class _Receiving:
    """One call of `receive`."""

    def __init__(
        self,
        directory: Path,
        options: TransferOptions,
        wanted: Wanted,
        *,
        durable: bool,
        chance: Random,
    ) -> None:
        self.deadline = begun(options.clock, options.bounds.deadline)
        self._directory = directory
        self._options = options
        self._wanted = wanted
        self._durable = durable
        self._chance = chance
        self._attempts: list[Attempt] = []

    def receive(self, sources: list[Source]) -> Received:
        """Ask each source once, then those again that may have recovered, until one gives the resource."""
        waiting = sources
        while waiting:
            for source in waiting:
                if source.error is not None:
                    self._wait(source, source.error)
                received = self._ask(source)
                if received is not None:
                    note_standing(sources, source, self._options)
                    return received
                if source.hopeless or self.deadline.left() <= 0:
                    raise self._failure(sources)
            waiting = [
                one for one in waiting if one.recovers(self._options, self.deadline, self._chance)
            ]
            waiting.sort(key=lambda one: one.delay)
        raise self._failure(sources)

    def _ask(self, source: Source) -> Received | None:
        """Make one attempt; return None where it failed, with the error noted."""
        shown = public(source.address)
        number = len(self._attempts) + 1
        self._tell(Attempted(name=source.name, address=shown, number=number))
        pace = Pace(self._options, self.deadline, source.address, source.name)
        begun = self._options.clock.monotonic()
        source.tries += 1
        try:
            received = bring(
                source,
                self._directory,
                wanted=self._wanted,
                options=self._options,
                deadline=self.deadline,
                pace=pace,
                durable=self._durable,
            )
        except StoreError as error:
            log.debug("attempt %s at %s failed: %s", number, shown, error)
            source.error, source.silence = error, pace.silence(source.silence)
            reason: str | None = str(error)
        else:
            source.error = None
            reason = None
        seconds = self._options.clock.monotonic() - begun
        attempt = Attempt(
            address=shown,
            reason=reason,
            received=pace.received - pace.resumed,
            seconds=seconds,
            resumed=pace.resumed,
            connections=source.connections,
        )
        self._attempts.append(attempt)
        note(attempt)
        if source.error is not None:
            self._tell(AttemptFailed(source.name, shown, number, str(source.error)))
            return None
        return attrs.evolve(received, attempts=tuple(self._attempts))

    def _wait(self, source: Source, error: StoreError) -> None:
        self._tell(
            Retried(
                name=source.name,
                address=public(source.address),
                reason=str(error),
                delay=source.delay,
            )
        )
        if source.delay:
            self.deadline.sleep(source.delay)

    def _failure(self, sources: Sequence[Source]) -> StoreError:
        """Return what the last address said that was asked; a full disk is told at once.

        A page in place of the file tells less than why another address did not give it: the pin may well
        be right.
        """
        failed = [(one.paged, one.error) for one in reversed(sources) if one.error is not None]
        error = min(failed, key=lambda one: one[0])[1]
        error.attempts = tuple(self._attempts)
        return error

    def _tell(self, event: Event) -> None:
        if self._options.listener is not None:
            self._options.listener(event)
