"""Unpacks an archive, whatever kind it is of, into an empty directory."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from store.files.unpacking.bytestream import ByteStream
from store.files.unpacking.compression import (
    Compression,
    chunks_of,
    compression_of,
    decompressed,
)
from store.files.unpacking.limits import Guard
from store.files.unpacking.members import Member, Planted
from store.files.unpacking.planting import Planting
from store.files.unpacking.tar import members as tar_members
from store.files.unpacking.tar_header import BLOCK, is_tar

VERSION: Final = 1
"""What the unpacker makes of an archive; a change of that gives new trees."""


def unpack(
    archive: str | Path,
    directory: str | Path,
    guard: Guard,
    *,
    links: bool = False,
    read_only: bool = False,
) -> Mapping[str, Planted]:
    """Unpack an archive: zip, or tar, plain or compressed by gzip, bzip2, xz or Zstandard.

    What it is is seen from its content; its name decides only where that says nothing. Each member is
    checked before it is written: see `Roster`, `checked_links` and `Limits`. A hard link becomes a copy.

    Args:
        archive: A regular file.
        directory: An empty directory that nobody else uses; where anything is raised it holds what was
            written so far, for the caller to remove.
        guard: Knows the archive's name and size, and the limits.
        links: Make symbolic links, those that stay inside; else they are refused.
        read_only: Make the files read-only.

    Returns:
        What was made, by its path below the directory.

    Raises:
        ArchiveError: It is damaged, or no archive.
        UnsafeArchiveError: A member is refused, or it would become too large.
        OSError: It cannot be read, or the disk refused.
    """
    planting = Planting(os.fspath(directory), guard, links=links, read_only=read_only)
    with opened(archive) as descriptor:
        return planting.plant(_members(descriptor, guard))


@contextmanager
def opened(path: str | Path) -> Iterator[int]:
    """Open a regular file for reading.

    Raises:
        OSError: It cannot be opened, or is a link.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _members(descriptor: int, guard: Guard) -> Iterator[Member]:
    head = os.pread(descriptor, BLOCK, 0)
    if head.startswith(b"PK"):
        from store.files.unpacking.zip_index import is_zip
        from store.files.unpacking.zips import members as zip_members

        if is_zip(head):
            return zip_members(descriptor, guard)
    compression = None if is_tar(head) else compression_of(head)
    pieces = decompressed(chunks_of(descriptor, guard), compression, guard)
    stream = ByteStream(pieces, guard, "it ends too early")
    if is_tar(stream.head(BLOCK)) or _is_empty_tar(stream.head(BLOCK), guard):
        return tar_members(stream, guard)
    raise guard.foreign(_foreign(compression))


def _is_empty_tar(head: bytes, guard: Guard) -> bool:
    """Whether it is a tar without members, which is nothing but zeros: here its name must say so."""
    name = guard.archive.lower()
    return head == bytes(BLOCK) and (".tar" in name or name.endswith((".tgz", ".txz", ".tzst")))


def _foreign(compression: Compression | None) -> str:
    if compression is not None:
        return (
            f"it is one file compressed as {compression}, and no archive: decompress=True (--decompress)"
            " gives what is in it"
        )
    return "it is neither a zip nor a tar archive"
