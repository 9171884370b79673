"""Brings an object of a bucket to a file, hashed as it comes."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, Final

from store.errors import MissingKeyError, ResourceNotFoundError, TooLargeError, TruncatedError
from store.files.atomic import replacing
from store.files.failures import storage_errors
from store.integrity.digest import Digest, new_hasher
from store.releases.blobs import hold
from store.releases.values import HEALING
from store.transports.objects.base import Body, ObjectClient

_BUFFER: Final = 1 << 20
"""How many bytes are read at a time, at the most."""


def bring_object(
    client: ObjectClient,
    key: str,
    target: Path,
    via: Path,
    update: MutableMapping[str, Any],
    *,
    digest: Digest | None,
    size: int | None,
    mode: int = 0o666,
    chunk: int,
) -> None:
    """Put an object's content at a path, once it has the size and digest that it must have.

    Args:
        client: The bucket's objects.
        key: The object's name.
        target: Where it goes.
        via: A directory on the same file system as the target for what is not finished.
        update: Its ``size`` and ``digest`` are kept up to date.
        digest: What it must have, or None where nothing is known.
        size: Its bytes, or None.
        mode: The permission bits of the file, of which the umask takes its own.
        chunk: How many bytes are moved at a time.

    Raises:
        ResourceNotFoundError: There is no such object.
        IntegrityError: It is not what it must be; nothing is put in place.
        StoreError: The store fails, or the disk.
    """
    algorithm = "sha256" if digest is None else digest.algorithm
    name = f"{client.address}/{key}"
    try:
        body = client.get(key)
    except MissingKeyError as error:
        raise ResourceNotFoundError(
            f"{name} is missing in the archive: its release is not whole; {HEALING}"
        ) from error
    with body, storage_errors(target), replacing(target, mode=mode, via=via) as descriptor:
        found = _pour(body, descriptor, update, algorithm, min(chunk, _BUFFER))
        count = int(update["size"])
        _hold_whole(name, body, count)
        hold(name, digest, size, found, count)
    update["digest"] = str(found)


def digest_there(client: ObjectClient, key: str, update: MutableMapping[str, Any]) -> Digest | None:
    """Return the SHA-256 of what lies under a key, all of it read; None where nothing lies there.

    Args:
        client: The bucket's objects.
        key: The object's name.
        update: Its ``size`` is kept up to date.

    Raises:
        StoreError: The store fails.
    """
    try:
        with client.get(key) as body:
            found = _pour(body, -1, update, "sha256", _BUFFER)
            _hold_whole(f"{client.address}/{key}", body, int(update["size"]))
    except MissingKeyError:
        return None
    return found


def bytes_there(client: ObjectClient, key: str, *, limit: int) -> bytes | None:
    """Return what lies under a key; None where nothing lies there.

    Args:
        client: The bucket's objects.
        key: The object's name.
        limit: How large it may be, in bytes.

    Raises:
        TooLargeError: It is larger.
        TruncatedError: Less of it came.
        StoreError: The store fails.
    """
    name = f"{client.address}/{key}"
    try:
        with client.get(key) as body:
            size = body.end - body.start
            if size > limit:
                raise TooLargeError(
                    f"{name} is refused: it has {size} bytes, and {limit} are allowed",
                    size=size,
                    limit=limit,
                )
            data = bytearray(size)
            view, filled = memoryview(data), 0
            while filled < size and (count := body.readinto(view[filled:])):
                filled += count
            _hold_whole(name, body, filled)
    except MissingKeyError:
        return None
    return bytes(data)


def _hold_whole(name: str, body: Body, count: int) -> None:
    expected = body.end - body.start
    if count != expected:
        raise TruncatedError(f"{name} ended after {count} bytes", expected=expected, found=count)


def _pour(
    body: Body, descriptor: int, update: MutableMapping[str, Any], algorithm: str, chunk: int
) -> Digest:
    """Read a body to its end, write it to an open file unless that is -1, and return its digest."""
    hasher = new_hasher(algorithm)
    buffer = memoryview(bytearray(max(1, chunk)))
    moved = 0
    update["size"] = 0
    while count := body.readinto(buffer):
        hasher.update(buffer[:count])
        rest = buffer[:count] if descriptor >= 0 else buffer[:0]
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        moved += count
        update["size"] = moved
    return Digest(algorithm, hasher.hexdigest())
