"""Reads what a zip archive lists, and nothing that contradicts it.

Strictly: the archive begins with a member and ends with the end record, and no two members share bytes, since
readers that differ about these are what hostile archives live on. Format: APPNOTE.TXT 6.3.10 (PKWARE), 4.3.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from store.files.unpacking.limits import Guard
from store.files.unpacking.zip_end import WIDE16, WIDE32, central_directory, read_at
from store.files.unpacking.zip_fields import name_of, widened

_CENTRAL: Final = struct.Struct("<4s6H3L5H2L")
_LOCAL: Final = struct.Struct("<4s5H3L2H")

_USUAL_ENTRY: Final = 512
"""How many bytes of the central directory each member that is allowed may take, on the whole."""

_DESCRIPTOR: Final = 1 << 3
_ENCRYPTED: Final = 1 << 0 | 1 << 6 | 1 << 13
_UNIX: Final = frozenset({3, 19})
"""The systems whose modes stand in the external attributes: Unix and macOS."""


class Entry(NamedTuple):
    """One member, as the central directory tells of it.

    Attributes:
        name: As the archive spells it.
        method: How it is compressed.
        crc: The CRC-32 of its content.
        compressed: The size of its data, in bytes.
        size: The size of its content, in bytes.
        mode: Its mode as on Unix, or 0 where it has none.
        start: Where its local header begins.
        raw: Its name's bytes.
        flags: The general purpose flags.
    """

    name: str
    method: int
    crc: int
    compressed: int
    size: int
    mode: int
    start: int
    raw: bytes
    flags: int


def is_zip(head: bytes) -> bool:
    """Whether something that begins so is a zip archive."""
    return head.startswith((b"PK\3\4", b"PK\5\6"))


def entries(descriptor: int, guard: Guard) -> list[tuple[Entry, int]]:
    """Return the members in the order of their data, each with the offset that its data begins at.

    Args:
        descriptor: The archive, open for reading.
        guard: Knows its size, and makes the errors.

    Raises:
        ArchiveError: It is damaged.
        UnsafeArchiveError: Members overlap, are encrypted or too many, or something stands before or
            behind the archive.
    """
    offset, size, count = central_directory(descriptor, guard)
    most = guard.limits.max_members
    if count > most or size > max(1 << 20, most * _USUAL_ENTRY):
        raise guard.unsafe(f"there are more than {most} members", "unpack_max_members")
    found = list(itertools.islice(_central(descriptor, offset, size, guard), count + 1))
    if len(found) != count:
        raise guard.damaged(f"it does not list the {count} members that it says it has")
    found.sort(key=lambda one: one.start)
    placed = []
    end = 0
    for entry in found:
        if entry.start < end:
            raise guard.unsafe("it shares bytes with another", "no overlapping members", entry.name)
        data = _data_start(descriptor, entry, guard)
        end = data + entry.compressed
        if end > offset:
            raise guard.unsafe(
                "it shares bytes with the central directory", "no overlapping members", entry.name
            )
        placed.append((entry, data))
    if found and found[0].start != 0:
        raise guard.unsafe("something stands before its first member", "no leading data")
    return placed


def _central(descriptor: int, offset: int, size: int, guard: Guard) -> Iterator[Entry]:
    data = read_at(descriptor, size, offset)
    at = 0
    while at < len(data):
        fixed = data[at : at + _CENTRAL.size]
        if len(fixed) < _CENTRAL.size or not fixed.startswith(b"PK\1\2"):
            raise guard.damaged("its central directory is malformed")
        (_, made, _, flags, method, _, _, crc, compressed, whole, names, extras, comments, disk, _,
         attributes, start) = _CENTRAL.unpack(fixed)  # fmt: skip
        at += _CENTRAL.size
        raw, extra = data[at : at + names], data[at + names : at + names + extras]
        at += names + extras + comments
        if at > len(data) or disk not in {0, WIDE16}:
            raise guard.damaged("its central directory is malformed")
        name = name_of(raw, flags, extra, guard)
        if flags & _ENCRYPTED:
            raise guard.unsafe("it is encrypted", "no encrypted members", name)
        whole, compressed, start = widened(extra, (whole, compressed, start), name, guard)
        mode = attributes >> 16 if made >> 8 in _UNIX else 0
        yield Entry(name, method, crc, compressed, whole, mode, start, raw, flags)


def _data_start(descriptor: int, entry: Entry, guard: Guard) -> int:
    """Return where a member's data begins; its local header must say the same as the central one."""
    data = read_at(descriptor, _LOCAL.size + len(entry.raw), entry.start)
    if len(data) < _LOCAL.size + len(entry.raw) or not data.startswith(b"PK\3\4"):
        raise guard.damaged("its local header is not where it should be", entry.name)
    _, _, flags, method, _, _, crc, compressed, size, names, extras = _LOCAL.unpack_from(data)
    # Sizes of 64 bits stand elsewhere; with a descriptor they follow the data.
    told = not flags & _DESCRIPTOR
    narrow = (compressed, size) if WIDE32 in {compressed, size} else (entry.compressed, entry.size)
    if (
        data[_LOCAL.size :] != entry.raw
        or names != len(entry.raw)
        or method != entry.method
        or (flags ^ entry.flags) & (_ENCRYPTED | _DESCRIPTOR)
        or (told and (crc, compressed, size) != (entry.crc, *narrow))
    ):
        raise guard.damaged("its two headers contradict each other", entry.name)
    return entry.start + len(data) + int(extras)
