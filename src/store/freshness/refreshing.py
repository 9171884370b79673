"""Brings the file of an entry up to date, by one asker among many."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from pathlib import Path

import attrs

from store.errors import CacheError, StorageError, TransportError
from store.events import Cached, Event, Hit, Started, Waited
from store.freshness.entries import Entry, Held
from store.freshness.opening import Surroundings
from store.freshness.policy import Origin, Policy
from store.freshness.records import AgedRecord, harmless
from store.freshness.revalidating import Brought, Unchanged, ask
from store.freshness.sources import Source
from store.integrity.digest import Digests
from store.transports.deadlines import begun, keeping
from store.transports.resuming import resumable

log = logging.getLogger(__name__)


class Refreshing:
    """One refresh of an entry.

    Args:
        entry: Where the file lies.
        sources: Where it comes from, the source itself first.
        around: The cache and the way bytes are moved.
        pins: What the content must be.
        policy: How old it may be.
    """

    def __init__(
        self,
        entry: Entry,
        sources: Sequence[Source],
        around: Surroundings,
        *,
        pins: Digests,
        policy: Policy,
    ) -> None:
        self._entry = entry
        self._sources = sources
        self._content = around.content
        self._options = around.options
        self._pins = pins
        self._policy = policy
        self._name = sources[0].name

    def refresh(self, *, forced: bool) -> tuple[Held, Origin]:
        """Ask the source, or take what another asker brought while this one waited.

        Args:
            forced: Ask, even where the file is young enough by now.

        Raises:
            StoreError: What the source or the cache said; the entry is as it was.
        """
        began = self._content.clock.now()
        deadline = begun(self._options.clock, self._options.bounds.deadline)
        flight = self._content.flight(
            self._entry.uid,
            waiting=lambda holder: self._tell(Waited(name=self._name, holder=holder)),
            ready=lambda: self._checked_since(began, self._entry.known()),
            patience=deadline.left(),
        )
        with keeping(deadline), flight as waited:
            held = self._entry.look(self._pins)
            if held is not None:
                age = self._content.clock.now() - held.record.checked_at
                young = self._policy.fresh(age) and not forced
                if young or (waited and self._checked_since(began, held.record)):
                    return held, "fresh"
            self._tell(Started(name=self._name, uid=self._entry.uid))
            return self._asked(held)

    def _checked_since(self, began: float, record: AgedRecord | None) -> bool:
        """Whether another asker has asked the source since this one began to."""
        return record is not None and began <= record.checked_at <= self._content.clock.now()

    def _asked(self, held: Held | None) -> tuple[Held, Origin]:
        part = Path(self._content.layout.part(self._entry.uid))
        with contextlib.ExitStack() as stack:
            refused: CacheError | None = None
            try:
                directory = stack.enter_context(self._content.workspace())
            except CacheError as error:
                if held is None:
                    raise
                # That it is current needs no room; a body would, and finds none.
                refused, directory = error, Path(self._content.layout.partial)
            stack.enter_context(resumable(part))
            try:
                answer = self._ask(directory, held)
            except StorageError:
                if refused is None:
                    raise
                raise refused from None
            if isinstance(answer, Unchanged):
                return self._renewed(held, answer)
            return self._taken(held, answer)

    def _ask(self, directory: Path, held: Held | None) -> Unchanged | Brought:
        return ask(
            self._sources,
            directory,
            known=None if held is None else held.record,
            name=self._name,
            digests=self._pins,
            options=self._options,
        )

    def _renewed(self, held: Held | None, answer: Unchanged) -> tuple[Held, Origin]:
        """Let a file that is current begin its age anew."""
        if held is None:
            shown = self._sources[0].shown
            raise TransportError(
                f"{shown}: it was asked for whatever it has, and answered that it is unchanged",
                url=shown,
            )
        record = attrs.evolve(
            held.record,
            checked_at=self._content.clock.now(),
            etag=harmless(answer.etag) or held.record.etag,
            last_modified=harmless(answer.last_modified) or held.record.last_modified,
        )
        self._renew(record)
        self._tell(Hit(name=self._name, path=str(held.path)))
        return held._replace(record=record), "revalidated"

    def _renew(self, record: AgedRecord) -> None:
        """Write down that the file is current; where that cannot be, it is asked for again next time."""
        try:
            self._entry.renew(record)
        except StorageError as error:
            log.warning(
                "that %s is current cannot be written down, so it is asked for again: %s",
                self._name,
                error,
            )

    def _taken(self, held: Held | None, answer: Brought) -> tuple[Held, Origin]:
        """Let the cache keep what came, and the entry stand for it; what is here already stays in place."""
        now = self._content.clock.now()
        if held is not None and _same_content(held.record.digests, answer.received.digests):
            record = self._described(held.record, answer, now)
            if answer.local:
                record = attrs.evolve(record, fetched_at=held.record.fetched_at)
            self._renew(record)
            same: Origin = "revalidated" if answer.local else "fetched"
            return held._replace(record=record), same
        kept = self._content.keep(
            Path(answer.received.path), name=self._name, digests=answer.received.digests
        )
        record = AgedRecord(
            key=self._sources[0].key,
            shown=self._sources[0].shown,
            digest=next(one for one in kept.digests if not one.weak),
            name=kept.path.name,
            size=kept.size,
            digests=kept.digests,
            fetched_at=now,
            checked_at=now,
        )
        taken = self._entry.put(self._described(record, answer, now), kept, held)
        self._tell(Cached(name=self._name, path=str(taken.path), uid=self._entry.uid))
        return taken, "fetched"

    def _described(self, record: AgedRecord, answer: Brought, now: float) -> AgedRecord:
        """Note in a record what its source said when it gave the content."""
        return attrs.evolve(
            record,
            fetched_at=now,
            checked_at=now,
            giver=answer.giver,
            etag=harmless(answer.received.etag),
            last_modified=harmless(answer.received.last_modified),
            stamp=answer.stamp,
        )

    def _tell(self, event: Event) -> None:
        if self._options.listener is not None:
            self._options.listener(event)


def _same_content(one: Digests, other: Digests) -> bool:
    return any(digest in other for digest in one if not digest.weak)
