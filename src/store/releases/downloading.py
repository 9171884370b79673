"""Downloads a release into a folder: what is missing, verified."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from store.errors import (
    DriftError,
    RefusedError,
    ReleaseRecordNotFoundError,
    ResourceNotFoundError,
    StoreError,
)
from store.files.atomic import make_directories
from store.files.dirlocks import alone_in
from store.files.failures import storage_errors
from store.files.names import inside
from store.files.small import lay_small
from store.files.sweeping import SWEEPER
from store.files.syncing import sync_many
from store.files.unfinished import is_ours
from store.releases.blobs import temporary_in
from store.releases.clearing import make_way, refuse_clashes, retire
from store.releases.hashing import CHUNK
from store.releases.holding import (
    COMING,
    EARLIER,
    HIDDEN,
    RECORD,
    YOURS,
    begin,
    finish,
    held_in,
    refuse_archive,
    refuse_taken,
)
from store.releases.holding_back import holds_hooks
from store.releases.mapping import Blob
from store.releases.matching import check_empty, stands
from store.releases.modes import mode_of
from store.releases.records import Record
from store.releases.showing import bar_of
from store.releases.transfer import Job, Standing, Update, move_all
from store.releases.yours import read_note, write_note, yours_among

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
        allow_git: Bring what lies in a ``.git`` or ``.hg``, too: what stands there is run by who uses the
            folder.
        noting: Is entered once nobody else fills the folder, and left when it is filled, before another may.
    """

    threads: int = 8
    chunk: int = CHUNK
    bar: bool = False
    names: bool = False
    read_only: bool = False
    show: Callable[[Standing], object] | None = None
    durable: bool = True
    replace: bool = True
    allow_git: bool = False
    noting: Callable[[], contextlib.AbstractContextManager[object]] = contextlib.nullcontext


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
        RefusedError: The folder lies in an archive, or holds a file of somebody's that is in the way; or the
            release has a ``.git``, and that was not asked for.
        StoreError: The archive, or the disk, fails.
    """
    release = _checked(record, allow_git=manner.allow_git)
    refuse_archive(folder)
    make_directories(inside(folder, HIDDEN), durable=manner.durable)
    with contextlib.ExitStack() as stack:
        with storage_errors(folder):
            stack.enter_context(alone_in(folder / HIDDEN))
        try:
            with manner.noting():
                return _fill(archive, release, workspace, folder, manner)
        except (DriftError, RefusedError):
            with contextlib.suppress(OSError):
                (folder / HIDDEN).rmdir()  # where nothing was begun, nothing of ours stays
            raise
        except ResourceNotFoundError as error:
            gone = _nowhere(archive, release, workspace)
            if gone is None:
                raise
            raise gone from error


def foresee(
    record: Mapping[str, Any] | Record, folder: Path, *, replace: bool, allow_git: bool = False
) -> None:
    """Refuse what `download` would refuse before it begins; nothing is changed.

    Args:
        record: The release.
        folder: Where it would come.
        replace: Whether files that no release has brought would be replaced.
        allow_git: Whether what lies in a ``.git`` would be brought.

    Raises:
        StoreError: As `download`.
    """
    release = _checked(record, allow_git=allow_git)
    refuse_archive(folder)
    inside(folder, HIDDEN)
    refuse_clashes(folder, release, held_in(folder), replace=replace)


def _fill(
    archive: Further, release: Record, workspace: str, folder: Path, manner: Manner
) -> Downloaded:
    """Fill a folder that nobody else fills meanwhile."""
    SWEEPER.sweep(str(folder / HIDDEN))
    text, held = release.to_yaml().encode(), held_in(folder)
    fresh, yours = _is_fresh(folder), frozenset[str]()
    lasting = os.path.lexists(folder / RECORD)
    if not fresh:
        refuse_clashes(folder, release, held, replace=manner.replace)
        yours = yours_among(folder, release, held, read_note(folder / YOURS))
    write_note(folder / YOURS, yours, durable=manner.durable)
    whole = begin(folder, text, durable=manner.durable)
    removed = set() if fresh else make_way(folder, release, held)
    with bar_of(release.title, release.size, names=manner.names, shown=manner.bar) as show:
        brought = _bring_all(
            archive, release, workspace, folder, manner._replace(show=show or manner.show)
        )
    removed |= {path for one in held for path in retire(folder, one, release)}
    paths = {blob.path for blob in release.blobs}
    if manner.durable and (brought or not whole):
        # What a run has brought that was cut off need not last yet.
        new = {*(brought if lasting else paths), *release.directories}
        sync_many([f"{folder}/{path}" for path in new], top=folder, seen=True)
    finish(folder, text, durable=manner.durable)
    write_note(folder / YOURS, (yours & paths) - brought, durable=manner.durable)
    kept = tuple(blob.path for blob in release.blobs if blob.path not in brought)
    return Downloaded(tuple(sorted(brought)), kept, tuple(sorted(removed)))


def _nowhere(archive: Further, release: Record, workspace: str) -> StoreError | None:
    """Return the error that a release is not there at all, of which a file was missing; None where it is."""
    exactly = f"=={release.version}"
    try:
        archive.newest_record(release.title_versionless, exactly, workspace)
    except ReleaseRecordNotFoundError as error:
        return error
    except StoreError:
        return None
    return None


def _checked(record: Mapping[str, Any] | Record, *, allow_git: bool) -> Record:
    """Return a record, as long as it was not changed, leaves our names alone and brings nobody's hooks."""
    release = record if isinstance(record, Record) else Record.from_data(record)
    release.check()
    refuse_taken(release)
    for path in () if allow_git else (*release.directories, *(one.path for one in release.blobs)):
        if holds_hooks(path):
            raise RefusedError(
                f"{release.title} is refused: git, or hg, would run what it says in {path!r}; fetch it with"
                " --allow-git (allow_git=True) if you trust who published it",
                limit="allow_git",
            )
    return release


def _bring_all(
    archive: Further, release: Record, workspace: str, folder: Path, manner: Manner
) -> set[str]:
    """Bring what is missing; return the paths of what was brought."""
    brought: set[str] = set()
    place, via = str(folder), folder / HIDDEN
    fresh = _is_fresh(folder)
    _make_room(folder, release, durable=manner.durable)

    def bring(blob: Blob, update: Update) -> None:
        """Bring one to its place, unless it stands there as it should."""
        mode = mode_of(executable=blob.executable, read_only=manner.read_only)
        if not fresh and stands(folder, blob, mode=mode):
            update["size"] = blob.size or 0
            return
        if blob.size == 0:
            check_empty(blob)
            with storage_errors(folder / blob.path):
                lay_small(temporary_in(str(via)), f"{place}/{blob.path}", b"", mode)
        else:
            archive.bring_blob(
                blob,
                f"{place}/{blob.path}",
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


def _is_fresh(folder: Path) -> bool:
    """Whether nothing lies in a folder but what we have noted there ourselves."""
    ours = {Path(one).name for one in (EARLIER, RECORD, COMING, YOURS)}
    with storage_errors(folder):
        hidden = os.listdir(folder / HIDDEN)  # noqa: PTH208 - names alone
        return os.listdir(folder) == [HIDDEN] and all(  # noqa: PTH208
            one in ours or is_ours(one) for one in hidden
        )


def _make_room(folder: Path, record: Record, *, durable: bool) -> None:
    """Make every directory of a release, passing through no link; those of files last once the files do."""
    above = {blob.path.rpartition("/")[0] for blob in record.blobs}
    for path in sorted({*record.directories, *above} - {""}):
        make_directories(inside(folder, path), durable=durable and path not in above)
