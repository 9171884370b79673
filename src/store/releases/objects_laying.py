"""Makes the content of a file an object, unless it is one already."""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from store.errors import DriftError, MissingKeyError
from store.files.failures import storage_errors
from store.integrity.digest import Digest
from store.integrity.hashing import hash_file
from store.integrity.stamp import Stamp
from store.releases.layout import blob_name
from store.releases.objects_bringing import digest_there
from store.releases.transfer import counting
from store.releases.values import Uploaded
from store.transports.objects.base import DIGEST_KEY, Counted, ObjectClient


def lay_object(
    client: ObjectClient, shelf: str, file: Path, update: MutableMapping[str, Any]
) -> Uploaded:
    """Make the content of a file a blob, unless it is one already.

    What lies there with our digest among its metadata is taken at its word; what another tool has brought
    is read, and written over only where it is something else.

    Args:
        client: The bucket's objects.
        shelf: What stands before ``blobs`` in the blob's name.
        file: The file.
        update: Its ``size`` is kept up to date.

    Raises:
        DriftError: The file was changed while it was read: nothing wrong stays under the blob's name.
        StoreError: It cannot be read, or the store fails.
    """
    before, digest, size = _read(file)
    key = f"{shelf}/{blob_name(digest.hex)}"
    if not _lies(client, key, digest, size, update):
        _put(client, key, file, digest, before, counted=counting(update))
    update["size"] = size
    return Uploaded(digest.hex, size, digest.hex)


def _read(file: Path) -> tuple[Stamp, Digest, int]:
    """Return what tells a file apart, its digest and its bytes."""
    with storage_errors(file):
        before = Stamp.of(file.lstat())
        hashed = hash_file(file, ["sha256"])
    return before, hashed.digests()[0], hashed.size


def _put(
    client: ObjectClient,
    key: str,
    file: Path,
    digest: Digest,
    before: Stamp,
    *,
    counted: Counted | None = None,
) -> None:
    """Send a file; what it was not when it was read does not stay.

    Raises:
        DriftError: It was changed meanwhile.
    """
    client.put(key, file, metadata={DIGEST_KEY: digest.hex}, counted=counted)
    with storage_errors(file):
        changed = Stamp.of(file.lstat()) != before
    if changed:
        if digest_there(client, key, {}) != digest:
            client.delete([key])
        raise DriftError(
            f"{file} was changed while it was published: publish it when it is at rest",
            name=str(file),
            expected=digest.hex,
        )


def _lies(
    client: ObjectClient, key: str, digest: Digest, size: int, update: MutableMapping[str, Any]
) -> bool:
    try:
        meta = client.head(key)
    except MissingKeyError:
        return False
    if meta.size != size:
        return False
    return (meta.metadata or {}).get(DIGEST_KEY) == digest.hex or (
        digest_there(client, key, update) == digest
    )
