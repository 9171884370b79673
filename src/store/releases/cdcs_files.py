"""The files of a release that go up to a CDCS, each read once."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from store.files.failures import storage_errors
from store.files.names import inside
from store.integrity.regular import open_regular
from store.integrity.stamp import Stamp
from store.releases.mapping import blob_nodes
from store.releases.names import check_path
from store.releases.transfer import Standing


@attrs.frozen
class Local:
    """A file that is to go up.

    Attributes:
        path: Where it lies.
        size: Its bytes.
        sha256: Its SHA-256 in hex.
        stamp: What told it apart when it was read.
    """

    path: Path
    size: int
    sha256: str
    stamp: Stamp

    @classmethod
    def of(cls, path: Path) -> Local:
        """Return what a file is, having read it once.

        Raises:
            OSError: It cannot be read.
        """
        try:
            descriptor = open_regular(path)
        except ValueError as error:
            raise OSError(errno.EINVAL, "it is no regular file", str(path)) from error
        with open(descriptor, "rb") as file:  # noqa: PTH123 - of a descriptor
            stamp = Stamp.of(os.fstat(descriptor))
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return cls(path, file.tell(), digest, stamp)


def local_file(source: Path, path: str, read: Mapping[Path, Local] | None = None) -> Local:
    """Return a file of a project, having read it once.

    Args:
        source: The project's directory.
        path: Where it lies there, with ``/`` between components.
        read: What was read already; it is read again only if it was changed since.

    Raises:
        UnsafeNameError: Its path would lead elsewhere.
        StorageError: It cannot be read.
    """
    found = inside(source, check_path(path))
    known = None if read is None else read.get(found)
    with storage_errors(found):
        if known is not None and Stamp.of(found.lstat()) == known.stamp:
            return known
        return Local.of(found)


def local_files(
    source: Path, project: Mapping[str, Any], show: Callable[[Standing], object] | None
) -> Iterator[Local]:
    """Give every file of a project, having read it once.

    Args:
        source: The project's directory.
        project: Its mapping.
        show: Is told how many bytes were read, and of which file they are; they go up afterwards.

    Raises:
        UnsafeNameError: A path would lead elsewhere.
        StorageError: One cannot be read.
    """
    count = 0
    for number, (path, _) in enumerate(blob_nodes(project)):
        if show is not None:
            show(Standing(count, number, (f"reading {path}",)))
        found = local_file(source, path)
        count += found.size
        yield found
