"""Reads tar archives, strictly and forward only.

Headers are read here and not by :mod:`tarfile`, which holds headers of any size in memory and reads pax
headers in quadratic time before Python 3.11.10 (CVE-2024-6232). Formats: POSIX.1-2017, pax, "ustar
Interchange Format" and "pax Interchange Format"; GNU tar's manual, "Basic Tar Format", for long names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal, NamedTuple

from store.files.unpacking.bytestream import ByteStream
from store.files.unpacking.limits import Guard
from store.files.unpacking.members import Member
from store.files.unpacking.pax import extended

BLOCK: Final = 512
"""What tar counts in, in bytes."""

_EMPTY: Final = bytes(BLOCK)

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

_OWNER_RUNS: Final = 0o100


def is_tar(head: bytes) -> bool:
    """Whether something that begins with these 512 bytes is a tar archive: its first header adds up."""
    return len(head) == BLOCK and head != _EMPTY and _adds_up(head)


class _Header(NamedTuple):
    """What is known of a member before its content."""

    name: str
    kind: int
    size: int
    mode: int
    target: str


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
    while (block := bytes(stream.take(BLOCK))) != _EMPTY:
        if not _adds_up(block):
            raise guard.damaged("a header does not add up")
        kind, size = block[156], _number(block[124:136], guard)
        if kind in b"xgLK":
            told |= _told(kind, stream, size, guard)
            continue
        header = _header(block, told, guard)
        if header.kind in _FILES:
            data = stream.data(header.size)
            executable = bool(header.mode & _OWNER_RUNS)
            yield Member(header.name, "file", executable=executable, data=data)
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


def _header(block: bytes, told: Mapping[str, str], guard: Guard) -> _Header:
    """Read a member's header; what headers before it told of it goes before what it says itself."""
    name = told.get("path") or _name(block)
    if any(key.startswith("GNU.sparse.") for key in told):
        raise guard.unsafe(_REFUSED[ord("S")], _LIMIT, name)
    size = _decimal(told["size"], guard) if "size" in told else _number(block[124:136], guard)
    kind = block[156]
    if kind == 0 and name.endswith("/"):  # as it was before there was a type for directories
        kind = ord("5")
    target = told.get("linkpath") or _text(block[157:257])
    return _Header(name, kind, size, _number(block[100:108], guard), target)


def _without_content(header: _Header, guard: Guard) -> Member:
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
        return {"path": _text(data)}
    if kind == ord("K"):
        return {"linkpath": _text(data)}
    found = extended(data, guard)
    if kind != ord("g"):
        return found
    if found.keys() & {"path", "linkpath", "size"} or any(key.startswith("GNU.") for key in found):
        raise guard.damaged("a header gives all members one name or size")
    return {}


def _name(header: bytes) -> str:
    name = _text(header[:100])
    # GNU's own format has times in the place of the prefix.
    prefix = _text(header[345:500]) if header[257:263] == b"ustar\0" else ""
    return f"{prefix}/{name}" if prefix else name


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode(errors="surrogateescape")


def _number(field: bytes, guard: Guard) -> int:
    """Read a number: octal digits, or GNU's base 256 where the first bit is set."""
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


def _adds_up(header: bytes) -> bool:
    """Whether a header has the sum that it says, its own field counted as blanks."""
    said = _octal(header[148:156])
    whole = sum(header) - sum(header[148:156]) + 8 * ord(" ")
    # Some old systems took the bytes for signed ones.
    return said == whole or said == whole - 256 * sum([one >> 7 for one in header])
