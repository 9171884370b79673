"""Tells what a file is packed as, also where its suffix lies."""

from __future__ import annotations

from typing import IO, Final, NamedTuple

from store.errors import StorageError
from store.files.unpacking.compression import compression_of
from store.files.unpacking.streams import unpacked

_ZIPS: Final = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
"""What zips begin with: whole ones, empty ones, and those in parts (PKWARE's APPNOTE, 4.3)."""

_HEAD: Final = 512
"""How much of a file is looked at, in bytes: one block of a tar."""

_USTAR: Final = slice(257, 262)
"""Where a tar says ``ustar`` (POSIX.1-1988 and later)."""

_SHORT: Final = {
    "tgz": "tar.gz",
    "tbz": "tar.bz2",
    "tbz2": "tar.bz2",
    "txz": "tar.xz",
    "tzst": "tar.zst",
}
_COMPRESSED: Final = ("gz", "bz2", "xz", "zst")

_CONTAINERS: Final = frozenset([
    "apk", "cbz", "docx", "egg", "epub", "jar", "kmz", "npz", "odp",
    "ods", "odt", "pptx", "vsix", "war", "whl", "xlsm", "xlsx", "xpi",
])  # fmt: skip
"""Suffixes of formats that happen to be zip files: they are what they are, plain files."""


class Format(NamedTuple):
    """How a file is packed.

    Attributes:
        packed: ``gz``, ``bz2``, ``xz``, ``zst`` or an empty text.
        archive: ``zip``, ``tar`` or an empty text.
    """

    packed: str = ""
    archive: str = ""

    @property
    def name(self) -> str:
        """``plain``, ``gz``, ``tar``, ``tar.gz``, ``zip``, …."""
        return ".".join(filter(None, (self.archive, self.packed))) or "plain"


def format_of(file: IO[bytes], ext: str | None) -> Format:
    """Return how a file is packed; its position is at its beginning before and after.

    Args:
        file: The file, open for reading.
        ext: Its suffix, or None.

    Raises:
        StorageError: It is damaged, or cannot be read.
    """
    suffix = (ext or "").strip(".").lower()
    suffix = _SHORT.get(suffix, suffix)
    last = suffix.rpartition(".")[2]
    head = _head(file)
    kind = compression_of(head) or ""
    if head.startswith(_ZIPS):
        return Format() if last in _CONTAINERS else Format(archive="zip")
    if kind in _COMPRESSED:
        inside = _head_inside(file, kind)
        is_tar = inside[_USTAR] == b"ustar" or (
            suffix.rpartition(".")[0].endswith("tar") and last in _COMPRESSED
        )
        return Format(kind, "tar" if is_tar else "")
    if head[_USTAR] == b"ustar" or (last == "tar" and (_is_old_tar(head) or _is_empty_tar(head))):
        return Format(archive="tar")
    return Format()


def _is_empty_tar(head: bytes) -> bool:
    """Whether a file begins as a tar ends: with a block of zeros, and so has no members."""
    return len(head) == _HEAD and not any(head)


def _head(file: IO[bytes]) -> bytes:
    head = file.read(_HEAD)
    file.seek(0)
    return head


def _head_inside(file: IO[bytes], kind: str) -> bytes:
    try:
        return unpacked(file, kind).read(_HEAD)
    except StorageError:
        return b""  # told when it is read
    finally:
        file.seek(0)


def _is_old_tar(head: bytes) -> bool:
    """Whether a block has a right checksum, as a tar's first one has since 1979."""
    if len(head) < _HEAD:
        return False
    field = head[148:156]
    try:
        told = int(field.strip(b" \0") or b"x", 8)
    except ValueError:
        return False
    return told == sum(head) - sum(field) + 8 * 32
