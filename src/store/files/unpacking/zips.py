"""Reads zip archives: all members are looked at before the first."""

from __future__ import annotations

import os
import stat
import zlib
from collections.abc import Iterator
from typing import Final

from store.files.unpacking.compression import CHUNK
from store.files.unpacking.decoders import Decoder, Inflater, codec_errors, decoder_of
from store.files.unpacking.limits import Guard
from store.files.unpacking.members import Data, Member
from store.files.unpacking.zip_index import Entry, entries

_STORED: Final = 0
_DEFLATED: Final = 8
_BZIP2: Final = 12

_LONGEST_TARGET: Final = 4096
"""The longest target of a link, in bytes (PATH_MAX)."""


def members(descriptor: int, guard: Guard) -> Iterator[Member]:
    """Go through the members of a zip archive.

    Args:
        descriptor: The archive, open for reading.
        guard: Knows its size, and makes the errors.

    Raises:
        ArchiveError: It is damaged, or compressed in a way that is not known.
        UnsafeArchiveError: See `entries`; or a member is neither file, directory nor link.
    """
    found = entries(descriptor, guard)
    guard.announce(sum(entry.size for entry, _ in found))
    for entry, _ in found:
        _refuse_strange(entry, guard)
    for entry, start in found:
        content = _content(descriptor, entry, start, guard)
        if _is_directory(entry):
            yield Member(entry.name, "directory")
        elif stat.S_ISLNK(entry.mode):
            yield Member(entry.name, "link", _target(entry, content, guard))
        else:
            executable = bool(entry.mode & stat.S_IXUSR)
            yield Member(entry.name, "file", executable=executable, data=content)


def _is_directory(entry: Entry) -> bool:
    return entry.name.endswith("/") or stat.S_ISDIR(entry.mode)


def _refuse_strange(entry: Entry, guard: Guard) -> None:
    if stat.S_IFMT(entry.mode) not in {0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK}:
        raise guard.unsafe(
            "it is a device, a FIFO or a socket", "files, directories and links", entry.name
        )
    if entry.method not in {_STORED, _DEFLATED, _BZIP2}:
        raise guard.foreign(
            f"it is compressed in a way that is not known here (method {entry.method})", entry.name
        )
    if entry.size and _is_directory(entry):
        raise guard.damaged("a directory has content of its own", entry.name)


def _target(entry: Entry, content: Iterator[Data], guard: Guard) -> str:
    if entry.size > _LONGEST_TARGET:
        raise guard.damaged("a link leads to a name that is too long", entry.name)
    return b"".join(content).decode(errors="surrogateescape")


def _content(descriptor: int, entry: Entry, start: int, guard: Guard) -> Iterator[Data]:
    """Go through the content of a member; at its end size and CRC must be right."""
    size, crc = 0, 0
    for piece in _pieces(descriptor, entry, start, guard):
        size += len(piece)
        if size > entry.size:
            break
        crc = zlib.crc32(piece, crc)
        yield piece
    if size != entry.size or crc != entry.crc:
        raise guard.damaged("its content is not what its header says", entry.name)


def _pieces(descriptor: int, entry: Entry, start: int, guard: Guard) -> Iterator[bytes]:
    decoder: Decoder | None = None
    if entry.method == _DEFLATED:
        decoder = Inflater(-zlib.MAX_WBITS)
    elif entry.method == _BZIP2:
        decoder = decoder_of("bz2")()
    end = start + entry.compressed
    while start < end:
        chunk = os.pread(descriptor, min(CHUNK, end - start), start)
        start += len(chunk)
        if not chunk:
            raise guard.damaged("it ends too early", entry.name)
        if decoder is None:
            yield chunk
            continue
        try:
            yield from _more(decoder, chunk)
        except codec_errors() as error:
            raise guard.damaged(f"its content is damaged ({error})", entry.name) from error
    if decoder is not None and (not decoder.eof or decoder.unused_data):
        raise guard.damaged("its content is damaged", entry.name)


def _more(decoder: Decoder, chunk: bytes) -> Iterator[bytes]:
    """Go through all that a chunk adds, at most `CHUNK` bytes at a time."""
    left = chunk
    while not decoder.eof:
        piece = decoder.decompress(left, CHUNK)
        left = b""
        if piece:
            yield piece
        if decoder.needs_input:
            return
    if left:
        raise EOFError("something follows its end")
