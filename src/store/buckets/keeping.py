"""A storage that is kept like a directory, and a directory like it."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from store.buckets.following import Synced
from store.buckets.naming import directory_of, key_of, path_of
from store.buckets.storage import Key, LocalPath, Storage
from store.buckets.syncing import (
    MAX_DELETE,
    sync_directory,
    sync_files,
    sync_remote_to_local,
)
from store.errors import QueryError, StorageError
from store.transports.base import TransferOptions
from store.transports.objects.base import ObjectClient
from store.transports.progress import Progress

NameT = TypeVar("NameT", bound=Key)

Verbose = bool | Callable[[str], object]
"""True to tell each step on stderr, or what is called with each line."""


class KeptStorage(Storage):
    """A storage of objects that can be kept like a directory: it says which client and options."""

    _jobs: int
    _sha1: bool

    @property
    @abc.abstractmethod
    def client(self) -> ObjectClient:
        """The storage's objects."""

    @property
    @abc.abstractmethod
    def options(self) -> TransferOptions:
        """How bytes are moved."""

    def sync_directory(
        self,
        directory: LocalPath,
        verbose: Verbose = False,  # noqa: FBT002 - the page's signature
        remote: Key | None = None,
        *,
        delete: bool = True,
        max_delete: float = MAX_DELETE,
        allow_empty: bool = False,
        dry_run: bool = False,
        progress: Progress = None,
    ) -> Synced:
        """Make what lies within ``remote`` like a local directory: what is gone there is deleted here.

        Args:
            directory: The local directory; links in it are not followed.
            verbose: Tell what is done.
            remote: The directory in the bucket; None for the whole bucket.
            delete: Whether what is not in the directory is deleted within ``remote``.
            max_delete: The largest share (0 to 1) of what lies within ``remote`` that may be deleted.
            allow_empty: Whether a directory without files is accepted, and not taken for a mistake.
            dry_run: Only plan.
            progress: A callback ``(read, total, filename)``, True for bars, or None.

        Returns:
            The plan, and whether it was applied.

        Raises:
            StoreError: See `store.buckets.syncing.sync_directory`.
        """
        self.flush()
        return sync_directory(
            self.client,
            path_of(directory),
            remote=directory_of(remote),
            delete=delete,
            max_delete=max_delete,
            allow_empty=allow_empty,
            dry_run=dry_run,
            sha1=self._sha1,
            jobs=self._jobs,
            verbose=verbose,
            progress=progress,
            options=self.options,
        )

    def sync_files(
        self,
        files: Mapping[NameT, LocalPath],
        verbose: Verbose = False,  # noqa: FBT002 - the page's signature
        remote: Key | None = None,
        *,
        delete: bool = True,
        max_delete: float = MAX_DELETE,
        allow_empty: bool = False,
        dry_run: bool = False,
        progress: Progress = None,
    ) -> Synced:
        """Make what lies within ``remote`` like some local files: what is not among them is deleted there.

        Args:
            files: The local file of each name within ``remote``.
            verbose: See `sync_directory`.
            remote: See `sync_directory`.
            delete: See `sync_directory`.
            max_delete: See `sync_directory`.
            allow_empty: Whether an empty mapping is accepted.
            dry_run: See `sync_directory`.
            progress: See `sync_directory`.

        Raises:
            StoreError: See `store.buckets.syncing.sync_files`.
        """
        self.flush()
        return sync_files(
            self.client,
            _checked(files),
            remote=directory_of(remote),
            delete=delete,
            max_delete=max_delete,
            allow_empty=allow_empty,
            dry_run=dry_run,
            sha1=self._sha1,
            jobs=self._jobs,
            verbose=verbose,
            progress=progress,
            options=self.options,
        )

    def sync_remote_to_local(
        self,
        directory: LocalPath,
        verbose: Verbose = False,  # noqa: FBT002 - as its siblings
        remote: Key | None = None,
        *,
        delete: bool = False,
        max_delete: float = MAX_DELETE,
        allow_empty: bool = False,
        dry_run: bool = False,
        progress: Progress = None,
    ) -> Synced:
        """Make a local directory like what lies within ``remote``.

        Args:
            directory: The local directory; made where it is missing.
            verbose: See `sync_directory`.
            remote: See `sync_directory`.
            delete: Whether local files that are not in the bucket are removed.
            max_delete: The largest share (0 to 1) of the local files that may be removed.
            allow_empty: Whether a bucket without objects within ``remote`` is accepted.
            dry_run: See `sync_directory`.
            progress: See `sync_directory`.

        Raises:
            StoreError: See `store.buckets.syncing.sync_remote_to_local`.
        """
        self.flush()
        return sync_remote_to_local(
            self.client,
            path_of(directory),
            remote=directory_of(remote),
            delete=delete,
            max_delete=max_delete,
            allow_empty=allow_empty,
            dry_run=dry_run,
            jobs=self._jobs,
            verbose=verbose,
            progress=progress,
            options=self.options,
        )

    def add_directory(
        self, local: LocalPath, remote: Key = "", *, progress: Progress = None
    ) -> None:
        """Add all files below a directory, under their relative paths; no link is followed.

        What is there already with the same content is not sent again; nothing is deleted.

        Args:
            local: The directory.
            remote: The directory in the bucket; "" for the bucket itself.
            progress: A callback ``(read, total, filename)``, True for bars, or None.

        Raises:
            StorageError: It is no directory; an OSError.
        """
        directory = path_of(local)
        if not directory.is_dir():
            raise StorageError(f"{directory} is no directory: name one", path=str(directory))
        self.sync_directory(
            directory, remote=key_of(remote), delete=False, allow_empty=True, progress=progress
        )

    def get_all_files(self, output_dir: LocalPath, progress: Progress = None) -> None:
        """Get all objects into a directory; what is there with the same content is not fetched again.

        Args:
            output_dir: The directory; files in it that are not in the bucket stay.
            progress: A callback ``(read, total, filename)``, True for bars, or None.

        Raises:
            StoreError: See `sync_remote_to_local`.
        """
        self.sync_remote_to_local(output_dir, allow_empty=True, progress=progress)


def _checked(files: object) -> dict[str, Path]:
    """Return the local path of each name.

    Raises:
        QueryError: It is no mapping, or one of names or paths is none.
    """
    if not isinstance(files, Mapping):
        raise QueryError(
            f"files are a mapping of names to paths, as {{'a.txt': 'local.txt'}}, not {files!r:.100}",
            query=files,
        )
    found = {key_of(name): path_of(local) for name, local in files.items()}
    if len(found) < len(files):
        raise QueryError("two of the names are one key: name each file once", query=files)
    return found
