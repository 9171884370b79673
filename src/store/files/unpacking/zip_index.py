"""Reads the central directory of a zip archive, and nothing that contradicts it.

Strictly: the archive begins with a member and ends with the end record, and no two members share bytes, since
readers that differ about these are what hostile archives live on. Format: APPNOTE.TXT 6.3.10 (PKWARE), 4.3.
"""

from __future__ import annotations

import itertools
import os
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from store.files.unpacking.limits import Guard

_END: Final = struct.Struct("<4s4H2LH")
_END64_LOCATOR: Final = struct.Struct("<4sLQL")
_END64: Final = struct.Struct("<4sQ2H2L4Q")
_CENTRAL: Final = struct.Struct("<4s6H3L5H2L")
_LOCAL: Final = struct.Struct("<4s5H3L2H")

_LONGEST_COMMENT: Final = 0xFFFF
_USUAL_ENTRY: Final = 512
"""How many bytes of the central directory each member that is allowed may take, on the whole."""

_UTF8: Final = 1 << 11
_DESCRIPTOR: Final = 1 << 3
_ENCRYPTED: Final = 1 << 0 | 1 << 6 | 1 << 13
_UNIX: Final = frozenset({3, 19})
"""The systems whose modes stand in the external attributes: Unix and macOS."""

_WIDE16: Final = 0xFFFF
_WIDE32: Final = 0xFFFFFFFF
"""What stands where a number takes more bits, and is found elsewhere."""

_ZIP64: Final = 0x0001
_UNICODE_PATH: Final = 0x7075


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
    offset, size, count = _directory(descriptor, guard)
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


def _directory(descriptor: int, guard: Guard) -> tuple[int, int, int]:
    """Return the central directory's offset, its size, and how many members it is to have."""
    start = max(0, guard.size - _END.size - _LONGEST_COMMENT)
    tail = os.pread(descriptor, guard.size - start, start)
    at = tail.rfind(b"PK\5\6")
    while at >= 0:
        if len(tail) - at >= _END.size:
            record = _END.unpack_from(tail, at)
            if at + _END.size + record[7] == len(tail):
                break
        at = tail.rfind(b"PK\5\6", 0, at)
    if at < 0:
        raise guard.unsafe(
            "it does not end with a zip's end record: it is cut off, or something follows it",
            "no trailing data",
        )
    _, disk, first_disk, here, count, size, offset, _ = record
    end = start + at
    if _WIDE16 in {disk, first_disk, here, count} or _WIDE32 in {size, offset}:
        end, disk, first_disk, here, count, size, offset = _end64(descriptor, end, guard) or (
            end, disk, first_disk, here, count, size, offset
        )  # fmt: skip
    if disk or first_disk or here != count:
        raise guard.foreign("it is one of several parts")
    if offset + size != end:
        raise guard.unsafe(
            "something stands before it, or between its central directory and its end",
            "no leading data",
        )
    return offset, size, count


def _end64(descriptor: int, end: int, guard: Guard) -> tuple[int, ...] | None:
    """Return what a zip64's own end record says, and where it begins; None where there is none."""
    data = _read(descriptor, _END64_LOCATOR.size, end - _END64_LOCATOR.size)
    if not data.startswith(b"PK\6\7"):
        return None
    _, disk, start, _ = _END64_LOCATOR.unpack(data)
    data = _read(descriptor, _END64.size, start)
    if disk or not data.startswith(b"PK\6\6"):
        raise guard.damaged("its zip64 record is malformed")
    _, length, _, _, *fields = _END64.unpack(data)
    if start + length + 12 != end - _END64_LOCATOR.size:
        raise guard.damaged("its zip64 record is malformed")
    return start, *fields


def _central(descriptor: int, offset: int, size: int, guard: Guard) -> Iterator[Entry]:
    data = _read(descriptor, size, offset)
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
        if at > len(data) or disk not in {0, _WIDE16}:
            raise guard.damaged("its central directory is malformed")
        name = _name(raw, flags, extra, guard)
        if flags & _ENCRYPTED:
            raise guard.unsafe("it is encrypted", "no encrypted members", name)
        whole, compressed, start = _zip64(extra, (whole, compressed, start), name, guard)
        mode = attributes >> 16 if made >> 8 in _UNIX else 0
        yield Entry(name, method, crc, compressed, whole, mode, start, raw, flags)


def _name(raw: bytes, flags: int, extra: bytes, guard: Guard) -> str:
    if not raw or b"\0" in raw:
        raise guard.unsafe("a name holds a NUL, or nothing", "plain relative names")
    if flags & _UTF8:
        return raw.decode(errors="surrogateescape")
    for kind, data in _extras(extra, guard):
        if kind == _UNICODE_PATH and data[:1] == b"\1" and len(data) > 5:  # noqa: PLR2004 - its head
            import zlib

            if int.from_bytes(data[1:5], "little") == zlib.crc32(raw):
                return data[5:].decode(errors="surrogateescape")
    return raw.decode("cp437")


def _zip64(extra: bytes, fields: tuple[int, ...], name: str, guard: Guard) -> tuple[int, ...]:
    """Return size, compressed size and offset, those that take more than 32 bits from their own field."""
    if _WIDE32 not in fields:
        return fields
    data = next((data for kind, data in _extras(extra, guard) if kind == _ZIP64), b"")
    wide = []
    for field in fields:
        if field == _WIDE32:
            if len(data) < 8:  # noqa: PLR2004 - 64 bits
                raise guard.damaged("its zip64 field is malformed", name)
            wide.append(int.from_bytes(data[:8], "little"))
            data = data[8:]
        else:
            wide.append(field)
    return tuple(wide)


def _extras(extra: bytes, guard: Guard) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        at += 4 + length
        if at > len(extra):
            raise guard.damaged("a member's extra field is malformed")
        yield kind, extra[at - length : at]


def _data_start(descriptor: int, entry: Entry, guard: Guard) -> int:
    """Return where a member's data begins; its local header must say the same as the central one."""
    data = _read(descriptor, _LOCAL.size + len(entry.raw), entry.start)
    if len(data) < _LOCAL.size + len(entry.raw) or not data.startswith(b"PK\3\4"):
        raise guard.damaged("its local header is not where it should be", entry.name)
    _, _, flags, method, _, _, crc, compressed, size, names, extras = _LOCAL.unpack_from(data)
    # Sizes of 64 bits stand elsewhere; with a descriptor they follow the data.
    told = not flags & _DESCRIPTOR
    narrow = (compressed, size) if _WIDE32 in {compressed, size} else (entry.compressed, entry.size)
    if (
        data[_LOCAL.size :] != entry.raw
        or names != len(entry.raw)
        or method != entry.method
        or (flags ^ entry.flags) & (_ENCRYPTED | _DESCRIPTOR)
        or (told and (crc, compressed, size) != (entry.crc, *narrow))
    ):
        raise guard.damaged("its two headers contradict each other", entry.name)
    return entry.start + len(data) + int(extras)


def _read(descriptor: int, count: int, offset: int) -> bytes:
    """Return up to so many bytes from an offset; none from before the beginning."""
    parts = []
    while count > 0 <= offset and (part := os.pread(descriptor, min(count, 1 << 20), offset)):
        parts.append(part)
        offset, count = offset + len(part), count - len(part)
    return b"".join(parts)
