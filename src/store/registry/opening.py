"""Opens an item's file: plain, packed or an archive, in one manner."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from store.errors import MissingKeyError, QueryError, ResourceNotFoundError
from store.files.failures import storage_errors
from store.files.unpacking.formats import format_of
from store.files.unpacking.listing import Member, opened, tar_members, zip_members
from store.files.unpacking.quota import Quota
from store.files.unpacking.streams import (
    BUFFER,
    QuietFile,
    Unpacking,
    decompressor,
    unpacking_errors,
)
from store.integrity.regular import open_regular
from store.registry.texts import Text, encoding_of

_MODES: Final = {"r": "r", "rt": "r", "rb": "rb"}


class Opener:
    """A file that is open for reading, unpacked: plain, gz, bz2, xz, zst, zip, or a tar packed as any.

    What it is packed as is told by its first bytes, where the suffix lies. In text mode all text is str, in
    binary mode bytes, whatever the format; nothing is written to the disk.

    Args:
        path: The file.
        ext: Its suffix; None takes the path's.
        needed: The members of an archive that are wanted; None is all files. A text is one.
        large: Give streams, which are read as you go; else contents, read at once.
        default_mode: ``r`` for text, ``rb`` for bytes.
        encoding: Of text; None is UTF-8.
        max_size: How much it may unpack to in all, in bytes; None is 64 MiB and 200 times its size, and never
            more than 50 GiB.

    Attributes:
        result: A stream (an iterator over lines that can ``read``), or the whole content; of an archive a
            dictionary of these by the name of each file, empty ones included, in the archive's order.
        type: ``plain``, ``gz``, ``zip``, ``tar``, ``tar.gz``, ….
        size: The size of the file as it lies on the disk, in bytes.
        sizes: Of an archive, the size of each file in bytes, by name.

    Raises:
        ResourceNotFoundError: There is no such file.
        MissingKeyError: A member in ``needed`` is not there (a KeyError).
        UnknownNameError: There is no such encoding (a LookupError).
        QueryError: The mode is unknown; or, at once or while it is read, the file is no text of that
            encoding (a ValueError).
        TooLargeError: It unpacks to more than its limit.
        StorageError: It is damaged, or cannot be read.
    """

    def __init__(  # noqa: PLR0917 - the seed's signature
        self,
        path: str | os.PathLike[str],
        ext: str | None = None,
        needed: Iterable[str] | None = None,
        large: bool = True,  # noqa: FBT001, FBT002 - the seed's signature
        default_mode: str = "r",
        encoding: str | None = None,
        *,
        max_size: int | None = None,
    ) -> None:
        if default_mode not in _MODES:
            raise QueryError(f"a file is opened with mode 'r' or 'rb', not {default_mode!r}")
        self.path = os.fspath(path)
        self.ext = ext if ext is not None else Path(self.path).name.partition(".")[2]
        self.needed = (
            None if needed is None else [needed] if isinstance(needed, str) else list(needed)
        )
        self.large = large
        self.default_mode = _MODES[default_mode]
        self.encoding = encoding_of(encoding)
        self.sizes: dict[str, int] = {}
        self.fileobj = self._opened()
        self.size = os.fstat(self.fileobj.fileno()).st_size
        self._max_size = max_size
        self._closing: list[Any] = []
        try:
            with storage_errors(self.path):
                format_ = format_of(self.fileobj, self.ext)
            self.type = format_.name
            quota = Quota(self.path, self.size, max_size)
            stream = self._stream(format_.packed, quota)
            self.result: Any = (
                self._members(format_.archive, stream, quota)
                if format_.archive
                else self._content(stream)
            )
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file and all streams of it."""
        for one in reversed(self._closing):
            with contextlib.suppress(Exception):
                one.close()
        self.fileobj.close()

    def _opened(self) -> io.BufferedReader:
        try:
            with storage_errors(self.path):
                descriptor = open_regular(self.path, follow_links=True)
        except ValueError as error:
            raise ResourceNotFoundError(
                f"{self.path} is no regular file", query=self.path
            ) from error
        except OSError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                raise ResourceNotFoundError(
                    f"there is no file {self.path}: it was removed", query=self.path
                ) from error
            raise
        return io.BufferedReader(QuietFile(descriptor, "rb"))

    def _stream(self, packed: str, quota: Quota) -> Unpacking:
        """Return the file unpacked; a plain one as it is."""
        file = self.fileobj  # not through the opener, which may be forgotten before its streams are
        if packed:
            stream = Unpacking(lambda: decompressor(file, packed), self.path, quota)
        else:
            stream = Unpacking(lambda: file, self.path, None)
        self._closing.append(stream)
        return stream

    def _content(self, raw: Unpacking) -> Any:  # noqa: ANN401 - a stream or a content
        if self.needed and not self.sizes:
            raise QueryError(f"{self.path} is no archive: it has no member {self.needed[0]!r}")
        stream: Any = (
            io.BufferedReader(raw, BUFFER)
            if self.default_mode == "rb"
            else Text(io.BufferedReader(raw, BUFFER), self.encoding, self.path)
        )
        if self.large:
            self._closing.append(stream)
            return stream
        with stream:
            return stream.read()

    def _members(self, archive: str, raw: Unpacking, quota: Quota) -> dict[str, Any]:
        found = self._listed(archive, raw)
        wanted = list(found) if self.needed is None else self.needed
        for name in wanted:
            if name not in found:
                raise MissingKeyError(f"{self.path} has no member {name!r}", key=name)
        self.sizes = {name: found[name].size for name in wanted}
        # A tar that is packed was counted when it was unpacked: its members are parts of it.
        own = quota if archive == "zip" else Quota(self.path, self.size, self._max_size)
        return {name: self._content(opened(found[name], self.path, own)) for name in wanted}

    def _listed(self, archive: str, raw: Unpacking) -> dict[str, Member]:
        with unpacking_errors(self.path):
            if archive == "zip":
                return zip_members(self.fileobj, self.path)
            return tar_members(io.BufferedReader(raw), self.path)

    def __iter__(self) -> Iterator[Any]:
        """Go through the lines of the content, or the names of the members."""
        content = self.result
        return iter(
            content.splitlines(keepends=True) if isinstance(content, str | bytes) else content
        )

    def __enter__(self) -> Self:
        """Return the opener itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()
