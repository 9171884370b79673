"""Streams that unpack while they are read, within a quota."""

from __future__ import annotations

import contextlib
import functools
import io
import lzma
import os
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any, Final

from store.errors import ArchiveError, StorageError, StoreError
from store.files.unpacking.limits import Guard, Limits
from store.files.unpacking.quota import Quota
from store.files.unpacking.zst import frames

BUFFER: Final = 1 << 16
"""How much is read at a time, in bytes."""

Opens = Callable[[], Any]
"""Opens a stream of bytes when it is first read."""


class Unpacking(io.RawIOBase):
    """A stream that is opened when it is first read, counts what it gives, and maps what goes wrong.

    Args:
        opens: Opens the stream below.
        path: The file, for messages.
        quota: Is told what was read; None where nothing is unpacked.
    """

    def __init__(self, opens: Opens, path: str, quota: Quota | None) -> None:
        super().__init__()
        self._opens = opens
        self._path = path
        self._quota = quota
        self._stream: Any = None
        self._furthest = 0
        self._position = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True: what cannot go back is unpacked from its beginning again."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a position, unpacking what lies before it.

        Raises:
            StorageError: What lies before it is damaged.
            TooLargeError: That is more than may be unpacked.
        """
        if whence == os.SEEK_CUR:
            offset += self._position
        elif whence == os.SEEK_END:
            while self.read(BUFFER):
                pass
            offset += self._position
        with unpacking_errors(self._path):
            if self._below().seekable():
                self._position = self._below().seek(offset)
            else:
                self._walk(offset)
        self._count()
        return self._position

    def _walk(self, offset: int) -> None:
        if offset < self._position:
            self._stream, self._position = self._opens(), 0
        while self._position < offset and self.read(min(BUFFER, offset - self._position)):
            pass

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any buffer
        """Fill a buffer; return how many bytes there were.

        Raises:
            StorageError: What is read is damaged.
            TooLargeError: It is more than may be unpacked.
        """
        with unpacking_errors(self._path):
            data = self._below().read(min(len(buffer), BUFFER))
        buffer[: len(data)] = data
        self._position += len(data)
        self._count()
        return len(data)

    def close(self) -> None:
        """Close the stream below, where it was opened."""
        if self._stream is not None and not self.closed:
            self._stream.close()
        super().close()

    def _below(self) -> Any:  # noqa: ANN401 - each library has its own
        if self._stream is None:
            self._stream = self._opens()
        return self._stream

    def _count(self) -> None:
        if self._quota is not None and self._position > self._furthest:
            self._quota.take(self._position - self._furthest)
            self._furthest = self._position


@contextlib.contextmanager
def unpacking_errors(path: str) -> Iterator[None]:
    """Turn what the libraries say of a damaged, encrypted or unknown file into our error.

    Args:
        path: The file.

    Raises:
        StorageError: It cannot be unpacked.
    """
    try:
        yield
    except ArchiveError as error:
        raise StorageError(f"{path} cannot be read: {error}", path=path) from error
    except StoreError:
        raise
    except foreign_errors() as error:
        raise StorageError(
            f"{path} cannot be unpacked: {type(error).__name__}: {error}: is it whole, and what its name"
            " says?",
            path=path,
        ) from error


class _Pieces(io.RawIOBase):
    """A stream of pieces that come one after the other."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self._left = memoryview(b"")

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any buffer
        """Fill a buffer; return how many bytes there were."""
        if not self._left:
            self._left = memoryview(next(self._pieces, b""))
        count = min(len(buffer), len(self._left))
        buffer[:count], self._left = self._left[:count], self._left[count:]
        return count


class QuietFile(io.FileIO):
    """A file that is closed in silence when it is forgotten, as the file of a chain of streams."""

    def __del__(self) -> None:
        """Close it."""
        with contextlib.suppress(OSError):
            self.close()

    def _dealloc_warn(self, _: object) -> None:
        """Say nothing: whoever reads the stream need not know of the file."""


def unpacked(file: IO[bytes], packed: str) -> io.BufferedReader:
    """Return what a packed file unpacks to, unlimited: for a look at its beginning."""
    return io.BufferedReader(Unpacking(lambda: decompressor(file, packed), "it", None), BUFFER)


def decompressor(file: IO[bytes], packed: str) -> Any:  # noqa: ANN401 - each library has its own
    """Return a stream that unpacks a file; several members one after the other are one.

    Args:
        file: The packed file; it stays open when the stream is closed.
        packed: ``gz``, ``bz2``, ``xz`` or ``zst``.

    """
    file.seek(0)
    if packed == "gz":
        import gzip

        return gzip.GzipFile(fileobj=file, mode="rb")
    if packed == "bz2":
        import bz2

        return bz2.BZ2File(file)
    if packed == "xz":
        return lzma.LZMAFile(file)
    chunks = iter(lambda: file.read(BUFFER), b"")
    return io.BufferedReader(_Pieces(frames(chunks, Guard("it", 0, Limits()))), BUFFER)


@functools.cache
def foreign_errors() -> tuple[type[Exception], ...]:
    """Return what the libraries say of a damaged, encrypted or unknown file."""
    import tarfile
    import zipfile

    return (
        EOFError,
        NotImplementedError,
        OSError,
        RuntimeError,
        ValueError,
        lzma.LZMAError,
        tarfile.TarError,
        zipfile.BadZipFile,
        zlib.error,
    )
