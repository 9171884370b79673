"""Copies a release from one archive to another, by its digests."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from store.errors import DriftError, RefusedError, ReleaseExistsError, ReleaseRecordNotFoundError
from store.files.atomic import make_directories, private_directory
from store.files.names import inside
from store.releases.choosing import yanked_in
from store.releases.downloading import Manner, download
from store.releases.hashing import CHUNK
from store.releases.interface import ArchiveInterface
from store.releases.mapping import BPID, BYTES, SHA256, Blob, blob_nodes
from store.releases.mending import damaged
from store.releases.records import PID_KEY, Record
from store.releases.transfer import Job, Standing, Update, move_all
from store.releases.values import Naming


class Copied(NamedTuple):
    """What became of a copy.

    Attributes:
        pid: The record's PID in the target, or None where it was there.
        mended: The files that were missing or damaged there, and were brought anew.
        yanked: Why ranges pass it over in the source, and now in the target; None where they do not.
        stays_yanked: Why they pass it over in the target though not in the source; None where they do not. A
            copy takes no mark away: whoever set it there may have had a reason of their own.
    """

    pid: str | None
    mended: frozenset[str] = frozenset()
    yanked: str | None = None
    stays_yanked: str | None = None


def copy_release(
    source: ArchiveInterface,
    target: ArchiveInterface,
    record: Record,
    *,
    workspace: str,
    to_workspace: str | None = None,
    via: Path,
    threads: int = 8,
    chunk: int = CHUNK,
    show: Callable[[Standing], object] | None = None,
) -> Copied:
    """Copy a release to another archive; of one that is there already what is damaged is mended.

    A release that was yanked is yanked in the target, too; one that is yanked in the target alone stays so.

    Args:
        source: Where it lies.
        target: Where it goes.
        record: Its record, as the source has it.
        workspace: Where it lies in the source.
        to_workspace: Where it goes in the target; None is the same.
        via: A directory on this machine with room for the files.
        threads: How many files are moved at once.
        chunk: How many bytes are moved at a time.
        show: Is told now and then how far it has come.

    Returns:
        What became of it.

    Raises:
        DriftError: The target has another content under that title and version.
        IntegrityError: A file is not what was published.
        RefusedError: The release was yanked, and the target marks no versions: nothing is copied.
        StoreError: One of the archives fails.
    """
    place = to_workspace or workspace
    manner = Manner(threads=threads, chunk=chunk, show=show, durable=False, allow_git=True)
    yanked = yanked_in(source, record, workspace)
    if yanked is not None and not target.marks_versions:
        raise RefusedError(
            f"{record.title} is not copied: it is yanked, and {target.host} marks no versions, so that ranges"
            " would choose it there",
            limit="yank",
        )
    there, pid, mended = _find(target, record, place), None, frozenset[str]()
    if there is None:
        with private_directory(via) as folder:
            pid = _sent(source, target, record, (workspace, place), folder, manner=manner)
    else:
        mended = _mended(
            source, target, (record, there), (workspace, place), via=via, manner=manner
        )
    if yanked is not None:
        target.yank(record.title_versionless, record.version, workspace=place, reason=yanked)
        return Copied(pid, mended, yanked)
    stays = None if there is None else yanked_in(target, there, place)
    return Copied(pid, mended, stays_yanked=stays)


def _sent(
    source: ArchiveInterface,
    target: ArchiveInterface,
    record: Record,
    places: tuple[str, str],
    folder: Path,
    *,
    manner: Manner,
) -> str | None:
    """Copy a release by way of a folder; return None where another has copied it meanwhile."""
    workspace, place = places
    download(source, record, workspace, folder, manner)
    project = copy.deepcopy(dict(record.data.get("project") or {}))
    target.upload_blobs_and_update_mapping(
        release_title=record.title,
        release_title_versionless=record.title_versionless,
        workspace=place,
        project_mapping=project,
        project_directory=folder,
        max_threads=manner.threads,
        chunk_size=manner.chunk,
        show=None if manner.show is None else _behind(manner.show, record.size),
    )
    naming = Naming(record.title_versionless, record.title, place)
    copied = Record.from_data(_carried(record, project, target, naming))
    try:
        return target.upload_record(copied, place)
    except ReleaseExistsError:
        if _find(target, record, place) is not None:
            return None
        raise


def _mended(
    source: ArchiveInterface,
    target: ArchiveInterface,
    records: tuple[Record, Record],
    places: tuple[str, str],
    *,
    via: Path,
    manner: Manner,
) -> frozenset[str]:
    """Bring what is missing or damaged in the target; return the paths of it."""
    (record, there), (workspace, place) = records, places
    wrong = damaged(
        target, there, workspace=place, via=via, threads=manner.threads, show=manner.show
    )
    if not wrong:
        return wrong
    with private_directory(via) as folder, private_directory(via) as room:

        def bring(blob: Blob, update: Update) -> None:
            """Bring one file to the folder."""
            goes = inside(folder, blob.path)
            make_directories(goes.parent)
            source.bring_blob(
                blob,
                str(goes),
                record,
                update,
                workspace=workspace,
                mode=0o600,
                via=room,
                chunk=manner.chunk,
            )

        blobs = [one for one in record.blobs if one.path in wrong]
        jobs = [Job(one, one.path, one.size) for one in blobs]
        threads = source.threads_for(manner.threads, [one.size or 0 for one in blobs])
        move_all(jobs, bring, threads=threads)
        target.mend_blobs(there, place, folder, wrong)
    return wrong


def _behind(show: Callable[[Standing], object], count: int) -> Callable[[Standing], object]:
    """Return what tells how far the second half has come: behind the bytes of the first."""
    return lambda standing: show(standing._replace(received=count + standing.received))


def _carried(
    record: Record, uploaded: Mapping[str, Any], target: ArchiveInterface, naming: Naming
) -> dict[str, Any]:
    """Return a record's data with the ids that the target gave its blobs, and else as they are.

    The ids of an older record are part of its digest: they stay where the target takes them. Where it does
    not, and only the old id told the content of a file, that is added.
    """
    data = copy.deepcopy(dict(record.data))
    data.pop(PID_KEY, None)
    given = dict(blob_nodes(uploaded))
    for path, node in blob_nodes(data.get("project") or {}):
        new = given[path]
        old, older = node.get(BPID), node.get(SHA256) is None
        if old == new[BPID] or (older and old and target.name_blob(naming, new[BPID], old)):
            continue
        node[BPID] = new[BPID]
        if older:
            node[SHA256], node[BYTES] = new[SHA256], new[BYTES]
    return data


def _find(target: ArchiveInterface, record: Record, workspace: str) -> Record | None:
    """Return the record of the release that an archive has, or None.

    Raises:
        DriftError: It has another content under that title and version.
    """
    try:
        found = target.get_release_records(
            title_versionless=record.title_versionless,
            version_expressions=[f"=={record.version}"],
            workspace=workspace,
        )
    except ReleaseRecordNotFoundError:
        return None
    if record.title not in found:
        return None
    there = Record.from_data(found[record.title])
    if not same_content(there, record):
        raise DriftError(
            f"{target.host} has another content under {record.title}: it is left alone; publish yours under"
            " another version",
            name=record.title,
            expected=record.identity,
            found=there.identity,
        )
    return there


def same_content(first: Record, second: Record) -> bool:
    """Return whether two records are of the same files, as far as both of them tell."""
    return len(first.blobs) == len(second.blobs) and all(map(_same_file, first.blobs, second.blobs))


def _same_file(one: Blob, other: Blob) -> bool:
    if (one.path, one.executable) != (other.path, other.executable):
        return False
    ours, theirs = one.digest, other.digest
    if ours and theirs and ours.algorithm == theirs.algorithm and ours != theirs:
        return False
    return None in {one.size, other.size} or one.size == other.size
