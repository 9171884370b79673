"""Reads what stands in a zip member's extra fields.

Format: APPNOTE.TXT 6.3.10 (PKWARE), 4.5.3 and 4.6.9, appendix D.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Final

from store.files.unpacking.limits import Guard
from store.files.unpacking.zip_end import WIDE32

_UTF8: Final = 1 << 11

_ZIP64: Final = 0x0001
_UNICODE_PATH: Final = 0x7075


def name_of(raw: bytes, flags: int, extra: bytes, guard: Guard) -> str:
    """Return a member's name: UTF-8 by its flag or extra field, else in the IBM PC's characters.

    Raises:
        ArchiveError: The extra field is malformed.
        UnsafeArchiveError: There is no name, or it holds a NUL.
    """
    if not raw or b"\0" in raw:
        raise guard.unsafe("a name holds a NUL, or nothing", "plain relative names")
    if flags & _UTF8:
        return raw.decode(errors="surrogateescape")
    for kind, data in _extras(extra, guard):
        # It holds for this name alone: a program that did not know it may have changed the name.
        if kind == _UNICODE_PATH and data[:5] == b"\1" + zlib.crc32(raw).to_bytes(4, "little"):
            return data[5:].decode(errors="surrogateescape")
    return raw.decode("cp437")


def widened(extra: bytes, fields: tuple[int, ...], name: str, guard: Guard) -> tuple[int, ...]:
    """Return size, compressed size and offset, those that take more than 32 bits from their own field.

    Raises:
        ArchiveError: The extra field is malformed, or lacks one.
    """
    if WIDE32 not in fields:
        return fields
    data = next((data for kind, data in _extras(extra, guard) if kind == _ZIP64), b"")
    wide = []
    for field in fields:
        if field == WIDE32:
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
