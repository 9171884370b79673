"""What an item tells of itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from store.registry.attributes import attrs_of
from store.registry.places import Places, file_name
from store.registry.records import Entry, moment_of
from store.registry.remote import Remote
from store.registry.schema import ATTRS
from store.registry.status import Status
from store.registry.uses import Use
from store.registry.values import read


class Registry(Protocol):
    """What an item asks of the registry that it belongs to; `store.registry.manager.Cache` has it all."""

    places: Places
    remote: Remote | None

    def entry(self, known: Entry) -> Entry | None:
        """Return the row as it is now, or None where it is gone."""
        ...

    def attributes(self, item_id: int, part: int = ATTRS) -> list[tuple[str, str, str, str]]:
        """Return the rows of attributes as they are now."""
        ...

    def use(self, item_id: int) -> Use:
        """Return when the item was used, what waits to be written down included."""
        ...

    def move(self, entry: Entry, wanted: Status) -> Entry:
        """Move an item from the status it has to another, and publish its file where that is READY."""
        ...

    def change(self, entries: Sequence[Entry], update: Mapping[str, Any]) -> None:
        """Change fields and attributes of items."""
        ...

    def discard(self, entries: Sequence[Entry], *, disk: bool, keep_record: bool) -> None:
        """Remove items: into the trash, from the disk, or without a trace."""
        ...

    def hand_out(self, entry: Entry, *, read: bool) -> Entry:
        """Note that the item's file is in use, and whether it was read; return the item as it is now."""
        ...


class ItemFields:
    """The fields of an item, as they were when it was found or last changed through its object.

    Args:
        cache: The registry it belongs to.
        entry: Its row.

    Attributes:
        cache: As given.
    """

    def __init__(self, cache: Registry, entry: Entry) -> None:
        self.cache = cache
        self._entry = entry
        self._attrs: dict[str, Any] | None = None

    @property
    def id(self) -> int:
        """The number that `Cache.by_attrs` answers with; never another item's."""
        return self._entry.id

    @property
    def key(self) -> str:
        """What stands for URI and parameters, in hexadecimal."""
        return self._entry.key

    @property
    def version(self) -> int:
        """Which version of the key it is, counted from 1."""
        return self._entry.version

    @property
    def version_id(self) -> str:
        """``<key>-<version>``, which names the item."""
        return self._entry.version_id

    @property
    def uri(self) -> str | None:
        """The URI, or None where the parameters alone name it."""
        return self._entry.uri or None

    @property
    def params(self) -> dict[Any, Any]:
        """The parameters that name it beside the URI; a dictionary of the caller's own."""
        return dict(read("dict", self._entry.params))

    @property
    def attrs(self) -> dict[str, Any]:
        """The attributes; a dictionary of the caller's own: change them with `update`."""
        if self._attrs is None:
            self._attrs = attrs_of(self.cache.attributes(self.id))
        return {
            name: dict(value) if isinstance(value, dict) else value
            for name, value in self._attrs.items()
        }

    @property
    def filename(self) -> str:
        """What the file is called, a label for people."""
        return self._entry.filename

    @property
    def ext(self) -> str | None:
        """The file's suffix without its first dot (``tsv``, ``tar.gz``), or None."""
        return self._entry.ext or None

    @property
    def label(self) -> str | None:
        """A label of the caller's choice, or None."""
        return self._entry.label

    @property
    def date(self) -> dt.datetime | None:
        """When it was made, in UTC."""
        return moment_of(self._entry.created)

    @property
    def size(self) -> int | None:
        """The size of the published file in bytes; None before, and for metadata alone."""
        return self._entry.size

    @property
    def digest(self) -> str | None:
        """The digest of the published file as ``sha256:<hex>``; None before, and for metadata alone."""
        return self._entry.digest

    @property
    def has_file(self) -> bool:
        """Whether it has a published file."""
        return self._entry.published

    @property
    def pinned(self) -> bool:
        """Whether cleaning and pruning pass it over."""
        return self._entry.pinned

    @property
    def last_read(self) -> dt.datetime | None:
        """When it was last read, in UTC, or None."""
        return moment_of(self.cache.use(self.id).last_read)

    @property
    def last_search(self) -> dt.datetime | None:
        """When it was last found, in UTC, or None."""
        return moment_of(self.cache.use(self.id).last_search)

    @property
    def read_count(self) -> int:
        """How often it was read."""
        return self.cache.use(self.id).reads

    @property
    def search_count(self) -> int:
        """How often it was found."""
        return self.cache.use(self.id).searches

    @property
    def cache_fname(self) -> str:
        """The name of its file in the cache."""
        return file_name(self.key, self.version, self._entry.ext)

    @property
    def rstatus(self) -> Status:
        """The status as this object knows it."""
        return self._entry.current
