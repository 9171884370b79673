"""Knows which blobs lie in their directories, at little cost."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from store.errors import ResourceNotFoundError
from store.files.failures import storage_error, storage_errors
from store.releases.mapping import Blob


class Rooms:
    """The directories of blobs that were come by: no blob is looked for in one that was just made."""

    def __init__(self) -> None:
        self._put: dict[str, dict[str, int] | None] = {}

    def lack(self, room: str, sha256: str, size: int) -> bool:
        """Whether a blob is known not to lie in its directory, which was made by us; from now on it is not.

        Where another has put it there meanwhile, it is replaced by the same content.

        Args:
            room: The directory; made where it is missing.
            sha256: The digest, in hexadecimal.
            size: The bytes of the one that is put there now.

        Raises:
            StorageError: The directory cannot be made.
        """
        try:
            put = self._put[room]
        except KeyError:
            put = self._put[room] = {} if _made(room) else None
        if put is None or sha256 in put:
            return False
        put[sha256] = size
        return True

    def settle(self) -> dict[str, int]:
        """Return which of the blobs that were put into new directories lie there, and their bytes.

        All is forgotten that was known.

        Raises:
            StorageError: A directory cannot be read.
        """
        rooms, self._put = self._put, {}
        found: dict[str, int] = {}
        for room, put in rooms.items():
            if put:
                with storage_errors(room), contextlib.suppress(FileNotFoundError):
                    there = put.keys() & set(os.listdir(room))  # noqa: PTH208 - names alone
                    found.update((one, put[one]) for one in there)
        return found


def check_there(
    title: str, blobs: Sequence[Blob], paths: Sequence[str], there: Mapping[str, int]
) -> None:
    """Refuse to publish a release of which a blob is missing, or has another size than its file.

    Args:
        title: The release's title and version.
        blobs: What its record says.
        paths: Where each of them lies.
        there: The ids of blobs that were just seen there, and their bytes.

    Raises:
        ResourceNotFoundError: It is so.
        StorageError: One cannot be looked at.
    """
    for blob, path in zip(blobs, paths, strict=True):
        if blob.size is not None and there.get(blob.pid or "") == blob.size:
            continue
        try:
            size = os.lstat(path).st_size
        except (FileNotFoundError, NotADirectoryError):
            size = -1
        except OSError as error:
            raise storage_error(error, path) from error
        if size != blob.size and (size < 0 or blob.size is not None):
            what = f"has {size} bytes in the archive, and {blob.size} in the record; correct the record, or"
            raise ResourceNotFoundError(
                f"{title} cannot be published: the content of {blob.path!r}"
                f" {'is not in the archive;' if size < 0 else what} upload its blobs first",
                query=blob.path,
            )


def _made(room: str) -> bool:
    """Make a directory; False where something lies there."""
    with storage_errors(room):
        try:
            os.mkdir(room)  # noqa: PTH102 - text, for hundreds of them
        except FileNotFoundError:
            Path(room).parent.mkdir(parents=True, exist_ok=True)
            return _made(room)
        except FileExistsError:
            return False
    return True
