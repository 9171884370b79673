"""Brings the content of blobs out of an archive's directory."""

from __future__ import annotations

import errno
import functools
import hashlib
import itertools
import os
import stat
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, Final

from store.errors import IntegrityError, ResourceNotFoundError, StoreError
from store.files.atomic import replacing
from store.files.failures import storage_error
from store.files.small import lay_small
from store.files.unfinished import partial_name
from store.integrity.digest import Digest, new_hasher
from store.releases.values import HEALING

SMALL: Final = 1 << 20
"""Up to which size a file is read whole, in bytes."""

_FLAGS: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC

_NO_FILE: Final = frozenset({errno.EINVAL, errno.ELOOP})
"""Error numbers of `opened` that mean that something else than a file lies there."""

_counter: Final = itertools.count()


def bring_out(
    blob: str,
    target: str,
    via: str,
    update: MutableMapping[str, Any],
    *,
    digest: Digest | None,
    size: int | None,
    mode: int = 0o666,
    chunk: int,
) -> None:
    """Put a blob's content at a path, once it has the size and digest that it must have.

    Args:
        blob: The blob's path.
        target: Where it goes.
        via: A directory on the same file system as the target for what is not finished.
        update: Its ``size`` and ``digest`` are kept up to date.
        digest: What it must have, or None where nothing is known.
        size: Its bytes, or None.
        mode: The permission bits of the file, of which the umask takes its own.
        chunk: How many bytes are moved at a time.

    Raises:
        ResourceNotFoundError: There is no such blob.
        IntegrityError: It is not what it must be; nothing is put in place.
        StorageError: It cannot be read or written.
    """
    descriptor, bytes_there = _opened_blob(blob, digest)
    algorithm = "sha256" if digest is None else digest.algorithm
    try:
        if bytes_there < SMALL:
            data = whole(descriptor, bytes_there)
            update["size"] = len(data)
            found = Digest(algorithm, _hex(algorithm, data))
            hold(blob, digest, size, found, len(data))
            lay_small(temporary_in(via), target, data, mode)
        else:
            with replacing(Path(target), mode=mode, via=via) as written:
                poured = pour(descriptor, written, update, chunk=chunk, algorithm=algorithm)
                found = Digest(algorithm, poured)
                hold(blob, digest, size, found, update["size"])
    except StoreError:
        raise
    except OSError as error:
        raise storage_error(error, target, needed=size) from error
    finally:
        os.close(descriptor)
    update["digest"] = str(found)


def _opened_blob(blob: str, digest: Digest | None) -> tuple[int, int]:
    try:
        return opened(blob)
    except FileNotFoundError as error:
        raise ResourceNotFoundError(
            f"{blob} is missing in the archive: its release is not whole; {HEALING}"
        ) from error
    except OSError as error:
        if error.errno in _NO_FILE:
            raise IntegrityError(
                f"{blob} is no file but a link, a directory or the like: the archive is damaged;"
                f" {HEALING}",
                path=blob,
                expected=None if digest is None else str(digest),
            ) from error
        raise storage_error(error, blob) from error


def temporary_in(directory: str) -> str:
    """Return a fresh path for a file that is not finished: as `partial_name`, for thousands of them."""
    return f"{directory}/{_partial(os.getpid())}-{next(_counter):x}"


@functools.lru_cache(maxsize=1)
def _partial(process: int) -> str:
    """Return how the names begin that a process makes; another one after a fork."""
    del process
    return partial_name()


def pour(
    source: int,
    target: int,
    update: MutableMapping[str, Any],
    *,
    chunk: int,
    algorithm: str = "sha256",
) -> str:
    """Read an open file to its end, write it to another unless that is -1, and return its digest."""
    hasher = new_hasher(algorithm)
    buffer = memoryview(bytearray(max(1, min(chunk, 4 * SMALL))))
    moved = 0
    update["size"] = 0
    while count := os.readv(source, [buffer]):
        hasher.update(buffer[:count])
        rest = buffer[:count] if target >= 0 else buffer[:0]
        while rest:
            rest = rest[os.write(target, rest) :]
        moved += count
        update["size"] = moved
    return hasher.hexdigest()


def whole(descriptor: int, size: int) -> bytes:
    """Return what an open file holds, read at once where it has the bytes that it is said to have."""
    data = os.read(descriptor, size + 1)
    if len(data) == size:
        return data
    parts = [data]
    while data := os.read(descriptor, SMALL):
        parts.append(data)
    return b"".join(parts)


def _hex(algorithm: str, data: bytes) -> str:
    if algorithm == "sha256":
        return hashlib.sha256(data).hexdigest()
    hasher = new_hasher(algorithm)
    hasher.update(data)
    return hasher.hexdigest()


def hold(blob: str, digest: Digest | None, size: int | None, found: Digest, count: int) -> None:
    """Hold what was read against what it must be.

    Args:
        blob: What it is called.
        digest: What it must have, or None.
        size: Its bytes, or None.
        found: What it has; of the algorithm of ``digest``.
        count: Its bytes as they were counted.

    Raises:
        IntegrityError: It is something else.
    """
    if size is not None and count != size:
        raise IntegrityError(
            f"{blob} has {count} bytes and must have {size}: the archive is damaged; {HEALING}",
            path=blob,
            expected=str(size),
            found=str(count),
            size=count,
        )
    if digest is not None and digest != found:
        raise IntegrityError(
            f"{blob} is not what was published: the archive is damaged; {HEALING}",
            path=blob,
            expected=str(digest),
            found=str(found),
            size=count,
        )


def opened(path: str) -> tuple[int, int]:
    """Open a regular file; return its descriptor, and how many bytes it has."""
    descriptor = os.open(path, _FLAGS)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no regular file", path)
    return descriptor, status.st_size
