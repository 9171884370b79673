"""Reads tar archives, strictly and forward only.

Not by :mod:`tarfile`, which holds headers of any size in memory and reads pax headers in quadratic time
before Python 3.11.10 (CVE-2024-6232). Formats: POSIX.1-2017, pax, "ustar Interchange Format" and "pax
Interchange Format"; GNU tar's manual, "Basic Tar Format", for long names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal

from store.files.unpacking.bytestream import ByteStream
from store.files.unpacking.limits import Guard
from store.files.unpacking.members import Member
from store.files.unpacking.pax import extended
from store.files.unpacking.tar_header import (
    BLOCK,
    EMPTY,
    Header,
    adds_up,
    header_of,
    number_in,
    text_in,
)

_FILES: Final = frozenset(b"\x0007")
"""Types of regular files: an old one's, the usual, and one that is to lie in one piece."""

_REFUSED: Final[Mapping[int, str]] = {
    ord("3"): "it is a device",
    ord("4"): "it is a device",
    ord("6"): "it is a FIFO",
    ord("S"): "it is a sparse file: pack it without --sparse",
}

_KINDS: Final[Mapping[int, Literal["directory", "link", "copy"]]] = {
    ord("5"): "directory",
    ord("2"): "link",
    ord("1"): "copy",
}

_LIMIT: Final = "files, directories and links"


def members(stream: ByteStream, guard: Guard) -> Iterator[Member]:
    """Go through the members of a tar archive.

    Args:
        stream: The archive, decompressed.
        guard: Makes the errors.

    Raises:
        ArchiveError: It is damaged.
        UnsafeArchiveError: A member is neither file, directory nor link, or something follows the end.
    """
    told: dict[str, str] = {}
    while (block := bytes(stream.take(BLOCK))) != EMPTY:
        if not adds_up(block):
            raise guard.damaged("a header does not add up")
        kind, size = block[156], number_in(block[124:136], guard)
        if kind in b"xgLK":
            told |= _told(kind, stream, size, guard)
            continue
        header = header_of(block, told, guard)
        if any(key.startswith("GNU.sparse.") for key in told):
            raise guard.unsafe(_REFUSED[ord("S")], _LIMIT, header.name)
        if header.kind in _FILES:
            data = stream.data(header.size)
            yield Member(header.name, "file", executable=header.executable, data=data)
            for _ in data:  # what was not taken
                pass
            stream.skip(-header.size % BLOCK)
        else:
            yield _without_content(header, guard)
        told = {}
    if told:
        raise guard.damaged("its last header speaks of a member that is not there")
    for piece in stream.rest():
        if bytes(piece).strip(b"\0"):
            raise guard.unsafe("something else follows its end", "no trailing data")


def _without_content(header: Header, guard: Guard) -> Member:
    kind = _KINDS.get(header.kind)
    if kind is None:
        reason = _REFUSED.get(
            header.kind, f"it is of a type that is not unpacked ({chr(header.kind)!r})"
        )
        raise guard.unsafe(reason, _LIMIT, header.name)
    if header.size:
        raise guard.damaged("a link or directory has content of its own", header.name)
    return Member(header.name, kind, "" if kind == "directory" else header.target)


def _told(kind: int, stream: ByteStream, size: int, guard: Guard) -> dict[str, str]:
    """Read a header that tells of the next member, or of all that follow."""
    data = bytes(stream.take(size))
    stream.skip(-size % BLOCK)
    if kind == ord("L"):
        return {"path": text_in(data)}
    if kind == ord("K"):
        return {"linkpath": text_in(data)}
    found = extended(data, guard)
    if kind != ord("g"):
        return found
    if found.keys() & {"path", "linkpath", "size"} or any(key.startswith("GNU.") for key in found):
        raise guard.damaged("a header gives all members one name or size")
    return {}
