"""Opens files of this machine: paths and ``file:`` addresses."""

from __future__ import annotations

import email.utils
import errno
import os
import re
from pathlib import Path
from typing import ClassVar, Final
from urllib.parse import unquote_to_bytes

from store.errors import (
    LocatorError,
    ResourceNotFoundError,
    StorageError,
    TransportError,
    TruncatedError,
)
from store.files.failures import storage_error
from store.integrity.regular import open_regular
from store.transports.base import Conditions, Stream, Transport

_FILE: Final = re.compile(r"file:(?://([^/]*))?(/.*)", re.IGNORECASE | re.DOTALL)
_HERE: Final = frozenset({None, "", "localhost"})
_UNSATISFIABLE: Final = 416


def local_path(address: str) -> Path:
    """Return the path that an address names: itself, or that of a ``file:`` address (RFC 8089).

    Understood are ``file:///p``, ``file:/p`` and ``file://localhost/p``, with percent-encoded bytes.

    Raises:
        LocatorError: It names another host or no absolute path, or has a query or fragment or a NUL.
    """
    text = address
    if address[:5].lower() == "file:":
        match = _FILE.fullmatch(address)
        if match is None:
            raise LocatorError(f"{address!r} names no absolute path: write 'file:///path'")
        if (match[1].lower() if match[1] else match[1]) not in _HERE:
            raise LocatorError(
                f"{address!r} names another host: only files of this machine can be opened"
            )
        if "?" in match[2] or "#" in match[2]:
            raise LocatorError(
                f"{address!r} has a query or fragment: write '?' as %3F and '#' as %23"
            )
        text = os.fsdecode(unquote_to_bytes(match[2].encode("utf-8", "surrogateescape")))
    if "\0" in text or not text:
        raise LocatorError(f"{address!r} names no file: a path is not empty and holds no NUL")
    return Path(text)


class LocalTransport(Transport):
    """Reads regular files; a FIFO or device is refused, not waited for."""

    schemes: ClassVar[tuple[str, ...]] = ("file",)
    needs_network: ClassVar[bool] = False

    def open_stream(
        self, address: str, offset: int = 0, *, conditions: Conditions | None = None
    ) -> Stream:
        """Open a file; see `Transport.open_stream`.

        Of the conditions ``if_modified_since`` means something here: the time that was given before. A
        file has no entity tag, so that under ``if_range`` the whole comes.

        Raises:
            LocatorError: The address names no file of this machine.
            ResourceNotFoundError: There is no such file.
            StorageError: It cannot be read, or is no regular file.
            TransportError: It is shorter than ``offset``.
        """
        path = local_path(address)
        try:
            descriptor = open_regular(path, follow_links=True)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise ResourceNotFoundError(f"{path}: there is no such file", url=str(path)) from error
        except OSError as error:
            raise storage_error(error, path) from error
        except ValueError as error:
            failure = StorageError(
                f"{path} is no regular file: name a file, not a directory, pipe or device",
                path=str(path),
            )
            failure.errno = errno.EISDIR if path.is_dir() else errno.EINVAL
            raise failure from error
        try:
            return FileStream(descriptor, path, offset, conditions)
        except BaseException:
            os.close(descriptor)
            raise


class FileStream(Stream):
    """A file that is being read, and that must stay as it is meanwhile.

    Args:
        descriptor: The file, open for reading; closed with the stream.
        path: Where it lies.
        offset: The byte to begin with.
        conditions: Under which condition it is wanted.

    Raises:
        TransportError: It is shorter than ``offset``.
    """

    accepts_ranges = True

    def __init__(
        self, descriptor: int, path: Path, offset: int = 0, conditions: Conditions | None = None
    ) -> None:
        status = os.fstat(descriptor)
        self.address = str(path)
        self.size: int = status.st_size
        if conditions is not None and conditions.if_range is not None:
            offset = 0
        self.offset = offset
        self.last_modified = email.utils.formatdate(status.st_mtime, usegmt=True)
        self.not_modified = (
            conditions is not None and conditions.if_modified_since == self.last_modified
        )
        if offset > self.size:
            raise TransportError(
                f"{path} has {self.size} bytes, and its byte {offset} was asked for",
                url=str(path),
                status=_UNSATISFIABLE,
            )
        self._descriptor: int | None = descriptor
        self._position = offset
        self._mtime_ns = status.st_mtime_ns

    def readinto(self, buffer: memoryview) -> int:
        """Fill the buffer with the next bytes; see `Stream.readinto`.

        Raises:
            TruncatedError: The file was changed while it was read.
            StorageError: The disk failed.
        """
        if self._descriptor is None or self.not_modified:
            return 0
        try:
            count = os.preadv(self._descriptor, [buffer], self._position)
            self._position += count
            if count == 0 or self._position >= self.size:
                self._check(os.fstat(self._descriptor))
        except OSError as error:
            raise storage_error(error, self.address) from error
        return count

    def close(self) -> None:
        """Close the file."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _check(self, status: os.stat_result) -> None:
        if (self._position, status.st_size, status.st_mtime_ns) != (
            self.size,
            self.size,
            self._mtime_ns,
        ):
            raise TruncatedError(
                f"{self.address} was changed while it was read: try again when nobody writes to it",
                url=self.address,
                expected=self.size,
                found=status.st_size,
            )
