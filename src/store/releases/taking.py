"""Takes the content of files into an archive's directory."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, Final

from store.errors import DriftError, StoreError
from store.files.atomic import make_directories, replacing
from store.files.failures import storage_error, storage_errors
from store.files.small import lay_small
from store.integrity.hashing import hash_file
from store.releases.blobs import SMALL, opened, pour, temporary_in, whole
from store.releases.rooms import Rooms
from store.releases.setting_aside import set_aside
from store.releases.values import Uploaded

READ_ONLY: Final = 0o444
"""The permission bits of a blob."""


def take_in(
    source: str,
    shelf: str,
    via: str,
    update: MutableMapping[str, Any],
    *,
    rooms: Rooms,
    chunk: int,
) -> Uploaded:
    """Make the content of a file a blob, unless it is one already and is sound.

    Args:
        source: The file; a link is refused.
        shelf: The directory above ``blobs``.
        via: A directory on the same file system for what is not finished.
        update: Its ``size`` is kept up to date.
        rooms: The directories of blobs, as far as they are known.
        chunk: How many bytes are moved at a time.

    Raises:
        DriftError: The file was changed while it was read.
        StorageError: It cannot be read or written.
    """
    try:
        descriptor, bytes_there = opened(source)
        try:
            if bytes_there < SMALL:
                data = whole(descriptor, bytes_there)
                return _take_small(data, shelf, via, update, rooms)
            return _take_large(descriptor, source, shelf, via, update, chunk=chunk)
        finally:
            os.close(descriptor)
    except StoreError:
        raise
    except OSError as error:
        raise storage_error(error, source) from error


def _take_small(
    data: bytes, shelf: str, via: str, update: MutableMapping[str, Any], rooms: Rooms
) -> Uploaded:
    sha256 = hashlib.sha256(data).hexdigest()
    room = f"{shelf}/blobs/{sha256[:2]}"
    target = f"{room}/{sha256}"
    if rooms.lack(room, sha256, len(data)) or not _sound(target, len(data), sha256):
        try:
            lay_small(temporary_in(via), target, data, READ_ONLY)
        except OSError as error:
            raise storage_error(error, target, needed=len(data)) from error
    update["size"] = len(data)
    return Uploaded(sha256, len(data), sha256)


def _take_large(
    descriptor: int,
    source: str,
    shelf: str,
    via: str,
    update: MutableMapping[str, Any],
    *,
    chunk: int,
) -> Uploaded:
    size = os.fstat(descriptor).st_size
    sha256 = pour(descriptor, -1, update, chunk=chunk)
    target = f"{shelf}/blobs/{sha256[:2]}/{sha256}"
    if not _sound(target, size, sha256):
        os.lseek(descriptor, 0, os.SEEK_SET)
        make_directories(Path(target).parent)
        with (
            storage_errors(target),
            replacing(Path(target), mode=READ_ONLY, via=via) as blob,
        ):
            again = pour(descriptor, blob, update, chunk=chunk)
            if again != sha256:
                raise DriftError(
                    f"{source} was changed while it was published: publish it when it is at rest",
                    name=source,
                    expected=sha256,
                    found=again,
                )
    return Uploaded(sha256, int(update["size"]), sha256)


def _sound(path: str, size: int, sha256: str) -> bool:
    """Return whether a blob is there and is what its name says; a directory there makes room."""
    if not os.access(path, os.F_OK):
        return False  # known without an exception, for thousands; a link that leads nowhere is replaced
    with storage_errors(path):
        try:
            status = os.lstat(path)
        except FileNotFoundError:
            return False
        if stat.S_ISDIR(status.st_mode):
            set_aside(path)
        if status.st_size != size or not stat.S_ISREG(status.st_mode):
            return False
        try:
            return hash_file(path, ["sha256"]).digests()[0].hex == sha256
        except ValueError:
            return False  # a link, or something else that is no file
