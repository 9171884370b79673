"""S3's objects: by the library where it can, else by our own requests."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from store.errors import TransportError
from store.transports.base import TransferOptions
from store.transports.bulk import Bulk
from store.transports.objects.account import Account
from store.transports.objects.base import (
    Body,
    Condition,
    Counted,
    ObjectClient,
    ObjectMeta,
    Source,
)
from store.transports.objects.failures import is_not_understood
from store.transports.objects.naming import writable
from store.transports.objects.obstored import ObstoreObjects
from store.transports.objects.sources import PART, opened
from store.transports.objects.stores import Stores, usable
from store.transports.objects.told import is_plain

if TYPE_CHECKING:
    # It brings requests, which takes 100 ms.
    from store.transports.objects.signed import SignedObjects

log = logging.getLogger(__name__)


class S3Objects(ObstoreObjects):
    """Asks S3 with keys that are known, or anonymously.

    The library serves what it does best: objects whose keys it takes as they stand, in one request each.
    Listings (of any prefix, with any key), parts, other keys, and all in a fork's child, are asked for by
    requests of our own.

    Args:
        account: How S3 is reached.
        bucket: The bucket's name.
        stores: The library's stores.
        options: How bytes are to be moved.
        address: The bucket's address; None for ``s3://bucket``.
    """

    def __init__(
        self,
        account: Account,
        bucket: str,
        stores: Stores,
        options: TransferOptions,
        address: str | None = None,
    ) -> None:
        super().__init__(address or f"s3://{bucket}", stores, options)
        self._account = account
        self._bucket = bucket
        self._lazy: SignedObjects | None = None
        self._odd = False

    @property
    def _signed(self) -> SignedObjects:
        """What asks by requests of our own; its import is dear."""
        if self._lazy is None:
            from store.transports.objects.signed import SignedObjects

            self._lazy = SignedObjects(
                self._account, self._bucket, self.options, address=self.address
            )
        return self._lazy

    @property
    def signs_content(self) -> bool:
        """Whether parts are hashed: they go up by requests of our own."""
        return self._signed.signs_content

    def reader(self, *, pinned: bool = False) -> ObjectClient:
        """Return what asks by requests of our own: it keeps to deadlines, and can be aborted."""
        return self._signed.reader(pinned=pinned)

    def head(self, key: str, *, version: str | None = None) -> ObjectMeta:
        """Return what the store says of one object."""
        if self._by_library(key):
            try:
                return super().head(key, version=version)
            except TransportError as error:
                self._leave_the_library(error)
        return self._signed.head(key, version=version)

    def get(
        self,
        key: str,
        *,
        start: int = 0,
        end: int | None = None,
        etag: str | None = None,
        version: str | None = None,
    ) -> Body:
        """Open an object, or a part of it."""
        if self._by_library(key):
            try:
                return super().get(key, start=start, end=end, etag=etag, version=version)
            except TransportError as error:
                self._leave_the_library(error)
        return self._signed.get(key, start=start, end=end, etag=etag, version=version)

    def bulk(self, *, connections: int, largest: int) -> Bulk | None:
        """Return what asks for many small objects."""
        return self._signed.bulk(connections=connections, largest=largest)

    def put(
        self,
        key: str,
        source: Source,
        *,
        metadata: Mapping[str, str] | None = None,
        condition: Condition | None = None,
        counted: Counted | None = None,
    ) -> ObjectMeta:
        """Write an object; what is large goes up in parts, under its condition too."""
        writable(key)
        with opened(source) as reader:
            given = (reader, metadata or {}, condition, counted)
            if self._by_library(key) and reader.size is not None and reader.size <= PART:
                return self.put_whole(key, *given)
            return self._signed.put_read(key, *given)

    def list(self, prefix: str = "", *, after: str | None = None) -> Iterator[ObjectMeta]:
        """Give what begins with a prefix, whatever the keys."""
        return self._signed.list(prefix, after=after)

    def copy(self, source: str, dest: str, *, replacing: bool = True) -> None:
        """Copy an object within the bucket."""
        writable(dest)
        if self._by_library(source) and self._by_library(dest):
            super().copy(source, dest, replacing=replacing)
        else:
            self._signed.copy(source, dest, replacing=replacing)

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects, up to 1000 in one request where their keys are plain."""
        others: list[str] = []

        def plain() -> Iterator[str]:
            """Give the library what it can spell, and put the others aside."""
            for key in keys:
                if self._by_library(key):
                    yield key
                else:
                    others.append(key)

        super().delete(plain())
        if others:
            self._signed.delete(others)

    def checksums(self, key: str, *, version: str | None = None) -> Mapping[str, str]:
        """Return the checksums that S3 keeps of a whole object."""
        return self._signed.checksums(key, version=version)

    def honours_conditions(self, within: str = "") -> bool | None:
        """Return whether the store honours the conditions of `put`."""
        return self._signed.honours_conditions(within)

    def close(self) -> None:
        """Close idle connections."""
        if self._lazy is not None:
            self._lazy.close()

    def _by_library(self, key: str) -> bool:
        return not self._odd and is_plain(key) and usable()

    def _leave_the_library(self, error: TransportError) -> None:
        """Ask without the library from now on, where it understands no answer, as of metadata in raw UTF-8.

        Raises:
            TransportError: It is another failure.
        """
        if not is_not_understood(error):
            raise error
        log.info("%s; it is asked without the library from now on", error)
        self._odd = True
