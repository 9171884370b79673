"""Archives by hand, well formed and hostile, and a way to unpack them."""

from __future__ import annotations

import itertools
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from store.files.unpacking.archive import unpack
from store.files.unpacking.limits import Guard, Limits

BLOCK = 512


class Unpacked(NamedTuple):
    """What became of an archive."""

    root: Path
    planted: Any

    @property
    def files(self) -> dict[str, bytes]:
        """Contents by path; an empty directory has a slash at its end."""
        found = {}
        for path in self.root.rglob("*"):
            name = str(path.relative_to(self.root))
            if path.is_symlink():
                found[name] = b"-> " + str(path.readlink()).encode()
            elif path.is_file():
                found[name] = path.read_bytes()
            elif not any(path.iterdir()):
                found[f"{name}/"] = b""
        return found


Unpack = Callable[..., Unpacked]
"""Unpacks bytes: ``unpack(data, name=..., links=..., max_bytes=...)``."""


@pytest.fixture
def unpacking(tmp_path: Path) -> Unpack:
    """Unpack bytes as the archive they are, each time in an empty directory."""
    numbers = itertools.count()

    def unpacked(
        data: bytes,
        *,
        name: str = "a.tar",
        links: bool = False,
        read_only: bool = False,
        tick: Callable[[int], None] | None = None,
        **limits: int,
    ) -> Unpacked:
        place = tmp_path / str(next(numbers))
        archive = place / "archive"
        root = place / "root"
        root.mkdir(parents=True)
        archive.write_bytes(data)
        guard = Guard(name, len(data), Limits(**limits), tick)
        return Unpacked(root, unpack(archive, root, guard, links=links, read_only=read_only))

    return unpacked


def header(
    name: bytes,
    kind: bytes = b"0",
    *,
    size: int = 0,
    mode: int = 0o644,
    target: bytes = b"",
    magic: bytes = b"ustar\00000",
    **fields: bytes,
) -> bytes:
    """Return a tar header; ``fields`` are put in as they are: ``size``, ``checksum``, ``prefix``."""
    block = bytearray(BLOCK)
    for start, value in (
        (0, name),
        (100, b"%07o\0" % mode),
        (108, b"0000000\0"),
        (116, b"0000000\0"),
        (124, fields.get("digits", b"%011o\0" % size)),
        (136, b"00000000000\0"),
        (148, b" " * 8),
        (156, kind),
        (157, target),
        (257, magic),
        (345, fields.get("prefix", b"")),
    ):
        block[start : start + len(value)] = value
    total = sum(block)
    if fields.get("signed"):
        total -= 256 * sum(one > 127 for one in block)
    block[148:156] = fields.get("checksum", b"%06o\0 " % total)
    return bytes(block)


def tar_member(name: bytes, content: bytes = b"", kind: bytes = b"0", **fields: Any) -> bytes:
    """Return a member of a tar: its header, and its content in whole blocks."""
    fields.setdefault("size", len(content))
    return header(name, kind, **fields) + content + bytes(-len(content) % BLOCK)


def pax(kind: bytes = b"x", **records: bytes) -> bytes:
    """Return a pax header with these records."""
    data = b""
    for key, value in records.items():
        rest = b" %s=%s\n" % (key.replace("__", ".").encode(), value)
        length = len(rest) + 1
        while len(b"%d" % length) + len(rest) != length:
            length += 1
        data += b"%d" % length + rest
    return tar_member(b"pax", data, kind)


TAR_END = bytes(2 * BLOCK)


class Zipped(NamedTuple):
    """A member of a zip by hand; what stands in the two headers may differ."""

    name: bytes
    content: bytes = b""
    method: int = 0
    flags: int = 0
    mode: int = 0
    data: bytes | None = None
    crc: int | None = None
    size: int | None = None
    local_name: bytes | None = None
    local_method: int | None = None
    extra: bytes = b""
    offset: int | None = None
    compressed: int | None = None
    made: int = 3


def zipped(
    *members: Zipped, comment: bytes = b"", before: bytes = b"", count: int | None = None
) -> bytes:
    """Return a zip with these members."""
    body, central = before, b""
    for one in members:
        data = one.content if one.data is None else one.data
        crc = zlib.crc32(one.content) if one.crc is None else one.crc
        size = len(one.content) if one.size is None else one.size
        compressed = len(data) if one.compressed is None else one.compressed
        start = len(body) if one.offset is None else one.offset
        local = one.name if one.local_name is None else one.local_name
        method = one.method if one.local_method is None else one.local_method
        body += struct.pack(
            "<4s5H3L2H",
            b"PK\3\4",
            20,
            one.flags,
            method,
            0,
            0,
            crc,
            compressed,
            size,
            len(local),
            0,
        )
        body += local + data
        central += struct.pack(
            "<4s6H3L5H2L", b"PK\1\2", one.made << 8 | 20, 20, one.flags, one.method, 0, 0, crc,
            compressed, size, len(one.name), len(one.extra), 0, 0, 0, one.mode << 16, start,
        )  # fmt: skip
        central += one.name + one.extra
    number = len(members) if count is None else count
    end = struct.pack(
        "<4s4H2LH", b"PK\5\6", 0, 0, number, number, len(central), len(body), len(comment)
    )
    return body + central + end + comment


@pytest.fixture
def by_hand() -> Any:
    """The functions that lay archives by hand, under their names."""

    class ByHand:
        header = staticmethod(header)
        tar = staticmethod(lambda *members: b"".join(members) + TAR_END)
        member = staticmethod(tar_member)
        pax = staticmethod(pax)
        zip = staticmethod(zipped)
        Zipped = Zipped

    return ByHand
