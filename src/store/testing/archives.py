"""Archives for tests: well formed ones, of every kind that is unpacked."""

from __future__ import annotations

import io
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from typing import Final

KINDS: Final = ("tar", "tar.gz", "tar.bz2", "tar.xz", "tar.zst", "zip")
"""The kinds of archives that are unpacked, as the suffixes of their names."""


def packed(files: Mapping[str, bytes], kind: str = "tar.gz", *, executable: str = "") -> bytes:
    """Return an archive with these files.

    Args:
        files: Contents by path; a path with a slash at its end is an empty directory.
        kind: One of `KINDS`.
        executable: The path of a file that is for running.
    """
    if kind == "zip":
        return _zipped(files, executable)
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for path, content in files.items():
            member = tarfile.TarInfo(path.rstrip("/"))
            member.size = len(content)
            member.mode = 0o755 if path == executable else 0o644
            if path.endswith("/"):
                member.type = tarfile.DIRTYPE
            archive.addfile(member, io.BytesIO(content))
    return compressed(target.getvalue(), kind.rpartition(".")[2])


def compressed(data: bytes, how: str) -> bytes:
    """Return data compressed by ``gz``, ``bz2``, ``xz`` or ``zst``; as it is for anything else."""
    if how == "gz":
        import gzip

        return gzip.compress(data, mtime=0)
    if how == "bz2":
        import bz2

        return bz2.compress(data)
    if how == "xz":
        import lzma

        return lzma.compress(data)
    return _by_zstandard(data) if how == "zst" else data


def _by_zstandard(data: bytes) -> bytes:
    if sys.version_info >= (3, 14):
        from compression import zstd

        return zstd.compress(data)
    import zstandard

    return zstandard.ZstdCompressor().compress(data)


def _zipped(files: Mapping[str, bytes], executable: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            member = zipfile.ZipInfo(path)
            member.compress_type = zipfile.ZIP_DEFLATED
            mode = 0o755 if path == executable else 0o644
            member.external_attr = (0o100000 | mode) << 16
            if path.endswith("/"):
                member.external_attr = 0o040755 << 16
            archive.writestr(member, content)
    return target.getvalue()
