"""Downloads a release into a folder: what is missing, verified."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Container, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from store.errors import RefusedError, StorageError, UnsafeNameError
from store.files.atomic import discard, make_directories
from store.files.dirlocks import alone_in
from store.files.failures import storage_errors
from store.files.names import inside
from store.files.small import put_small
from store.files.sweeping import SWEEPER
from store.files.syncing import sync_many
from store.integrity.hashing import hash_file
from store.releases.blobs import temporary_in
from store.releases.hashing import CHUNK
from store.releases.holding import (
    COMING,
    EARLIER,
    HIDDEN,
    RECORD,
    begin,
    finish,
    held_in,
    refuse_archive,
    refuse_foreign,
)
from store.releases.mapping import Blob
from store.releases.modes import adjust_mode, mode_of
from store.releases.records import Record
from store.releases.showing import bar_of
from store.releases.transfer import Job, Standing, Update, move_all

if TYPE_CHECKING:
    from store.releases.further import Further


class Manner(NamedTuple):
    """How a release is downloaded.

    Attributes:
        threads: How many files come at once.
        chunk: How many bytes are moved at a time.
        bar: Draw a bar on stderr.
        names: Name the files that are on their way beside it.
        read_only: Whether the files are for readers alone, or may be edited.
        show: Is told now and then how far it has come, where no bar is drawn.
        durable: Return only when a power cut can no longer take anything away.
        replace: Replace files that no release has brought, too; else they are an error.
    """

    threads: int = 8
    chunk: int = CHUNK
    bar: bool = False
    names: bool = False
    read_only: bool = False
    show: Callable[[Standing], object] | None = None
    durable: bool = True
    replace: bool = True


class Downloaded(NamedTuple):
    """What became of a download.

    Attributes:
        brought: The paths of the files that were brought.
        kept: The paths of those that lay there already, and were right.
        removed: The paths of an earlier release's files that this one does not have.
    """

    brought: tuple[str, ...]
    kept: tuple[str, ...]
    removed: tuple[str, ...] = ()


def download(
    archive: Further,
    record: Mapping[str, Any] | Record,
    workspace: str,
    folder: Path,
    manner: Manner,
) -> Downloaded:
    """Download a release into a folder: see `ArchiveInterface.download_release`.

    A file of another release that this folder held, and that was not changed since, is removed. Of several
    who fill one folder each waits for the one before, so that its record is that of all its files.

    Raises:
        IntegrityError: A file, or the record, is not what was published.
        UnsafeNameError: A path in the record would lead elsewhere, or passes through a link in the folder.
        RefusedError: The folder lies in an archive, or holds a file of somebody's that is in the way.
        StoreError: The archive, or the disk, fails.
    """
    release = _checked(record)
    refuse_archive(folder)
    make_directories(inside(folder, HIDDEN))
    with contextlib.ExitStack() as stack:
        with storage_errors(folder):
            stack.enter_context(alone_in(folder / HIDDEN))
        try:
            return _fill(archive, release, workspace, folder, manner)
        except RefusedError:
            with contextlib.suppress(OSError):
                (folder / HIDDEN).rmdir()  # where nothing was begun, nothing of ours stays
            raise


def _fill(
    archive: Further, release: Record, workspace: str, folder: Path, manner: Manner
) -> Downloaded:
    """Fill a folder that nobody else fills meanwhile."""
    SWEEPER.sweep(str(folder / HIDDEN))
    text, held = release.to_yaml().encode(), held_in(folder)
    if not manner.replace:
        ours = {blob.path for one in held for blob in one.blobs}
        refuse_foreign(folder, _foreign(folder, release, ours))
    begin(folder, text, durable=manner.durable)
    removed = {path for one in held for path in _retire(folder, one, release, way=True)}
    with bar_of(release.title, release.size, names=manner.names, shown=manner.bar) as show:
        brought = _bring_all(
            archive, release, workspace, folder, manner._replace(show=show or manner.show)
        )
    removed |= {path for one in held for path in _retire(folder, one, release)}
    if manner.durable:
        sync_many([f"{folder}/{path}" for path in brought], top=folder, seen=True)
    finish(folder, text, durable=manner.durable)
    kept = tuple(blob.path for blob in release.blobs if blob.path not in brought)
    return Downloaded(tuple(sorted(brought)), kept, tuple(sorted(removed)))


def _foreign(folder: Path, release: Record, ours: Container[str]) -> list[str]:
    """Return the paths of what lies where files are to come, and is neither a release's nor right."""
    return [
        blob.path
        for blob in release.blobs
        if blob.path not in ours
        and os.path.lexists(folder / blob.path)
        and not stat.S_ISDIR((folder / blob.path).lstat().st_mode)
        and not stands(folder, blob)
    ]


