"""Finds a zip archive's central directory from its end.

Format: APPNOTE.TXT 6.3.10 (PKWARE), 4.3.14 to 4.3.16.
"""

from __future__ import annotations

import os
import struct
from typing import Final

from store.files.unpacking.limits import Guard

_END: Final = struct.Struct("<4s4H2LH")
_END64_LOCATOR: Final = struct.Struct("<4sLQL")
_END64: Final = struct.Struct("<4sQ2H2L4Q")
_LONGEST_COMMENT: Final = 0xFFFF
WIDE16: Final = 0xFFFF
WIDE32: Final = 0xFFFFFFFF
"""What stands where a number takes more bits, and is found elsewhere."""


def central_directory(descriptor: int, guard: Guard) -> tuple[int, int, int]:
    """Return the central directory's offset, its size, and how many members it is to have.

    Args:
        descriptor: The archive, open for reading.
        guard: Knows its size, and makes the errors.

    Raises:
        ArchiveError: The end records are malformed, or speak of other parts.
        UnsafeArchiveError: Something follows the end record, or stands before it that is not accounted for.
    """
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
    if WIDE16 in {disk, first_disk, here, count} or WIDE32 in {size, offset}:
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
    data = read_at(descriptor, _END64_LOCATOR.size, end - _END64_LOCATOR.size)
    if not data.startswith(b"PK\6\7"):
        return None
    _, disk, start, _ = _END64_LOCATOR.unpack(data)
    data = read_at(descriptor, _END64.size, start)
    if disk or not data.startswith(b"PK\6\6"):
        raise guard.damaged("its zip64 record is malformed")
    _, length, _, _, *fields = _END64.unpack(data)
    if start + length + 12 != end - _END64_LOCATOR.size:
        raise guard.damaged("its zip64 record is malformed")
    return start, *fields


def read_at(descriptor: int, count: int, offset: int) -> bytes:
    """Return up to so many bytes from an offset; none from before the beginning."""
    parts = []
    while count > 0 <= offset and (part := os.pread(descriptor, min(count, 1 << 20), offset)):
        parts.append(part)
        offset, count = offset + len(part), count - len(part)
    return b"".join(parts)
