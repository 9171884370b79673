"""Decompresses a single file."""

from __future__ import annotations

import os
from pathlib import Path

from store.files.unpacking.archive import opened
from store.files.unpacking.compression import chunks_of, compression_of, decompressed
from store.files.unpacking.limits import Guard
from store.files.unpacking.members import Member, Planted
from store.files.unpacking.planting import Planting


def decompress(
    archive: str | Path, directory: str | Path, name: str, guard: Guard, *, read_only: bool = False
) -> Planted:
    """Decompress a file that gzip, bzip2, xz or Zstandard made.

    Args:
        archive: A regular file.
        directory: An empty directory that nobody else uses.
        name: What the file is to be called there.
        guard: Knows the archive's name and size, and the limits.
        read_only: Make the file read-only.

    Returns:
        What was made.

    Raises:
        ArchiveError: It is damaged, or not compressed.
        UnsafeArchiveError: It would become too large.
        OSError: It cannot be read, or the disk refused.
    """
    planting = Planting(os.fspath(directory), guard, links=False, read_only=read_only)
    with opened(archive) as descriptor:
        compression = compression_of(os.pread(descriptor, 8, 0))
        if compression is None:
            raise guard.foreign("it is not compressed by gzip, bzip2, xz or Zstandard")
        content = decompressed(chunks_of(descriptor, guard), compression, guard)
        return planting.plant([Member(name, "file", data=content)])[name]
