"""Fills a registry from what lies on the disk: files and their sidecars."""

from __future__ import annotations

import logging
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Final

import attrs
import sqlalchemy as sa

from store.errors import RegistryError
from store.registry.attributes import Attribute
from store.registry.carrying import Carried, raise_heads, statuses_of
from store.registry.creating import Draft, insert_item, raise_head
from store.registry.database import Database, Rebuilt
from store.registry.journals import Line, journals, lines_of, read_line
from store.registry.keys import NO_PARAMS, Name
from store.registry.places import Named, Places
from store.registry.publishing import seal
from store.registry.remote import Remote
from store.registry.schema import ATTRS, PARAMS, items
from store.registry.sidecars import Sidecar, parsed, read_sidecar
from store.registry.status import Status

log = logging.getLogger(__name__)

FOUND: Final = "found without its sidecar"
"""The label of an item of which nothing but its file was left."""


_TOLD: Final = frozenset({Status.READY, Status.TRASH})
"""Of which statuses an item without a file has a sidecar."""


@attrs.define
class _Found:
    file: Named | None = None
    size: int | None = None
    sidecar: Named | None = None
    line: Line | None = None


def fill(
    database: Database, connection: sa.Connection, places: Places, remote: Remote | None = None
) -> Rebuilt:
    """Put everything that lies in the directory into a registry, but for what is in it already.

    A file without a sidecar becomes an item without a URI; a sidecar whose file is gone is passed over; no
    version is given out anew that any file bears.

    Args:
        database: The registry; what stands in it counts more than what lies in the directory.
        connection: In a transaction that writes.
        places: Where the files lie.
        remote: The bucket that they lie in, where that is so; sidecars are brought here.
    """
    found = _all_found(places, remote)
    known = statuses_of(connection)
    done, bare, missing = 0, 0, 0
    for _, key, version in sorted(_made(places, slot, *name) for name, slot in found.items()):
        slot = found[key, version]
        if (key, version) in known:
            done += known[key, version] in _TOLD
            continue
        sidecar = _sidecar(places, slot, key, version)
        if sidecar is not None and not _lacks_its_file(sidecar, slot):
            _restore(database, connection, sidecar)
            done += 1
        elif sidecar is None and slot.file:
            if remote is not None:
                remote.bring_any(os.fspath(slot.file.path))
            restored = _restore_bare(database, connection, slot.file)
            bare, missing = bare + restored, missing + (not restored)
        else:
            missing += 1
            raise_head(database, connection, key, version)
    for one in places.walk_partial():
        raise_head(database, connection, one.key, one.version)
    return Rebuilt(done, bare, missing)


def restore_writing(database: Database, connection: sa.Connection, carried: Carried) -> None:
    """Put what could be read of a damaged registry into the new one: heads, and what is being written."""
    raise_heads(database, connection, carried)
    known = statuses_of(connection)
    for sidecar, holder in carried.writing:
        if (sidecar.fields["key"], sidecar.fields["version"]) not in known:
            _restore(database, connection, sidecar, holder)


def _all_found(places: Places, remote: Remote | None) -> dict[tuple[str, int], _Found]:
    """Return what there is of each key and version; sidecars that lie in a bucket are brought here."""
    found: dict[tuple[str, int], _Found] = defaultdict(_Found)
    # Before the files: what is made sidecars of meanwhile is found as such.
    for journal in journals(places) if remote is None else ():
        for key, version, line in lines_of(journal):
            found[key, version].line = line
    for one, size in _local(places) if remote is None else remote.walk():
        slot = found[one.key, one.version]
        if one.sidecar:
            slot.sidecar = one
            if remote is not None:
                remote.bring_any(os.fspath(one.path))
        else:
            slot.file, slot.size = one, size
    return found


def _made(places: Places, slot: _Found, key: str, version: int) -> tuple[int, str, int]:
    """Return when an item was made, to put items in their old order; its sidecar is read again later."""
    sidecar = _sidecar(places, slot, key, version)
    return (0 if sidecar is None else sidecar.fields["created"], key, version)


def _sidecar(places: Places, slot: _Found, key: str, version: int) -> Sidecar | None:
    """Return what is known of an item: what its sidecar tells, or the line that stands for one."""
    ways: list[Callable[[], Sidecar | None]] = []
    if slot.sidecar is not None:
        path = slot.sidecar.path
        ways.append(lambda: read_sidecar(path))
    if slot.line is not None:
        line = slot.line
        ways += (lambda: _told(line), lambda: read_sidecar(places.sidecar(key, version)))
    for sidecar in (way() for way in ways):
        if sidecar is not None:
            named = (sidecar.fields["key"], sidecar.fields["version"])
            if named == (key, version):
                return sidecar
    return None


def _told(line: Line) -> Sidecar | None:
    text = read_line(line)
    try:
        return None if text is None else parsed(text)
    except ValueError as error:
        log.warning("a line of the journal %s is damaged, and passed over: %s", line.journal, error)
        return None


def _lacks_its_file(sidecar: Sidecar, slot: _Found) -> bool:
    if not sidecar.fields["published"]:
        return False
    return slot.file is None or slot.size != sidecar.fields["size"]


def _local(places: Places) -> Iterator[tuple[Named, int | None]]:
    for one in places.walk():
        try:
            yield one, one.path.lstat().st_size
        except OSError:
            yield one, None


def _restore(
    database: Database, connection: sa.Connection, sidecar: Sidecar, holder: str | None = None
) -> None:
    fields = sidecar.fields
    draft = Draft(
        name=Name(fields["key"], fields["uri"], fields["params"]),
        status=Status(fields["status"]),
        filename=fields["filename"],
        ext=fields["ext"],
        label=fields["label"],
        created=fields["created"],
        attributes=_of(sidecar, ATTRS),
        params=_of(sidecar, PARAMS),
        size=fields["size"],
        digest=fields["digest"],
        published=fields["published"],
        pinned=fields["pinned"],
        holder=holder,
    )
    entry = insert_item(connection, draft, fields["version"])
    if fields["before"] is not None:
        connection.execute(
            sa.update(items).where(items.c.id == entry.id).values(before=fields["before"])
        )
    raise_head(database, connection, entry.key, entry.version)


def _restore_bare(database: Database, connection: sa.Connection, file: Named) -> bool:
    try:
        sealed = seal(file.path, durable=False)
        created = int(file.path.stat().st_mtime * 1_000_000)
    except (RegistryError, OSError) as error:
        log.warning("%s cannot be read, and is passed over: %s", file.path, error)
        return False
    name = os.path.basename(file.path)  # noqa: PTH119 - text
    draft = Draft(
        name=Name(file.key, "", NO_PARAMS),
        status=Status.READY,
        filename=name,
        ext=name.partition(".")[2],
        label=FOUND,
        created=created,
        size=sealed.size,
        digest=sealed.digest,
        published=True,
    )
    insert_item(connection, draft, file.version)
    raise_head(database, connection, file.key, file.version)
    return True


def _of(sidecar: Sidecar, part: int) -> list[Attribute]:
    return [row for one, row in sidecar.attributes if one == part]