def _checked(record: Mapping[str, Any] | Record) -> Record:
    """Return a record, as long as it was not changed and leaves our own names alone."""
    release = record if isinstance(record, Record) else Record.from_data(record)
    release.check()
    for blob in release.blobs:
        if blob.path in {RECORD, COMING} or blob.path.startswith(f"{EARLIER}/"):
            raise UnsafeNameError(
                f"{release.title} is refused: it has a file {blob.path!r} of its own",
                name=blob.path,
            )
    return release


def _bring_all(
    archive: Further, release: Record, workspace: str, folder: Path, manner: Manner
) -> set[str]:
    """Bring what is missing; return the paths of what was brought."""
    brought: set[str] = set()
    place, via = str(folder), folder / HIDDEN
    with storage_errors(folder), os.scandir(folder) as entries:
        fresh = all(one.name == HIDDEN for one in entries)
    _make_room(folder, release)

    def bring(blob: Blob, update: Update) -> None:
        """Bring one to its place, unless it stands there as it should."""
        mode = mode_of(executable=blob.executable, read_only=manner.read_only)
        if not fresh and stands(folder, blob, mode=mode):
            update["size"] = blob.size or 0
            return
        if blob.size == 0:
            with storage_errors(folder / blob.path):
                put_small(temporary_in(str(via)), f"{place}/{blob.path}", b"", mode)
        else:
            archive.bring_blob(
                blob,
                folder / blob.path,
                release,
                update,
                workspace=workspace,
                mode=mode,
                via=via,
                chunk=manner.chunk,
            )
        brought.add(blob.path)

    jobs = [Job(blob, blob.path, blob.size) for blob in release.blobs]
    threads = archive.threads_for(manner.threads, [blob.size or 0 for blob in release.blobs])
    move_all(jobs, bring, threads=threads, show=manner.show)
    return brought


def stands(folder: Path, blob: Blob, *, mode: int | None = None) -> bool:
    """Return whether a file of a release lies in a folder already, and is right.

    Args:
        folder: The folder.
        blob: The file.
        mode: Permission bits that it gets where it is right; None leaves them alone.

    Raises:
        StorageError: Something is in the way of it, or it cannot be read.
    """
    path = folder / blob.path
    with storage_errors(path):
        try:
            status = path.lstat()
        except FileNotFoundError:
            return False
        if stat.S_ISDIR(status.st_mode):
            raise StorageError(
                f"{path}: a directory is in the way of a file: remove it", path=str(path)
            )
        digest = blob.digest
        if not stat.S_ISREG(status.st_mode) or blob.size not in {None, status.st_size}:
            return False
        if digest is None and blob.size != 0:
            return False  # nothing says what it should be: it is brought again
        if digest is not None:
            hashed = hash_file(path, [digest.algorithm])
            if hashed.digests()[0] != digest:
                return False
        if mode is not None:
            adjust_mode(path, status.st_mode, mode)
    return True


def _make_room(folder: Path, record: Record) -> None:
    """Make every directory of a release, passing through no link."""
    above = {blob.path.rpartition("/")[0] for blob in record.blobs}
    for path in sorted({*record.directories, *above} - {""}):
        make_directories(inside(folder, path))


def _retire(folder: Path, earlier: Record, record: Record, *, way: bool = False) -> list[str]:
    """Remove the files of an earlier release that were not changed and that this one does not have.

    With ``way`` only those that are in its way: a directory comes to lie there, or a file in the place of a
    directory above.
    """
    have = {blob.path for blob in record.blobs}
    rooms = {above for path in have for above in _above(path)} | set(record.directories)
    removed = []
    for blob in earlier.blobs:
        path = blob.path
        if path in have or blob.digest is None or path.startswith(f"{HIDDEN}/"):
            continue
        if way and path not in rooms and have.isdisjoint(_above(path)):
            continue
        if _plain_file(folder, path) and stands(folder, blob):
            discard(folder / path)
            removed.append(path)
    _remove_empty(folder, set(earlier.directories) - set(record.directories))
    return removed


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:length]) for length in range(1, len(parts))]


def _remove_empty(folder: Path, directories: Iterable[str]) -> None:
    for path in sorted(directories, key=len, reverse=True):
        try:
            inside(folder, path).rmdir()
        except (OSError, UnsafeNameError):
            continue  # it holds something, or is gone


def _plain_file(folder: Path, path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(inside(folder, path)).st_mode)
    except (OSError, UnsafeNameError):
        return False
