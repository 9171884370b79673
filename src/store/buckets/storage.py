"""What every storage of files gives, as on the page of the original."""

from __future__ import annotations

import abc
import os
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import BinaryIO

from store.buckets.summaries import Summary
from store.errors import QueryError
from store.transports.progress import Progress

LocalPath = str | os.PathLike[str]
"""A path on this machine."""

Key = str | PurePath
"""A key in the bucket: a text, or a path, whose separators become slashes."""


class Storage(abc.ABC):
    """A place for files that is reached by their names. `Bucket` is one.

    A driver fills in the abstract methods; the operators are made of them: ``storage[remote] = local``,
    ``storage[remote]``, ``del storage[remote]``, ``remote in storage``, iteration and ``len``.
    """

    @property
    @abc.abstractmethod
    def uuid(self) -> str:
        """What the storage is identified by."""

    @property
    @abc.abstractmethod
    def description(self) -> str:
        """What people call the storage."""

    @abc.abstractmethod
    def list_files(self) -> list[Summary]:
        """Return what is known of every file."""

    @abc.abstractmethod
    def add_file(
        self, local_or_file: LocalPath | BinaryIO, remote: Key | None = None
    ) -> Summary | None:
        """Add a local file, or an open one."""

    @abc.abstractmethod
    def add_directory(self, local: LocalPath, remote: Key = "") -> None:
        """Add all files below a directory, under their relative paths; links are not followed."""

    @abc.abstractmethod
    def get_file(
        self, remote: Key, local: LocalPath | None = None, progress: Progress = None
    ) -> str:
        """Get a file, and return its local path."""

    @abc.abstractmethod
    def get_all_files(self, output_dir: LocalPath, progress: Progress = None) -> None:
        """Get all files into a directory."""

    @abc.abstractmethod
    def copy_file(self, source: Key, dest: Key) -> None:
        """Make a copy of a file within the storage."""

    @abc.abstractmethod
    def delete_file(self, remote: Key) -> None:
        """Delete a file."""

    @abc.abstractmethod
    def flush(self) -> None:
        """Return when all background uploads are complete."""

    @abc.abstractmethod
    def update(self, flush: bool = False) -> None:  # noqa: FBT001, FBT002 - the page's signature
        """Learn anew from the endpoint what the storage is."""

    @abc.abstractmethod
    def has_file(self, remote: Key) -> bool:
        """Return whether there is a file of that name."""

    def __getitem__(self, remote: Key) -> str:
        """Get a file into the working directory, as `get_file` does, and return its path."""
        return self.get_file(remote)

    def __setitem__(self, remote: Key, local: LocalPath | BinaryIO) -> None:
        """Add a file under a name; of a directory, all files."""
        if not isinstance(remote, str | PurePath):
            raise QueryError(f"a file is added under a key, not {remote!r}", query=remote)
        if isinstance(local, str | os.PathLike) and Path(local).is_dir():
            self.add_directory(local, remote)
        else:
            self.add_file(local, remote)

    def __delitem__(self, remote: Key) -> None:
        """Delete a file."""
        self.delete_file(remote)

    def __contains__(self, remote: object) -> bool:
        """Whether there is a file of that name."""
        return isinstance(remote, str | PurePath) and self.has_file(remote)

    def __iter__(self) -> Iterator[Summary]:
        """Give what is known of every file."""
        return iter(self.list_files())

    def __len__(self) -> int:
        """Return how many files there are."""
        return len(self.list_files())

    def __bool__(self) -> bool:
        """A storage is there, whether or not it holds anything."""
        return True

    def __eq__(self, other: object) -> bool:
        """Whether both are the same storage."""
        return isinstance(other, type(self)) and self.uuid == other.uuid

    def __hash__(self) -> int:
        """Hash the identifier."""
        return hash(self.uuid)
