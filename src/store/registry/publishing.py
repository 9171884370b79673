"""Makes what was written a published file: whole, durable, hashed."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from store.errors import RegistryError, StatusError
from store.files.atomic import discard, make_directories, rename
from store.files.failures import storage_errors
from store.files.small import write_small
from store.files.syncing import sync_directory, sync_file, sync_many
from store.integrity.digest import DEFAULT_ALGORITHM, new_hasher
from store.integrity.hashing import hash_descriptor, hash_file
from store.integrity.regular import open_regular
from store.registry.places import Places
from store.registry.records import Entry

_WRITABLE = 0o222


class Sealed(NamedTuple):
    """A file that is whole: its size in bytes, and its digest as ``algorithm:hex``."""

    size: int
    digest: str


def seal(path: str | Path, *, durable: bool, owned: bool = True) -> Sealed:
    """Read a file that was written, make it read-only, and bring its content to the disk.

    Args:
        path: A regular file of ours; a link is refused.
        durable: Whether a power cut must leave it whole.
        owned: Whether its mode is ours to change.

    Raises:
        RegistryError: It is missing, no regular file, or cannot be read.
    """
    with storage_errors(path, kind=RegistryError):
        try:
            descriptor = open_regular(path)
        except ValueError as error:
            raise OSError(errno.EINVAL, "what was written there is no regular file") from error
        try:
            status = os.fstat(descriptor)
            if owned and status.st_mode & _WRITABLE:
                os.fchmod(descriptor, status.st_mode & 0o777 & ~_WRITABLE)
            hashing = hash_descriptor(descriptor, (DEFAULT_ALGORITHM,))
            if durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
    return Sealed(hashing.size, f"{DEFAULT_ALGORITHM}:{hashing.hexdigest(DEFAULT_ALGORITHM)}")


def write_sealed(path: str, data: memoryview, *, durable: bool) -> Sealed:
    """Write a new file whose content is at hand: whole, read-only, hashed, without reading it again.

    Args:
        path: A name that nobody else knows.
        data: The content, as bytes.
        durable: Whether a power cut must leave it whole.

    Raises:
        StorageError: It cannot be written.
    """
    with storage_errors(path):
        write_small(path, data, 0o666 & ~_WRITABLE)
        if durable:
            sync_file(path)
    hasher = new_hasher(DEFAULT_ALGORITHM)
    hasher.update(data)
    return Sealed(len(data), f"{DEFAULT_ALGORITHM}:{hasher.hexdigest()}")


def move_in_place(source: str, target: str, *, durable: bool) -> None:
    """Rename a sealed file to where it is published.

    Args:
        source: Where it lies.
        target: Where it is to lie; nothing of another item ever lies there.
        durable: Whether its name must survive a power cut.

    Raises:
        StorageError: It cannot be moved.
    """
    directory = os.path.dirname(target)  # noqa: PTH120 - text
    if not os.path.isdir(directory):  # noqa: PTH112 - text
        make_directories(directory, durable=durable)
    rename(source, target)
    if durable:
        with storage_errors(directory, kind=RegistryError):
            sync_directory(directory)


def settle(paths: Iterable[str]) -> None:
    """Bring many published files and their names to the disk at once.

    Raises:
        StorageError: The disk refused.
    """
    files = list(paths)
    sync_many(files)
    # The names of the shelves and of what these lie in, which may all be new.
    shelves = {Path(path) for path in {os.path.dirname(one) for one in files}}  # noqa: PTH120 - text
    for directory in {above for one in shelves for above in (one.parent, one.parent.parent)}:
        with storage_errors(directory, kind=RegistryError):
            sync_directory(directory)


def check_written(places: Places, entry: Entry) -> str:
    """Return the path that an item was written to.

    Raises:
        StatusError: There is no file.
    """
    path = places.partial(entry.key, entry.version, entry.ext)
    if not os.path.lexists(path):
        raise StatusError(
            f"{entry.version_id} cannot become READY: nothing was written to {path}: write it there, or"
            " mark it as failed",
            item=entry.version_id,
            current=entry.current.name,
            wanted="READY",
        )
    return path


def check_published(places: Places, entry: Entry) -> None:
    """See that nobody wrote to the file of an item that is READY, which cannot be published twice.

    One that is still read-only and of its size is not read.

    Raises:
        StatusError: It is gone, or is not what was published.
    """
    if not entry.published:
        return
    path = places.published(entry.key, entry.version, entry.ext)
    try:
        status = os.lstat(path)
    except OSError:
        status = None
    same = status is not None and status.st_size == entry.size
    if same and status is not None and status.st_mode & _WRITABLE:
        hashing = hash_file(path, (DEFAULT_ALGORITHM,))
        same = f"{DEFAULT_ALGORITHM}:{hashing.hexdigest(DEFAULT_ALGORITHM)}" == entry.digest
    if not same:
        found = "not what was published" if status else "gone"
        raise StatusError(
            f"{entry.version_id} is READY already, and its file is {found}:"
            " what is READY never changes; make a new version (create, best_or_new)",
            item=entry.version_id,
            current="READY",
            wanted="READY",
        )


def remove_files(places: Places, entries: Sequence[Entry]) -> None:
    """Remove the files of items that are marked as gone, whatever stage they were in."""
    for entry in entries:
        for path in (
            places.published(entry.key, entry.version, entry.ext),
            places.partial(entry.key, entry.version, entry.ext),
            places.sidecar(entry.key, entry.version),
        ):
            if places.is_ours(path):
                discard(path)
