"""Makes one attempt at one address: a body becomes a file, or nothing."""

from __future__ import annotations

import os
from pathlib import Path

import attrs

from store.addresses import public
from store.errors import IntegrityError, StoreError, TransportError
from store.events import Event, Parted, Resumed, Saved
from store.files.budding import Budding
from store.files.failures import storage_error
from store.files.growing import Growing
from store.files.names import safe_name
from store.integrity.digest import Digests
from store.integrity.hashing import Hashing
from store.integrity.stamp import Stamp
from store.integrity.verification import LEDGER
from store.transports.attempts import Attempt
from store.transports.base import NotModified, Stream, TransferOptions, Transport
from store.transports.deadlines import Deadline
from store.transports.excuses import excusing
from store.transports.filling import Wanted, check_room, fill
from store.transports.growth import CONNECTIONS
from store.transports.landing import (
    Place,
    landing,
    may_be_parted,
    opened,
    opener_of,
    room_at,
)
from store.transports.large import fill_large
from store.transports.opening import transport_for
from store.transports.pace import Pace
from store.transports.pages import tell_page
from store.transports.ranges import Crew
from store.transports.resuming import RESUMABLE_FROM, forget, part_for, part_of, worth_keeping
from store.transports.retrying import Source
from store.transports.sources import check_kind
from store.transports.spans import Spans


@attrs.frozen(kw_only=True)
class Received:
    """A file that came in.

    Attributes:
        path: Where it lies.
        size: Its size in bytes.
        digests: What was computed on the way, strongest first.
        address: The address that gave it, without secrets.
        etag: Its entity tag, or None.
        last_modified: Its time of change as an HTTP date, or None.
        filename: A name that the source suggests, as a label, or None.
        attempts: Every try, the last of which succeeded.
    """

    path: Path
    size: int
    digests: Digests
    address: str
    etag: str | None = None
    last_modified: str | None = None
    filename: str | None = None
    attempts: tuple[Attempt, ...] = ()


def bring(
    source: Source,
    directory: Path,
    *,
    wanted: Wanted,
    options: TransferOptions,
    deadline: Deadline,
    pace: Pace,
    durable: bool,
) -> Received:
    """Make one attempt at an address; see `store.transports.receiving.receive`.

    A large body that broke off before, in this call or in a run that was killed, is gone on with where its
    source can do that.

    Raises:
        StoreError: What went wrong; ``source.hopeless`` says whether the disk did.
        NotModified: The source's condition does not hold; nothing came.
    """
    transport = source.transport or transport_for(source.address, options)
    source.steady = not transport.needs_network
    with excusing(pace.excuse):
        try:
            stream, part = opened(
                transport,
                source.address,
                part_of(source.address, pinned=bool(wanted.digests)),
                source.conditions,
                last=source.tries >= options.retrying.attempts,
            )
        except StoreError:
            raise
        except OSError as error:
            shown = public(source.address)
            raise TransportError(f"{shown}: {error.strerror or error}", url=shown) from error
        bringing = _Bringing(source, wanted, options, deadline, pace)
        with stream:
            if stream.not_modified:
                raise NotModified(source.address, stream.etag, stream.last_modified)
            return bringing.land(transport, stream, part, directory, durable=durable)


def sum_of(part: Growing | Budding) -> int:
    """Return how many bytes of a part are there."""
    return sum(end - start for start, end in part.stretches)


