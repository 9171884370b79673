"""Puts what there is already into the registry, READY at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Final, Literal, TypeAlias

import attrs as attr
import sqlalchemy as sa

from store.errors import QueryError
from store.files.atomic import discard, writing
from store.files.failures import storage_errors
from store.files.placing import place
from store.files.unfinished import partial_name
from store.registry.creating import Draft, insert_item, next_version
from store.registry.item import CacheItem
from store.registry.making import Making, basename
from store.registry.publishing import Sealed, seal, write_sealed
from store.registry.records import Entry
from store.registry.status import Status, StatusLike, status_of

Source: TypeAlias = (
    "bytes | bytearray | memoryview | str | os.PathLike[str] | IO[bytes]"
    " | Callable[[IO[bytes]], object]"
)
"""A content: bytes, a path, a file open for reading, or what writes into a file that it is handed."""

How: TypeAlias = Literal["copy", "move", "link"]
"""How a path becomes the item's file."""

_CHUNK: Final = 1 << 20
"""How much is copied at a time, in bytes."""


class Putting(Making):
    """What puts contents into a registry."""

    def put(
        self,
        uri: str | None,
        source: Source,
        params: Mapping[str, Any] | None = None,
        attrs: Mapping[str, Any] | None = None,
        *,
        how: How = "copy",
        ext: str | None = None,
        label: str | None = None,
        filename: str | None = None,
        pinned: bool = False,
    ) -> CacheItem:
        """Make a new version of an item of a content, READY at once.

        Args:
            uri: See `create`.
            source: Bytes, a path (a text is one), a file open for reading, or a function that is handed
                a file open for writing.
            params: See `create`.
            attrs: See `create`.
            how: What becomes of a path: ``copy`` (by reflink where that works), ``move`` (other
                names of that file keep their own), or ``link`` (a hard link where that works: cheap, but the
                two are one file, and who edits the one edits the other).
            ext: See `create`.
            label: See `create`.
            filename: What the file is called; None takes the path's name, else the URI's.
            pinned: Whether pruning is to pass it over.

        Raises:
            QueryError: An argument cannot be read; nothing was made.
            TypeError: A parameter or attribute cannot be written down.
            StorageError: The source cannot be read, or the file not be written.
            RefusedError: It is larger than ``max_bytes`` leaves beside what is pinned.
            RegistryError: The registry cannot be written to.
        """
        if how not in {"copy", "move", "link"}:
            raise QueryError(f"how is 'copy', 'move' or 'link', not {how!r}", query=how)
        path = Path(source).resolve() if isinstance(source, str | os.PathLike) else None
        if filename is None and path is not None:
            filename = basename(path)
        draft = self._draft(uri, params, attrs, Status.READY, ext, label, filename)
        self.make_room_to_write()
        temporary = f"{self.places.writing}/{partial_name()}"
        try:
            sealed = self._sealed(path if path is not None else source, temporary, how)
            self.check_budget(sealed.size)
            entry = self._kept(draft, temporary, sealed, pinned=pinned)
        except BaseException:
            discard(temporary)
            raise
        if how == "move" and path is not None:
            discard(path)
        self.keep_budget(entry.size or 0)
        return self.item(entry)

    def move_in(  # noqa: PLR0917 - the seed's signature
        self,
        path: str | os.PathLike[str],
        uri: str | None = None,
        params: Mapping[str, Any] | None = None,
        attrs: Mapping[str, Any] | None = None,
        status: StatusLike = Status.WRITE,
        ext: str | None = None,
        label: str | None = None,
        filename: str | None = None,
    ) -> CacheItem:
        """Copy a file into the cache as a new version of an item; the original stays.

        Args:
            path: The file.
            uri: See `create`; None takes the file's name.
            params: See `create`.
            attrs: See `create`.
            status: The item's status; READY publishes the copy at once.
            ext: See `create`.
            label: See `create`.
            filename: See `create`; None takes the path's name.

        Raises:
            QueryError: An argument cannot be read; nothing was made.
            StorageError: The file cannot be read, or not be written.
        """
        wanted = status_of(status)
        name = basename(path) if filename is None else filename
        called = basename(path) if uri is None and not params else uri
        if wanted is Status.READY:
            return self.put(called, path, params, attrs, ext=ext, label=label, filename=name)
        item = self.create(called, params, attrs, wanted, ext, label, name)
        place(Path(path).resolve(), item.path)
        return item

    def _sealed(self, source: Any, temporary: str, how: How) -> Sealed:  # noqa: ANN401 - see Source
        """Write a content into a file that is whole, read-only, and on the disk where that is asked for."""
        durable = self.durable and self.database.held_batch() is None
        if isinstance(source, bytes | bytearray | memoryview):
            return write_sealed(temporary, memoryview(source).cast("B"), durable=durable)
        if isinstance(source, Path):
            # Another name of a file that is moved is somebody's own: its mode is not ours to change.
            with storage_errors(source):
                alone = how == "move" and source.lstat().st_nlink == 1
            place(source, temporary, link=how == "link" or alone)
        else:
            _fill(temporary, source)
        return seal(temporary, durable=durable, owned=how != "link")

    def _kept(self, draft: Draft, temporary: str, sealed: Sealed, *, pinned: bool) -> Entry:
        """Publish a file that is complete, and put the item into the registry, in that order."""
        batch = self.database.held_batch()
        draft = attr.evolve(
            draft, size=sealed.size, digest=sealed.digest, published=True, pinned=pinned
        )
        placed: list[tuple[str, int]] = []

        def work(connection: sa.Connection) -> Entry:
            """Number it, insert it and move its file in place; note what is to be undone if that fails."""
            self.database.hold(connection, draft.name.key)
            version = next_version(self.database, connection, draft.name.key)
            entry = insert_item(connection, draft, version)
            target = self.places.published(entry.key, version, entry.ext)
            self.keep_sidecar(entry, draft)
            placed.append((target, version))
            self.move_in_place(temporary, target)
            self.upload(target, draft.digest)
            return entry

        try:
            entry = self.database.write(work, relaxed=not self.durable)
        except BaseException:
            for target, version in placed:
                discard(target)
                if self.remote is not None:
                    self.remote.remove([target])
                if batch is None:
                    self.drop_sidecar(draft.name.key, version)
                else:
                    batch.notes.pop((draft.name.key, version), None)
            raise
        if batch is not None:
            batch.published[placed[-1][0]] = entry.key, entry.version
        return entry


def _fill(target: str, source: Any) -> None:  # noqa: ANN401 - see Source
    with writing(target) as file:
        if callable(source):
            source(file)
        else:
            for data in _chunks(source):
                file.write(data)


def _chunks(source: Any) -> Iterator[bytes]:  # noqa: ANN401 - a file, by contract
    if not hasattr(source, "read"):
        raise TypeError(
            f"a value of type {type(source).__name__} is no content: give bytes, a path, a file or a function"
        )
    while data := source.read(_CHUNK):
        if not isinstance(data, bytes):
            raise TypeError("the file must be open for reading bytes (mode 'rb')")
        yield data
