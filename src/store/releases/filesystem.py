"""An archive in a directory."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Final

from store.errors import ArchiveError, StorageError
from store.files.apart import lay_apart
from store.files.atomic import make_directories, write_bytes
from store.files.exclusive import create_whole
from store.files.failures import storage_errors, storage_failure
from store.files.placing import place
from store.files.small import write_small
from store.files.sweeping import SWEEPER
from store.files.syncing import sync_directory, sync_meanwhile
from store.integrity.regular import read_regular
from store.releases.blobs import bring_out
from store.releases.hashing import CHUNK
from store.releases.indexing import Index
from store.releases.laid_out import LaidOutArchive, T
from store.releases.layout import MARKER, OURS, blob_name, shelf_of, yank_name
from store.releases.mapping import Blob
from store.releases.marking import check_archive, check_outside, is_bare, no_archive
from store.releases.names import DEFAULT_WORKSPACE, check_title, check_workspace
from store.releases.pathing import path_of
from store.releases.records import Record
from store.releases.resolving import resolved
from store.releases.rooms import Rooms, check_there
from store.releases.shelves import (
    directories_in,
    readable,
    reason_as_bytes,
    versions_in,
    yanked_in,
)
from store.releases.sources import file_in
from store.releases.taking import take_in
from store.releases.transfer import following
from store.releases.values import Listed, Naming, Uploaded
from store.releases.versions import Version

_SMALL: Final = 128 << 10
"""From which mean size of files on several threads are quicker than one, in bytes: 128 KiB."""


class FileSystemArchive(LaidOutArchive):
    """An archive in a directory; who may do what is what the file system says.

    Args:
        host: The directory, which was made an archive by `create`.
        user: Kept as it is.
        password: Of no use here.

    Attributes:
        host: The directory's path, with slashes.
        archive_path: The directory.

    Raises:
        ArchiveError: It is no archive: it has no marker.
        ResourceNotFoundError: There is no such directory.
        StorageError: It may not be read.
    """

    most_threads: ClassVar[int | None] = 4

    def __init__(
        self, host: str | Path, user: str | None = None, password: str | None = None
    ) -> None:
        super().__init__(Path(host).as_posix(), user, password)
        self.archive_path = resolved(Path(host))
        check_archive(self.archive_path, self.host)
        self._place = str(self.archive_path)
        self._index = Index(self.archive_path)
        self._rooms = Rooms()
        self._looked = False

    @classmethod
    def create(cls, host: str | Path, user: str | None = None) -> FileSystemArchive:
        """Make a directory an archive, where it is none, and open it.

        Args:
            host: The directory; made where it is missing.
            user: Kept as it is.

        Raises:
            ArchiveError: It holds other things: an archive is not begun among them.
            RefusedError: It lies in an archive.
            StorageError: It cannot be made.
        """
        path = Path(host)
        resolved(path)
        with storage_errors(path):
            if not os.path.lexists(path / MARKER):
                check_outside(path)
            make_directories(path, durable=True)
            if not (path / MARKER).is_file():
                if not (is_bare(path) or (path / MARKER).is_file()):
                    raise no_archive(path)
                SWEEPER.sweep(str(path))
                lay_apart(path)  # workspaces have nothing in common
                with contextlib.suppress(FileExistsError):
                    write_small(f"{path}/{MARKER}", b"")  # others see nothing else in it
                sync_directory(path)
        return cls(path, user)

    def download_blob(  # noqa: PLR0917 - as the page has it
        self,
        blob_pid: str,
        target_file: str | Path,
        update_dict: MutableMapping[str, Any] | None = None,
        expected_size: int | None = None,
        release_record: Mapping[str, Any] | None = None,
        workspace: str = DEFAULT_WORKSPACE,
        chunk_size: int = CHUNK,
    ) -> None:
        """Bring one blob to a file: see `ArchiveInterface`.

        Without a record, or one that tells no title, every shelf of the workspace is looked at.
        """
        target = Path(target_file).absolute()
        with following(update_dict) as update:
            bring_out(
                self._blob_path(blob_pid, release_record, workspace),
                str(target),
                str(target.parent),
                update,
                digest=Blob("", blob_pid).digest,
                size=expected_size,
                chunk=chunk_size,
            )

    def bring_blob(
        self,
        blob: Blob,
        target: str,
        record: Record,
        update: MutableMapping[str, Any],
        *,
        workspace: str,
        mode: int,
        via: Path,
        chunk: int,
    ) -> None:
        """Put a file of a release in its place: see `Further.bring_blob`; it is read once."""
        shelf = shelf_of(workspace, record.title_versionless)
        bring_out(
            f"{self._place}/{shelf}/{blob_name(blob.pid or '')}",
            target,
            str(via),
            update,
            digest=blob.digest,
            size=blob.size,
            mode=mode,
            chunk=chunk,
        )

    def upload_blob(
        self,
        source: Path,
        naming: Naming,
        update: MutableMapping[str, Any],
        *,
        path: str,
        chunk_size: int = CHUNK,
    ) -> Uploaded:
        """Make one file a blob: see `Further.upload_blob`."""
        shelf = f"{self._place}/{shelf_of(naming.workspace, naming.title_versionless)}"
        return take_in(
            file_in(source, path),
            shelf,
            self._workshop(),
            update,
            rooms=self._rooms,
            chunk=chunk_size,
        )

    def threads_for(self, asked: int, sizes: Sequence[int]) -> int:
        """Return one for small files, of which several would only wait for each other: see the base."""
        small = sum(sizes) < _SMALL * len(sizes)
        return 1 if small else super().threads_for(asked, sizes)

    def _shelves(
        self,
        workspace: str | None,
        title: str | None,
        passed: list[StorageError] | None = None,
    ) -> Iterator[tuple[str, str]]:
        spaces = (
            directories_in(self.archive_path) if workspace is None else [check_workspace(workspace)]
        )
        for space in spaces:
            look = partial(directories_in, self.archive_path / space)
            titles = readable(look, passed) if title is None else [check_title(title)]
            for one in titles or ():
                yield space, one

    def _versions(self, workspace: str, title: str) -> Iterable[Version]:
        return versions_in(self.archive_path / shelf_of(workspace, title), title)

    def _yanked(self, workspace: str, title: str) -> Mapping[Version, str]:
        return yanked_in(self.archive_path / shelf_of(workspace, title) / OURS / "yanked")

    def _read(self, name: str) -> bytes | None:
        path = self.archive_path / name
        with storage_errors(path):
            try:
                return read_regular(path)
            except FileNotFoundError:
                return None
            except ValueError as error:
                raise ArchiveError(
                    f"{path} is no regular file, and so no record: look who put it there, and remove it",
                    archive=str(path),
                ) from error

    def _alias(self, source: str, target: str) -> None:
        path = self.archive_path / target
        with storage_errors(path):
            place(self.archive_path / source, path, link=True)

    def _settle(self, record: Record, workspace: str, meanwhile: Callable[[], T]) -> T:
        shelf = f"{self._place}/{shelf_of(workspace, record.title_versionless)}"
        paths = [f"{shelf}/{blob_name(blob.pid or '')}" for blob in record.blobs]
        check_there(record.title, record.blobs, paths, self._rooms.settle())
        return sync_meanwhile(meanwhile, paths, top=self.archive_path, seen=True)

    def _create(self, name: str, text: bytes) -> bool:
        path = self.archive_path / name
        try:
            create_whole(path, text, via=self._workshop())
        except FileExistsError:
            return False
        return True

    def _pid(self, name: str) -> str:
        return (self.archive_path / name).as_posix()

    def _mark(self, workspace: str, title: str, version: Version, reason: str | None) -> None:
        path = self.archive_path / yank_name(workspace, title, version)
        if reason is not None:
            write_bytes(path, reason_as_bytes(reason), durable=True)
            return
        with storage_errors(path):
            path.unlink(missing_ok=True)
            if path.parent.is_dir():
                sync_directory(path.parent)

    def _detailed(self, found: list[Listed]) -> list[Listed]:
        return self._index.detailed(found, self._detail)

    def _workshop(self) -> str:
        """Return where what is not finished lies; what others left there for good is swept away."""
        path = f"{self._place}/{OURS}"
        if not self._looked:
            if os.path.lexists(path) and not os.path.isdir(path):  # noqa: PTH112 - text
                raise storage_failure(errno.ENOTDIR, path)
            SWEEPER.sweep(path)
            self._looked = True
        return path

    def _blob_path(self, pid: str, record: Mapping[str, Any] | None, workspace: str) -> str:
        name = blob_name(pid)
        title = None if record is None else record.get("title_versionless")
        shelves = [f"{one}/{two}" for one, two in self._shelves(workspace, title)]
        paths = [f"{self.archive_path}/{shelf}/{name}" for shelf in shelves]
        return next(
            (one for one in paths if os.path.lexists(one)),
            f"{self.archive_path}/{workspace}/…/{name}",
        )


def open_directory(
    host: str, user: str | None = None, password: str | None = None
) -> FileSystemArchive:
    """Open the archive at a path or a ``file:`` address.

    Raises:
        ArchiveError: It is no archive.
        ResourceNotFoundError: There is no such directory.
        UnsafeNameError: The address is of another machine.
    """
    return FileSystemArchive(path_of(host), user, password)
