"""The store of files that lie on this machine."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import unquote, urlsplit

from store.addresses import public, public_query
from store.backends.base import Store
from store.backends.known import KnownResource
from store.backends.queries import (
    DIGEST_KEYS,
    check_configuration,
    check_keys,
    digests_of_query,
    filename_of,
    settings_errors,
    size_of,
)
from store.errors import QueryError, ResourceNotFoundError, StorageError
from store.files.names import inside, safe_name
from store.integrity.digest import DEFAULT_ALGORITHM, SIZES
from store.integrity.hashing import Hashing, hash_file

if TYPE_CHECKING:
    # A hit makes none of these: to import attrs takes a sixth of a warm fetch.
    from store.backends.digested import DigestedResource
    from store.backends.file_resource import FileResource

SETTINGS: Final = frozenset({"root"})
"""The keys of the driver's configuration."""


class FileStore(Store["FileResource"]):
    """Brings local files into the cache.

    A query has ``path``: a path (``~`` is the home directory; a relative one begins at the configured
    ``root``, else at the working directory) or a ``file:`` URL. ``digest``, ``digests`` or an algorithm's
    own name pin the content; then the file need not exist while the cache has it. Without them the file is
    read once for its SHA-256, and must still have it when it is copied. ``size`` (bytes) and ``filename``
    are optional.

    Args:
        store_configuration: A mapping with ``root``, a directory: then only plain relative paths below it
            are served, and none through a link. Or None.
        cache_backend: The cache to be asked first.

    Raises:
        ConfigurationError: A key is unknown, or ``root`` no path.
    """

    name = "file"
    needs_network: ClassVar[bool] = False
    metadata_needs_network: ClassVar[bool] = False
    path_settings: ClassVar[frozenset[str]] = frozenset({"root"})
    query_keys: ClassVar[frozenset[str]] = DIGEST_KEYS | SIZES.keys() | {"path", "size", "filename"}

    def __init__(self, store_configuration: Any, cache_backend: Any) -> None:  # noqa: ANN401 - as the base
        super().__init__(store_configuration, cache_backend)
        root = check_configuration(store_configuration, SETTINGS, "file").get("root")
        with settings_errors("file", "root"):
            self._root = None if root is None else _local(root)

    def get_resource_metadata(self, query: Mapping[str, Any]) -> FileResource:
        """Return what the query says of the file, reading it where nothing is pinned.

        Args:
            query: See the class.

        Raises:
            QueryError: A key is missing, unknown or malformed, or the path leads to a directory or
                another thing that is no regular file.
            DigestError: A digest is malformed or weak.
            UnsafeNameError: The path leads out of ``root``, or the file name is no plain one.
            ResourceNotFoundError: Nothing is pinned, and there is no such file.
            StorageError: It cannot be read.
        """
        return _whole(self._known(query))

    def resource_in(self, query: Mapping[str, Any]) -> KnownResource:
        """Return the same, as light as a hit needs it."""
        return self._known(query)

    def download_resource_content(self, metadata: DigestedResource, dest: str) -> str:
        """Copy the file into a directory.

        Args:
            metadata: What `get_resource_metadata` returned, or any digested resource with ``urls``.
            dest: A directory.

        Returns:
            The copy's path.

        Raises:
            StoreError: The file is gone, cannot be read, or is not what its digests say.
        """
        from store.backends.bringing import bring

        return bring(metadata, dest, self.options)

    def _known(self, query: Mapping[str, Any]) -> KnownResource:
        check_keys(query, self.query_keys, self.name)
        path = self._path(query)
        digests, size = digests_of_query(query), size_of(query)
        name = filename_of(query) or safe_name(path.name)
        if not digests:
            hashing = _hashed(path, query)
            digests = hashing.digests()
            size = hashing.size if size is None else size
        return KnownResource(
            digests=digests, size=size, filename=name, urls=(path.as_uri(),), makes=_whole
        )

    def _path(self, query: Mapping[str, Any]) -> Path:
        given = query.get("path")
        if not isinstance(given, str | os.PathLike) or not os.fspath(given):
            raise QueryError("the driver file needs a 'path'", known=tuple(sorted(self.query_keys)))
        text = os.fsdecode(given)
        if text.lower().startswith("file:"):
            text = _path_in(text)
        return _local(text if self._root is None else inside(self._root, text))


def _whole(known: KnownResource) -> FileResource:
    from store.backends.file_resource import FileResource

    return FileResource(known.digests, size=known.size, filename=known.filename, urls=known.urls)


def _local(path: str | os.PathLike[str]) -> Path:
    try:
        expanded = Path(path).expanduser().absolute()
        os.fsencode(expanded)
    except (RuntimeError, TypeError, UnicodeEncodeError) as error:
        raise QueryError(f"{path!r} cannot be read as a path: {error}") from error
    if "\0" in str(expanded):
        raise QueryError(f"{path!r} is no path: it holds a NUL")
    return expanded


def _path_in(address: str) -> str:
    """Return the path that a ``file:`` URL (RFC 8089) names."""
    parts = urlsplit(address)
    if parts.netloc not in {"", "localhost"} or not parts.path:
        raise QueryError(
            f"{public(address)!r} names no file of this machine: write file:///path/to/file"
        )
    return unquote(parts.path, errors="surrogateescape")


def _hashed(path: Path, query: Mapping[str, Any]) -> Hashing:
    try:
        return hash_file(path, (DEFAULT_ALGORITHM,), follow_links=True)
    except ValueError as error:
        raise QueryError(
            f"{path} is no regular file: name a file", query=public_query(query)
        ) from error
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG}:
            raise ResourceNotFoundError(
                f"there is no file {_shown(path)}", query=public_query(query)
            ) from error
        raise StorageError(f"{path} cannot be read: {error.strerror}", path=str(path)) from error


def _shown(path: Path) -> str:
    """Return a path for people; ``//user:password@host`` was meant for an address."""
    text = str(path)
    return public(text) if text.startswith("//") else text
