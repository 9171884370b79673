"""One item of the registry: a version of a key, and its file."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import os
from collections.abc import Iterator, Mapping
from typing import IO, TYPE_CHECKING, Any

from store.addresses import public
from store.errors import RefusedError, ResourceNotFoundError, StatusError
from store.files.atomic import writing
from store.registry.freshness import Fresh, Known, address_of, check_freshness, headers_now
from store.registry.item_fields import ItemFields
from store.registry.opening import Opener
from store.registry.publishing import check_published
from store.registry.status import Status, StatusLike, status_of

if TYPE_CHECKING:
    from store.transports.base import TransferOptions


class CacheItem(ItemFields):
    """A version of a key: made by `Cache.create` and its like, found by `Cache.best` and `Cache.search`.

    What an item tells is as it was when it was found or last changed through this object; `status` is asked
    of the registry each time, and `refresh` asks for all of it. Two objects of one item are equal.
    """

    @property
    def status(self) -> Status:
        """The status as it is in the registry now; DELETED where the record is gone."""
        entry = self.cache.entry(self._entry)
        if entry is None:
            return Status.DELETED
        self._entry = entry
        return entry.current

    @status.setter
    def status(self, value: StatusLike) -> None:
        """Move to another status; READY publishes the file.

        Raises:
            StatusError: It may not move so, or another moved it meanwhile.
        """
        self._entry = self.cache.move(self._entry, status_of(value))

    @property
    def path(self) -> str:
        """Where the file lies: what is published, whole and read-only; before that, where to write it.

        What is published counts as in use from now on, until the registry is closed.
        """
        entry, places = self._entry, self.cache.places
        published = places.published(entry.key, entry.version, entry.ext)
        # The registry is asked only where a file is there: its name is this version's, and no other's.
        if not entry.published and (self.cache.remote or os.path.lexists(published)):
            entry = self._entry = self.cache.entry(entry) or entry
        if entry.published:
            self._entry = self.cache.hand_out(entry, read=False)
            return published
        return places.partial(entry.key, entry.version, entry.ext)

    def refresh(self) -> None:
        """Ask the registry for all of it anew.

        Raises:
            ResourceNotFoundError: The record is gone.
        """
        entry = self.cache.entry(self._entry)
        if entry is None:
            raise ResourceNotFoundError(
                f"the item {self.version_id} is gone", query=self.version_id
            )
        self._entry, self._attrs = entry, None

    def ready(self) -> None:
        """Publish what was written to `path`, whole and durable, and become READY.

        Raises:
            StatusError: It may not become READY, another took it over, or nothing was written.
            RefusedError: It is larger than ``max_bytes`` leaves beside what is pinned.
            RegistryError: The file cannot be published.
        """
        if self._entry.status == Status.READY and self.cache.remote is None:
            check_published(self.cache.places, self._entry)
        self.status = Status.READY

    def failed(self) -> None:
        """Become FAILED: nobody waits for it any longer.

        Raises:
            StatusError: It may not become FAILED.
        """
        self.status = Status.FAILED

    @contextlib.contextmanager
    def writing(
        self, mode: str = "wb", encoding: str | None = None, newline: str | None = None
    ) -> Iterator[IO[Any]]:
        """Open the file to be written; it is READY when the block ends well, else FAILED.

        Args:
            mode: ``wb`` for bytes, ``w`` for text.
            encoding: Of text; UTF-8 where it is None.
            newline: As `open` has it.

        Raises:
            StatusError: It is READY already, removed, or another took it over.
            StorageError: It cannot be written.
        """
        if mode not in {"w", "wb"}:
            raise ValueError(f"an item is written with mode 'w' or 'wb', not {mode!r}")
        if self.status is not Status.WRITE:
            self.status = Status.WRITE
        path = self.cache.places.partial(self.key, self.version, self._entry.ext)
        try:
            with writing(path) as file:
                if mode == "wb":
                    yield file
                else:
                    text = io.TextIOWrapper(file, encoding=encoding or "utf-8", newline=newline)
                    yield text
                    text.flush()
                    text.detach()
        except BaseException:
            with contextlib.suppress(StatusError):
                self.failed()
            raise
        try:
            self.ready()
        except StatusError:
            raise
        except RefusedError:
            self.failed()  # it is too large, and will be
            raise

    def open(self, **options: Any) -> Opener:  # noqa: ANN401 - the options of Opener
        """Open the file for reading, unpacked: see `store.registry.opening.Opener`.

        Args:
            options: ``default_mode``, ``encoding``, ``large``, ``needed``, ``ext``, ``max_size``, ….

        Returns:
            The opener; its ``result`` is the content.

        Raises:
            StatusError: The item is not READY.
            ResourceNotFoundError: It has no file, or the file is gone.
            MissingKeyError: A member in ``needed`` is not there (a KeyError).
            UnknownNameError: There is no such encoding (a LookupError).
            QueryError: The file is no text of that encoding (a ValueError).
            TooLargeError: It unpacks to more than its limit.
            StorageError: It cannot be read.
        """
        entry = self._entry if self._entry.status == Status.READY else self.cache.entry(self._entry)
        if entry is not None and entry.status == Status.READY and entry.published:
            entry = self.cache.hand_out(entry, read=True)
        if entry is None or entry.status != Status.READY:
            current = Status.DELETED if entry is None else entry.current
            raise StatusError(
                f"{self.version_id} is {current.name} and cannot be opened: only READY items can",
                item=self.version_id,
                current=current.name,
                wanted="READY",
            )
        self._entry = entry
        if not entry.published:
            raise ResourceNotFoundError(
                f"{self.version_id} has no file: it was made READY without one",
                query=self.version_id,
            )
        path = self.cache.places.published(entry.key, entry.version, entry.ext)
        options.setdefault("ext", entry.ext or None)
        return Opener(path, **options)

    def accessed(self) -> None:
        """Note that the file was read, as `open` does."""
        self.cache.hand_out(self._entry, read=True)

    def update(self, **update: Any) -> None:  # noqa: ANN401 - any value
        """Change fields and attributes: see `Cache.update`.

        Raises:
            QueryError: A field cannot be set so, or a name is a slip of a field's: give attributes of such a
                name in ``attrs``.
            StatusError: It may not move to the status that is asked for.
            TypeError: A value cannot be written down.
        """
        self.cache.change([self._entry], update)
        self.refresh()

    def update_date(
        self, datefield: str = "date", newdate: str | dt.datetime | None = None
    ) -> None:
        """Set a date, to now where none is given: a field, or else an attribute of that name."""
        self.update(**{datefield: newdate if newdate is not None else "now"})

    def remove(self, disk: bool = False, keep_record: bool = True) -> None:  # noqa: FBT001, FBT002 - the seed's signature
        """Put it into the trash.

        Args:
            disk: Remove the file as well: nothing is left to restore.
            keep_record: Keep the record; without it the item is gone altogether, its file included.
        """
        self.cache.discard([self._entry], disk=disk, keep_record=keep_record)
        self._entry = self.cache.entry(self._entry) or self._entry._replace(status=Status.DELETED)

    def restore(self) -> None:
        """Come back out of the trash as what it was.

        Raises:
            StatusError: It is not in the trash.
        """
        self.refresh()
        before = self._entry.before
        if self._entry.current is not Status.TRASH or before is None:
            raise StatusError(
                f"{self.version_id} is {self._entry.current.name}: only what is in the trash comes back",
                item=self.version_id,
                current=self._entry.current.name,
            )
        self.status = Status(before)

    def check_freshness(
        self,
        headers: Mapping[str, str] | None = None,
        method: str = "auto",
        *,
        options: TransferOptions | None = None,
    ) -> Fresh:
        """Hold what is known of the file's origin against what its server says now.

        What its maker told of the origin counts first (see `store.registry.freshness.provenance`), then what
        the registry knows by itself: size and digest, when the item was made, and the URI as its address.

        Args:
            headers: The headers of a HEAD or GET; None asks the server.
            method: ``etag``, ``hash``, ``modified``, ``size``, or ``auto`` for the first that both sides
                know.
            options: With None for the headers: how bytes are to be moved.

        Raises:
            QueryError: There is no such method, or no address is known.
            ResourceNotFoundError: The server has it no more.
            TransportError: The server cannot be asked.
        """
        attrs = self.attrs
        if headers is None:
            headers = headers_now(address_of(self.uri, attrs), options)
        known = Known(attrs, self.size, self.digest, self.date)
        return check_freshness(known, headers, method=method)

    def __fspath__(self) -> str:
        """Return `path`."""
        return os.fspath(self.path)

    def __repr__(self) -> str:
        """Return ``CacheItem[<uri> V:<version> <status>]``."""
        name = public(self._entry.uri) if self._entry.uri else self.key
        return f"CacheItem[{name} V:{self.version} {self.rstatus.name}]"

    def __eq__(self, other: object) -> bool:
        """Return whether both are one item of one registry."""
        if not isinstance(other, CacheItem):
            return NotImplemented
        return (self.id, self.version_id, self.cache.places.root) == (
            other.id,
            other.version_id,
            other.cache.places.root,
        )

    def __hash__(self) -> int:
        """Hash what makes items equal."""
        return hash((self.id, self.version_id))
