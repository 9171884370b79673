"""Reads what is to go up: hashed before, and held still while it goes."""

from __future__ import annotations

import contextlib
import io
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

from store.buckets.sums import UNHASHED, Hashed, hash_whole
from store.cache.examining import wait_out_the_grain
from store.clock import SYSTEM_CLOCK
from store.errors import DriftError, QueryError
from store.files.atomic import private_directory, writing
from store.files.failures import storage_errors
from store.integrity.digest import Digests
from store.integrity.hashing import CHUNK, Hashing
from store.integrity.regular import open_regular
from store.integrity.stamp import LOCAL_GRAIN_NS, Stamp
from store.transports.objects.base import Source
from store.transports.objects.sources import Summed

SMALL: Final = 1 << 20
"""Up to which size a content is read at once and sent from memory, in bytes: 1 MiB."""


class Ready(NamedTuple):
    """A content that may go up.

    Attributes:
        source: What the client is to send.
        size: Its bytes.
        digests: What was computed of it.
    """

    source: Source
    size: int
    digests: Digests


@contextlib.contextmanager
def ready(
    source: bytes | Path | BinaryIO,
    algorithms: tuple[str, ...],
    known: Hashed = UNHASHED,
    *,
    sums: bool = False,
) -> Iterator[Ready]:
    """Hash a content and give what sends it; a content that changes meanwhile is never sent whole.

    Args:
        source: Bytes, a file's path, or a file open for reading in binary, from where it stands.
        algorithms: What is wanted of its digests.
        known: What is known already, as of a file that is given by its path.
        sums: Whether the parts of a large file are hashed along with it, each by itself.

    Raises:
        DriftError: The file changed since it was hashed; by the client's read, so that nothing is written.
        StorageError: The file cannot be read, or is no regular one.
        QueryError: The open file gives text, or nothing that can be read.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        yield _of_bytes(bytes(source), algorithms)
    elif isinstance(source, str | os.PathLike):
        with _opened(Path(source)) as descriptor:
            yield from _of_file(Path(source), descriptor, algorithms, known, sums=sums)
    elif _whole_file(_readable(source)):
        yield from _of_file(Path(str(source.name)), source.fileno(), algorithms, sums=sums)
        source.seek(0, os.SEEK_END)
    else:
        with _spooled(source) as path, _opened(path) as descriptor:
            yield from _of_file(path, descriptor, algorithms, sums=sums)


def _of_bytes(content: bytes, algorithms: tuple[str, ...]) -> Ready:
    hashing = Hashing(algorithms)
    hashing.update(content)
    return Ready(content, len(content), hashing.digests())


def _of_file(
    path: Path,
    descriptor: int,
    algorithms: tuple[str, ...],
    known: Hashed = UNHASHED,
    *,
    sums: bool,
) -> Iterator[Ready]:
    stamp = _settled(descriptor)
    with storage_errors(path):
        if stamp.size <= SMALL:
            content = _all_of(descriptor)
            _check(path, descriptor, stamp)
            yield _of_bytes(content, algorithms)
            return
        if not set(algorithms) <= {one.algorithm for one in known.digests}:
            known = hash_whole(descriptor, algorithms, stamp.size, sums=sums)
    # It is looked at when its last byte is read: what changes behind that is no part of what was hashed.
    held = _Held(path, descriptor, stamp)
    yield Ready(Summed(held, CHUNK, known.sums), stamp.size, known.digests)


def _all_of(descriptor: int) -> bytes:
    """Return the content of a small file; one that says nothing of its size gives it piece by piece."""
    pieces: list[bytes] = []
    while piece := os.pread(descriptor, SMALL + 1, sum(map(len, pieces))):
        pieces.append(piece)
    return b"".join(pieces)


def _settled(descriptor: int) -> Stamp:
    """Return a file's stamp, taken when a later change would give it another one."""
    stamp = Stamp.of(os.fstat(descriptor))
    if stamp.size > SMALL:
        wait_out_the_grain(max(stamp.mtime_ns, stamp.ctime_ns), LOCAL_GRAIN_NS, SYSTEM_CLOCK)
        stamp = Stamp.of(os.fstat(descriptor))
    return stamp


def _check(path: Path, descriptor: int, stamp: Stamp) -> None:
    """Make sure that a file is what it was.

    Raises:
        DriftError: It was changed.
    """
    found = Stamp.of(os.fstat(descriptor))
    if not (found == stamp or found.only_links_moved(stamp)):
        raise DriftError(
            f"{path} was changed while it was read: try again when its writer is done",
            name=str(path),
            expected=f"{stamp.size} bytes",
            found=f"{found.size} bytes",
        )


class _Held(io.RawIOBase):
    """A file that is read only as long as it is what it was.

    It tells nobody its descriptor, since what is read past this class is not watched.

    Args:
        path: Where it was found, for the error.
        descriptor: The file, open for reading; it stays open.
        stamp: What stat said of it before it was hashed.
    """

    def __init__(self, path: Path, descriptor: int, stamp: Stamp) -> None:
        super().__init__()
        self._path = path
        self._descriptor = descriptor
        self._stamp = stamp
        self._position = 0

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes: a part may be sent again."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move to another byte, and return which."""
        bases = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._stamp.size}
        self._position = bases[whence] + offset
        return self._position

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401 - whatever takes bytes
        """Read on; at the end nothing is given unless all of it was what was hashed."""
        count = os.preadv(self._descriptor, [buffer], self._position)
        self._position += count
        if self._position >= self._stamp.size or not count:
            _check(self._path, self._descriptor, self._stamp)
        return count


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    with storage_errors(path):
        try:
            descriptor = open_regular(path, follow_links=True)
        except ValueError as error:
            raise QueryError(f"{path} is no file that can be sent: name a regular one") from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _readable(source: BinaryIO) -> BinaryIO:
    """Return an open file, as long as it can be read.

    Raises:
        QueryError: It is closed, or open for writing alone.
    """
    name = getattr(source, "name", None)
    shown = repr(name) if isinstance(name, str) else "the file"
    if getattr(source, "closed", False):
        raise QueryError(f"{shown} is closed: give a path, or a file open for reading", query=name)
    if not getattr(source, "readable", lambda: True)():
        raise QueryError(f"{shown} is not open for reading: open it with mode 'rb'", query=name)
    return source


def _whole_file(source: BinaryIO) -> bool:
    """Whether an open file is a regular one, and stands at its beginning."""
    if not isinstance(source, io.BufferedReader | io.FileIO):
        return False
    try:
        return stat.S_ISREG(os.fstat(source.fileno()).st_mode) and source.tell() == 0
    except (OSError, AttributeError):
        return False  # it is a member of an archive, say, and no file of the system's


@contextlib.contextmanager
def _spooled(file: BinaryIO) -> Iterator[Path]:
    """Copy what an open file still gives into a file of ours, which nobody changes."""
    read = getattr(file, "read", None)
    if read is None:
        raise QueryError(f"{file!r} cannot be sent: give a path, or a file open for reading")
    with private_directory(tempfile.gettempdir()) as directory:
        path = directory / "content"
        with writing(path) as copy:
            while (piece := read(CHUNK)) or piece is None:
                if piece is None:
                    raise QueryError(
                        "the file has nothing to read yet: open it so that reading waits"
                    )
                if not isinstance(piece, bytes | bytearray | memoryview):
                    raise QueryError("the file gives text: open it in binary, with mode 'rb'")
                copy.write(piece)
        yield path
