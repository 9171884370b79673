"""Takes items of one registry into another, with their files."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import NamedTuple

import attrs
import sqlalchemy as sa

from store.errors import StorageError, StoreError
from store.files.atomic import discard
from store.files.placing import place
from store.files.unfinished import partial_name
from store.registry.attributes import Attribute, number_of
from store.registry.creating import Draft, insert_item, next_version, raise_head
from store.registry.filters import Filters
from store.registry.keys import Name
from store.registry.making import Making
from store.registry.publishing import move_in_place, seal
from store.registry.records import Entry, attribute_rows, entry_of_version
from store.registry.schema import ATTRS, PARAMS, items, uses
from store.registry.status import Status
from store.registry.uses import Use
from store.registry.values import read

log = logging.getLogger(__name__)


class Imported(NamedTuple):
    """What came of it: items taken in, items that were there already, and items that could not be."""

    taken: int
    known: int
    failed: int


@attrs.frozen(kw_only=True)
class Parcel:
    """An item on its way from one registry to another.

    Attributes:
        draft: What it is.
        version: Its version there, kept where it is free.
        file: Its file, or None.
        before: What it was before it came into the trash.
        use: When it was used.
    """

    draft: Draft
    version: int
    file: Path | None = None
    before: Status | None = None
    use: Use = attrs.field(factory=Use)


def copy_items(source: Making, target: Making, filters: Filters) -> Imported:
    """Copy items of one registry of ours into another.

    What is being written is left behind; what the other has already is passed over.
    """
    counts = [0, 0, 0]
    for entry in source.entries(filters):
        if entry.current is Status.WRITE:
            continue
        try:
            counts[0 if take_in(target, parcel_of(source, entry)) else 1] += 1
        except StoreError as error:
            log.warning("%s cannot be taken over: %s", entry.version_id, error)
            counts[2] += 1
    return Imported(*counts)


def parcel_of(source: Making, entry: Entry) -> Parcel:
    """Return an item of a registry of ours as it travels."""
    travels = entry.published and entry.current is not Status.DELETED
    draft = Draft(
        name=Name(entry.key, entry.uri, entry.params),
        status=entry.current,
        filename=entry.filename,
        ext=entry.ext,
        label=entry.label,
        created=entry.created,
        attributes=_attributes(source, entry, ATTRS),
        params=_attributes(source, entry, PARAMS),
        size=entry.size,
        digest=entry.digest,
        published=entry.published,
        pinned=entry.pinned,
    )
    return Parcel(
        draft=draft,
        version=entry.version,
        file=Path(source.local(entry)) if travels else None,
        before=None if entry.before is None else Status(entry.before),
        use=source.use(entry.id),
    )


def take_in(target: Making, parcel: Parcel) -> bool:
    """Put an item into a registry, as it was elsewhere.

    Returns:
        Whether it was; False where it is there already.

    Raises:
        StorageError: Its file cannot be copied, or is not what its digest says.
        RegistryError: The registry cannot be written to.
    """
    if _is_known(target, parcel):
        return False
    target.make_room_to_write()
    temporary = f"{target.places.root}/partial/{partial_name()}"
    draft, placed = parcel.draft, []
    try:
        if parcel.file is not None:
            draft = _copied(parcel, temporary, durable=target.durable)

        def work(connection: sa.Connection) -> None:
            """Insert it and move its file in place; note what is to be undone if that fails."""
            target.database.hold(connection, draft.name.key)
            entry = _inserted(target, connection, draft, parcel)
            if parcel.file is not None:
                where = target.places.published if draft.published else target.places.partial
                placed.append(target.places.check(where(entry.key, entry.version, entry.ext)))
                move_in_place(temporary, placed[0], durable=target.durable)
            if entry.current in {Status.READY, Status.TRASH}:
                target.keep_sidecar(entry, draft)

        target.database.write(work, relaxed=not target.durable)
    except BaseException:
        for path in placed:
            discard(path)
        raise
    finally:
        discard(temporary)
    return True


def _is_known(target: Making, parcel: Parcel) -> bool:
    """Whether the item is there: made at the same time, of the same version or the same content."""
    draft = parcel.draft
    here = target.entries(Filters(key=draft.name.key, include_removed=True))
    return any(
        one.created == draft.created
        and (
            one.version == parcel.version
            or (draft.digest is not None and one.digest == draft.digest)
        )
        for one in here
    )


def _copied(parcel: Parcel, temporary: str, *, durable: bool) -> Draft:
    draft = parcel.draft
    place(parcel.file or "", temporary)
    if not draft.published:
        return draft
    sealed = seal(temporary, durable=durable)
    if draft.digest not in {None, sealed.digest}:
        raise StorageError(
            f"{parcel.file} is damaged: it is {sealed.digest}, not {draft.digest}",
            path=os.fspath(parcel.file or ""),
        )
    return attrs.evolve(draft, size=sealed.size, digest=sealed.digest)


def _inserted(target: Making, connection: sa.Connection, draft: Draft, parcel: Parcel) -> Entry:
    key, version = draft.name.key, parcel.version
    if entry_of_version(connection, key, version) is not None:
        version = next_version(target.database, connection, key)
    entry = insert_item(connection, draft, version)
    raise_head(target.database, connection, key, version)
    if parcel.before is not None:
        before = int(parcel.before)
        connection.execute(sa.update(items).where(items.c.id == entry.id).values(before=before))
        entry = entry._replace(before=before)
    if parcel.use != Use():
        connection.execute(sa.insert(uses).values(item_id=entry.id, **attrs.asdict(parcel.use)))
    return entry


def _attributes(source: Making, entry: Entry, part: int) -> list[Attribute]:
    rows = source.database.read(lambda connection: attribute_rows(connection, entry.id, part))
    return [
        Attribute.of(space, name, kind, text, number_of(read(kind, text)))
        for space, name, kind, text in rows
    ]
