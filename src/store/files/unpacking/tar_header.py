"""Reads the header of a tar archive's member."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from store.files.unpacking.limits import Guard

BLOCK: Final = 512
"""What tar counts in, in bytes."""

EMPTY: Final = bytes(BLOCK)
"""What an archive ends with."""

_OWNER_RUNS: Final = 0o100


class Header(NamedTuple):
    """What is known of a member before its content.

    Attributes:
        name: As the archive spells it.
        kind: The type's byte.
        size: Of its content, in bytes.
        executable: Whether its owner may run it.
        target: What a link leads to.
    """

    name: str
    kind: int
    size: int
    executable: bool
    target: str


def is_tar(head: bytes) -> bool:
    """Whether something that begins with these 512 bytes is a tar archive: its first header adds up."""
    return len(head) == BLOCK and head != EMPTY and adds_up(head)


def header_of(block: bytes, told: Mapping[str, str], guard: Guard) -> Header:
    """Read a member's header.

    Args:
        block: The header.
        told: What headers before it told of the member, which goes before what it says itself.
        guard: Makes the errors.

    Raises:
        ArchiveError: A number in it is none.
    """
    name = told.get("path") or _name(block)
    size = _decimal(told["size"], guard) if "size" in told else number_in(block[124:136], guard)
    kind = block[156]
    if kind == 0 and name.endswith("/"):  # as it was before there was a type for directories
        kind = ord("5")
    target = told.get("linkpath") or text_in(block[157:257])
    executable = bool(number_in(block[100:108], guard) & _OWNER_RUNS)
    return Header(name, kind, size, executable, target)


def _name(header: bytes) -> str:
    name = text_in(header[:100])
    # GNU's own format has times in the place of the prefix.
    prefix = text_in(header[345:500]) if header[257:263] == b"ustar\0" else ""
    return f"{prefix}/{name}" if prefix else name


def text_in(field: bytes) -> str:
    """Return the text of a field, which a NUL ends."""
    return field.partition(b"\0")[0].decode(errors="surrogateescape")


def number_in(field: bytes, guard: Guard) -> int:
    """Return the number of a field: octal digits, or GNU's base 256 where the first bit is set.

    Raises:
        ArchiveError: It is none, or negative.
    """
    if field[0] == 0x80:  # noqa: PLR2004 - the flag, and a number that is not negative
        return int.from_bytes(field[1:], "big")
    number = _octal(field)
    if number is None:
        raise guard.damaged("a header holds no number where one should be")
    return number


def _octal(field: bytes) -> int | None:
    digits = field.strip(b" \0")
    if digits.strip(b"01234567"):
        return None
    return int(digits, 8) if digits else 0


def _decimal(text: str, guard: Guard) -> int:
    if text.isascii() and text.isdigit() and len(text) < 20:  # noqa: PLR2004 - digits of 64 bits
        return int(text)
    raise guard.damaged("a header holds no number where one should be")


def adds_up(header: bytes) -> bool:
    """Whether a header has the sum that it says, its own field counted as blanks."""
    said = _octal(header[148:156])
    whole = sum(header) - sum(header[148:156]) + 8 * ord(" ")
    # Some old systems took the bytes for signed ones.
    return said == whole or said == whole - 256 * sum([one >> 7 for one in header])
