"""What a bucket says of one of its objects."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple, Self

from store.errors import DigestError
from store.integrity.digest import Digest
from store.transports.objects.base import DIGEST_KEY, ObjectClient, ObjectMeta

SHA1_KEY: Final = "sha1sum"
"""The metadata under which the SHA-1 that was asked for stands, in hex: the word of the seed's page."""


class Summary(NamedTuple):
    """What is known of one object, from a listing or from the object itself.

    Attributes:
        key: Its name in the bucket.
        size: Its bytes.
        etag: Its entity tag without quotes, or None.
        last_modified: When it was written (UTC), or None.
        bucket_name: The bucket it lies in.
        digest: The SHA-256 of its content, where it is known: a listing does not tell it.
        version: Its version id, where the bucket keeps versions and told it.
    """

    key: str
    size: int
    etag: str | None = None
    last_modified: datetime | None = None
    bucket_name: str = ""
    digest: Digest | None = None
    version: str | None = None

    @property
    def e_tag(self) -> str | None:
        """The entity tag within its quotes, as HTTP and boto3's ``ObjectSummary`` spell it."""
        return None if self.etag is None else f'"{self.etag}"'

    @classmethod
    def of(cls, meta: ObjectMeta, bucket_name: str, *, digest: Digest | None = None) -> Self:
        """Return what a client said of an object.

        Args:
            meta: What it said.
            bucket_name: The bucket it lies in.
            digest: Its SHA-256, where the caller knows it; None takes the one of its metadata.
        """
        known = digest if digest is not None else digest_in(meta.metadata)
        return cls(
            meta.key, meta.size, meta.etag, meta.last_modified, bucket_name, known, meta.version
        )


def bucket_of(client: ObjectClient) -> str:
    """Return the name of the bucket that a client's objects lie in."""
    return client.bucket


def digest_in(metadata: Mapping[str, str] | None) -> Digest | None:
    """Return the SHA-256 that an object's writer kept with it; None where there is none that can be read.

    Args:
        metadata: What is kept with the object, names in lower case; None where it is not known.
    """
    return _read("sha256", DIGEST_KEY, metadata)


def sha1_in(metadata: Mapping[str, str] | None) -> Digest | None:
    """Return the SHA-1 that an object's writer kept with it, or None: see `digest_in`."""
    return _read("sha1", SHA1_KEY, metadata)


def _read(algorithm: str, key: str, metadata: Mapping[str, str] | None) -> Digest | None:
    text = None if metadata is None else metadata.get(key)
    if text is None:
        return None
    try:
        return Digest.parse(f"{algorithm}:{text}", allow_weak=True)
    except DigestError:
        return None
