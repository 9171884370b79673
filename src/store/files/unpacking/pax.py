"""Reads pax extended headers, in one pass over their bytes."""

from __future__ import annotations

from typing import Final

from store.files.unpacking.limits import Guard

_LONGEST_NUMBER: Final = 8
"""The most digits of a record's length; the header as a whole is held to 1 MiB."""


def extended(data: bytes, guard: Guard) -> dict[str, str]:
    """Return the records of a pax header: the length of each, a blank, ``key=value``, a new line.

    Args:
        data: All records.
        guard: Makes the errors.

    Raises:
        ArchiveError: They are damaged.
    """
    found = {}
    at = 0
    while at < len(data):
        blank = data.find(b" ", at, at + _LONGEST_NUMBER + 1)
        digits = data[at:blank] if blank > at else b""
        end = at + int(digits) if digits.isdigit() else 0
        if not blank < end <= len(data) or data[end - 1 : end] != b"\n":
            raise guard.damaged("a pax header is malformed")
        key, mark, value = data[blank + 1 : end - 1].partition(b"=")
        if not key or not mark:
            raise guard.damaged("a pax header is malformed")
        text = value.decode(errors="surrogateescape")
        found[key.decode(errors="surrogateescape")] = text
        at = end
    if "\0" in found.get("path", "") or "\0" in found.get("linkpath", ""):
        raise guard.unsafe("a name holds a NUL", "plain relative names", found.get("path"))
    return found
