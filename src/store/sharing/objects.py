"""A prefix in an object store as a shared tier."""

from __future__ import annotations

import os
import threading
from collections.abc import Hashable
from pathlib import Path
from typing import Final, NamedTuple

from store.config.tier import Tier
from store.errors import (
    DriftError,
    MissingKeyError,
    ResourceNotFoundError,
    StoreError,
    TransportError,
)
from store.files.failures import storage_errors
from store.sharing.base import NOTHING, SharedTier
from store.sharing.crowd import Crowd
from store.sharing.health import is_miss
from store.transports.base import Conditions, Stream, TransferOptions
from store.transports.bulk import Bulk
from store.transports.objects.base import DIGEST_KEY, Body, ObjectClient
from store.transports.objects.opening import locate, open_objects


class _Place(NamedTuple):
    """A bucket's client, the prefix, and the options that keep what the client was made of."""

    client: ObjectClient
    prefix: str
    options: TransferOptions


_KEPT: Final = 8
"""How many clients are kept at most; the one that was made first goes first."""

_places: Final[dict[Hashable, _Place]] = {}
_lock: Final = threading.Lock()
os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release)


def _begin_anew() -> None:
    """Leave the parent's connections to the parent, in a fork's child."""
    _places.clear()
    _lock.release()


os.register_at_fork(after_in_child=_begin_anew)


class ObjectTier(SharedTier):
    """Objects at ``<prefix>/cas/<sha256>``, through the client that everything else of ours uses.

    The path is that of the HTTP protocol: a bucket that is served over HTTP is a tier of that kind, too.

    Args:
        tier: What the settings say of it.
        options: How bytes are to be moved.
        client: The bucket's client; None opens the one that the address and the settings name.
    """

    def __init__(
        self, tier: Tier, options: TransferOptions, client: ObjectClient | None = None
    ) -> None:
        super().__init__(tier, options)
        self._given = client

    def address_of(self, name: str) -> str:
        """Return the object's address."""
        return f"{self.tier.address}/cas/{name}"

    def open_stream(
        self, name: str, offset: int = 0, *, conditions: Conditions | None = None
    ) -> Stream:
        """Open an object, or a range of it; a bucket that is missing is no miss."""
        client, prefix = self._place()
        until = None if conditions is None else conditions.until
        etag = (
            None
            if conditions is None or not conditions.if_range
            else conditions.if_range.strip('"')
        )
        try:
            body = client.get(f"{prefix}cas/{name}", start=offset, end=until, etag=etag)
        except MissingKeyError:
            raise
        except ResourceNotFoundError as error:
            raise TransportError(str(error), url=self.address) from error
        except DriftError as error:
            raise TransportError(
                f"{self.address_of(name)} was changed while it was read", url=self.address
            ) from error
        return _BodyStream(body, self.address_of(name))

    def bulk(self, *, connections: int, largest: int) -> Bulk | None:
        """Return what asks for many objects, several at once."""

        def opened(address: str) -> Stream:
            """Open what lies at an address, of which the tier wants the name alone."""
            return self.open_stream(address.rpartition("/")[2])

        self._place()  # what has to be loaded and opened is, before there are threads
        clock = self.options.clock
        return Crowd(opened, threads=connections, largest=largest, clock=clock)

    def holds(self, name: str) -> bool:
        """Ask with a HEAD; where that is forbidden, what there is, is not known."""
        client, prefix = self._place()
        try:
            client.head(f"{prefix}cas/{name}")
        except MissingKeyError:
            return False
        except StoreError as error:
            if is_miss(error):
                return False
            raise
        return True

    def put(self, name: str, path: Path) -> None:
        """Write a file as one object, whole or not at all, with its digest beside it."""
        client, prefix = self._place()
        with storage_errors(path):
            path.stat()
        client.put(f"{prefix}cas/{name}", path, metadata={DIGEST_KEY: name})

    def reach(self) -> None:
        """Ask for what holds nothing; that it is not there is an answer, too.

        A GET, since only its answer tells a missing bucket and wrong keys from a missing object.

        Raises:
            CredentialsError: The keys are wrong, or may not tell what is not there.
            ResourceNotFoundError: The bucket is missing.
            TransportError: There was no good answer.
        """
        client, prefix = self._place()
        try:
            client.get(f"{prefix}cas/{NOTHING}").close()
        except MissingKeyError:
            return

    def _place(self) -> tuple[ObjectClient, str]:
        """Return the client and the prefix, with a slash at its end where there is one.

        Raises:
            StoreError: The bucket cannot be opened.
        """
        if self._given is not None:
            prefix = self.tier.address.partition("://")[2].partition("/")[2]
            return self._given, _slashed(prefix)
        options = self.options
        made_of = (options.credentials, options.clock, options.connections)
        key = (self.tier, options.bounds, options.limit_rate, *map(id, made_of))
        with _lock:
            found = _places.get(key)
            if found is None:
                address, _ = locate(self.tier.address, options)
                client = open_objects(self.tier.address, options)  # called as it was named
                found = _places[key] = _Place(client, _slashed(address.key), options)
                if len(_places) > _KEPT:
                    del _places[next(iter(_places))]
        return found.client, found.prefix


class _BodyStream(Stream):
    """An object's bytes as any other body."""

    accepts_ranges = True

    def __init__(self, body: Body, address: str) -> None:
        self._body = body
        self.address = address
        self.offset = body.start
        self.size = body.meta.size
        self.etag = None if body.meta.etag is None else f'"{body.meta.etag}"'

    def readinto(self, buffer: memoryview) -> int:
        """Fill the buffer with the next bytes."""
        return self._body.readinto(buffer)

    def close(self) -> None:
        """Give the connection back."""
        self._body.close()


def _slashed(prefix: str) -> str:
    return f"{prefix.strip('/')}/" if prefix.strip("/") else ""