class _Bringing:
    """One attempt whose stream is open."""

    def __init__(
        self,
        source: Source,
        wanted: Wanted,
        options: TransferOptions,
        deadline: Deadline,
        pace: Pace,
    ) -> None:
        self._source = source
        self._wanted = wanted
        self._options = options
        self._deadline = deadline
        self._pace = pace

    def land(
        self,
        transport: Transport,
        stream: Stream,
        part: Growing | None,
        directory: Path,
        *,
        durable: bool,
    ) -> Received:
        """Let the body become a file in a directory."""
        target = directory / safe_name(self._source.name)
        filled: Growing | Budding | None = part
        try:
            filled = self._accepted(stream, part, directory)
            with landing(target, filled, durable=durable) as place:
                size, found = self._filled(transport, stream, place)
            LEDGER.note(Stamp.of(os.lstat(target)), found)
        except BaseException as error:
            self._tell_what_is_saved(filled, error)
            if isinstance(error, IntegrityError):
                # Its ranges may be of something else: the whole is asked for at once, next time.
                self._source.whole = self._source.whole or self._source.ranged
                self._source.paged = tell_page(
                    error, stream, address=self._source.address, name=self._source.name
                )
            if isinstance(error, StoreError) or not isinstance(error, OSError):
                raise
            self._source.hopeless = True
            raise storage_error(error, target, needed=stream.size) from error
        if not isinstance(filled, Growing):
            forget()
        self._pace.finish()
        return Received(
            path=target,
            size=size,
            digests=found,
            address=stream.address,
            etag=stream.etag,
            last_modified=stream.last_modified,
            filename=stream.filename,
        )

    def _accepted(
        self, stream: Stream, part: Growing | None, directory: Path
    ) -> Growing | Budding | None:
        """Make sure that a body is wanted and fits; return the part it is to fill, or None."""
        try:
            if part is not None:
                self.tell(Resumed(self._source.name, stream.address, sum_of(part)))
            pinned = bool(self._wanted.digests)
            check_kind(stream, self._source, pinned=pinned, size=self._wanted.size)
            self._wanted.check_announced(stream)
            there = 0 if part is None else sum_of(part)
            self._source.hopeless = True  # no other address makes this disk larger
            check_room(directory, None if stream.size is None else stream.size - there)
            self._source.hopeless = False
        except BaseException as error:
            if part is not None:
                (part.leave if worth_keeping(error) else part.discard)()
            raise
        # Where only a crew is watched by one who looks up now and then.
        beside = directory if self._limit > 1 and may_be_parted(stream) else None
        return part or part_for(self._source.address, stream, self._options.clock, beside)

    @property
    def _limit(self) -> int:
        """How many connections there may be."""
        return 1 if self._source.whole else min(CONNECTIONS, self._options.per_host)

    def _filled(self, transport: Transport, stream: Stream, place: Place) -> tuple[int, Digests]:
        """Fill the file; return its size and digests."""
        if stream.size is None or stream.size < RESUMABLE_FROM:
            hashing = Hashing(self._wanted.algorithms)
            fill(place.descriptor, stream, hashing, self._wanted, self._pace)
            return hashing.size, self._wanted.check_whole(stream, hashing)
        spans = Spans(stream.size, place.have, place.mark)
        crew = Crew(
            spans,
            place.descriptor,
            opener_of(transport, self._source.address, stream),
            room=room_at(stream, self._options),
            excuse=self._pace.excuse,
            deadline=self._deadline,
            monotonic=self._options.clock.monotonic,
            limit=self._limit,
        )
        try:
            found = fill_large(
                place.descriptor,
                stream,
                spans,
                crew,
                wanted=self._wanted,
                pace=self._pace,
                ripen=place.ripen,
                parted=lambda count: self.tell(Parted(self._source.name, stream.address, count)),
            )
        finally:
            self._source.connections, self._source.ranged = crew.came, crew.ranged
            self._source.whole = self._source.whole or crew.tired
        return spans.total, found

    def _tell_what_is_saved(self, part: Growing | Budding | None, error: BaseException) -> None:
        """Tell of a part that was kept, for the next attempt to go on with."""
        if isinstance(error, Exception):
            self._pace.give_up()  # what came is told first; an interruption waits for nobody who listens
        if part is not None and part.kept and part.about is not None:
            total = part.about["total"]
            there = max(self._pace.received, sum_of(part))
            self.tell(Saved(self._source.name, there, total))

    def tell(self, event: Event) -> None:
        """Tell whoever listens."""
        if self._options.listener is not None:
            self._options.listener(event)
