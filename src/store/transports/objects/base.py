"""What every client of an object store gives, and its values."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, Self

from store.transports.bulk import Bulk

Source = bytes | memoryview | Path | BinaryIO
"""What is put: bytes, a file's path, or an open file, read from where it stands to its end."""

Counted = Callable[[int], None]
"""Is told how many bytes more were moved, in the thread that moved them."""

DIGEST_KEY: Final = "store-sha256"
"""The metadata under which our SHA-256 of an object's whole content stands, in hex."""


class ObjectMeta(NamedTuple):
    """What a store says of one object.

    Attributes:
        key: Its name in the bucket, as the store spells it.
        size: Its bytes.
        etag: Its entity tag without quotes, or None.
        last_modified: When it was written (UTC), or None.
        version: Its version id, where the bucket keeps versions.
        metadata: What its writer kept with it, names in lower case; None where it was not asked for (a
            listing does not tell it).
    """

    key: str
    size: int
    etag: str | None = None
    last_modified: datetime | None = None
    version: str | None = None
    metadata: Mapping[str, str] | None = None


class Absent(NamedTuple):
    """The condition that nothing lies under the key yet (``If-None-Match: *``)."""


class Unchanged(NamedTuple):
    """The condition that the object is still the one of this entity tag (``If-Match``)."""

    etag: str


Condition = Absent | Unchanged
"""Under which condition an object is written."""


class Body(abc.ABC):
    """The bytes of an object on their way; closed by whoever asked for them.

    Attributes:
        meta: What the store says of the object, its metadata included where it came along.
        start: The first byte that comes: the one asked for, checked against the answer's Content-Range.
        end: Behind the last byte that comes.
    """

    meta: ObjectMeta
    start: int
    end: int

    @abc.abstractmethod
    def readinto(self, buffer: memoryview) -> int:
        """Fill the buffer with the next bytes, as many as are there; 0 at the end.

        Raises:
            TruncatedError: The body ended early.
            TransportTimeoutError: Nothing came in time.
            TransportError: The connection broke.
        """

    @abc.abstractmethod
    def close(self) -> None:
        """Give the connection back."""

    def abort(self) -> None:  # noqa: B027 - most end soon enough by themselves
        """End the body from another thread: whoever reads it gets an error, or its end, at once."""

    def __enter__(self) -> Self:
        """Return the body itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the body."""
        self.close()


class ObjectClient(abc.ABC):
    """The objects of one bucket. Every call may be made from several threads at once.

    Every method raises, beside what it names: `CredentialsError` (401, 403), `RateLimitedError` (503 and
    429 with a ``Retry-After``), `TransportTimeoutError`, `TransportError` (all else on the way; ``status``
    tells which answer), `OfflineError` where the network is not to be used, and `ResourceNotFoundError`
    where the bucket itself is missing.

    Attributes:
        address: The bucket's address without secrets, such as ``s3://bucket``, or ``bucket:NAME`` where it is
            reached by a connection of the settings.
    """

    address: str

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        return self.address.partition("://")[2].partition("/")[0]

    @property
    def server(self) -> str | None:
        """What names the server, the same in every process and without secrets: its endpoint.

        None where nothing does, as with what lies in memory: then nothing is remembered of its objects.
        """
        return None

    @property
    def signs_content(self) -> bool:
        """Whether each part that is sent is hashed with SHA-256: `sources.Summed` spares that."""
        return False

    @abc.abstractmethod
    def head(self, key: str, *, version: str | None = None) -> ObjectMeta:
        """Return what the store says of one object, with its metadata.

        Raises:
            MissingKeyError: There is nothing under the key.
        """

    @abc.abstractmethod
    def get(
        self,
        key: str,
        *,
        start: int = 0,
        end: int | None = None,
        etag: str | None = None,
        version: str | None = None,
    ) -> Body:
        """Open an object, or the bytes from ``start`` to before ``end``.

        A store that answers a range with the whole object, or with another range, is noticed: what comes
        begins at ``Body.start``.

        Args:
            key: Its name in the bucket.
            start: The first byte that is wanted.
            end: Behind the last byte that is wanted; None for all that follow.
            etag: The object is wanted only while it is this one.
            version: Its version id, where an older one is wanted.

        Raises:
            MissingKeyError: There is nothing under the key.
            DriftError: The object is another one than ``etag`` says (412).
        """

    @abc.abstractmethod
    def put(
        self,
        key: str,
        source: Source,
        *,
        metadata: Mapping[str, str] | None = None,
        condition: Condition | None = None,
        counted: Counted | None = None,
    ) -> ObjectMeta:
        """Write an object, whole or not at all; what is large goes up in parts, several at once.

        Args:
            key: Its name in the bucket.
            source: What is written.
            metadata: What is kept with it: ASCII names in lower case, ASCII values.
            condition: When it may be written; see `honours_conditions`.
            counted: Is told of bytes that went up.

        Raises:
            DriftError: The condition does not hold (409, 412).
        """

    @abc.abstractmethod
    def list(self, prefix: str = "", *, after: str | None = None) -> Iterator[ObjectMeta]:
        """Give every object whose key begins with a prefix (as text, not as a path), in order of keys.

        Args:
            prefix: What the keys begin with, such as ``data/``.
            after: Only keys behind this one are given.
        """

    @abc.abstractmethod
    def copy(self, source: str, dest: str, *, replacing: bool = True) -> None:
        """Copy an object within the bucket, metadata included, without moving its bytes through here.

        Raises:
            MissingKeyError: There is nothing under ``source``.
            DriftError: Something lies under ``dest`` and is not to be replaced.
        """

    @abc.abstractmethod
    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects, many in one request where the store takes that; a missing one is no error."""

    @abc.abstractmethod
    def honours_conditions(self, within: str = "") -> bool | None:
        """Return whether the store honours the conditions of `put`: tried out once, and remembered.

        The trial asks for what a store must refuse that honours them; where it does not, an object under
        ``.store-condition-`` and a random word is written, and deleted.

        Args:
            within: What the key of the trial begins with, such as ``data/``.

        Returns:
            None where it may not be tried there.
        """

    def reader(self, *, pinned: bool = False) -> ObjectClient:  # noqa: ARG002 - most need not know
        """Return the client that is best for reading what is large: one whose bodies can be aborted.

        Args:
            pinned: Whether the whole will be held against a digest: then a part may be taken for one that
                the store gives under another status.
        """
        return self

    def bulk(self, *, connections: int, largest: int) -> Bulk | None:  # noqa: ARG002 - most have none
        """Return what asks for many small objects, whole, by their keys (`Asked.address`).

        Whoever is told of an object holds it to what is known of it: no condition is sent. The head of each
        answer is one of S3's (`store.transports.objects.answers.meta_in` reads it).

        Args:
            connections: How many connections may be open at once.
            largest: The largest object that is small, in bytes.

        Returns:
            None where that cannot be done now, and each is to be asked for by itself.
        """
        return None

    def checksums(self, key: str, *, version: str | None = None) -> Mapping[str, str]:  # noqa: ARG002 - most know of none
        """Return what the store itself computed over an object's whole content: hex by algorithm.

        The algorithms are ``sha256``, ``sha1``, ``crc64nvme``, ``crc32c`` and ``crc32``, and ``md5`` where
        the entity tag surely is one; a store that keeps none gives none.

        Raises:
            MissingKeyError: There is nothing under the key.
        """
        return {}

    def close(self) -> None:  # noqa: B027 - most have nothing to close
        """Close what is open; the client may be used again."""
