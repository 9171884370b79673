"""Copies a release from one archive to another, by its digests."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from store.errors import DriftError, ReleaseExistsError, ReleaseRecordNotFoundError
from store.files.atomic import private_directory
from store.releases.downloading import Manner, download
from store.releases.hashing import CHUNK
from store.releases.interface import ArchiveInterface
from store.releases.mapping import BPID, BYTES, SHA256, Blob, blob_nodes
from store.releases.records import PID_KEY, Record
from store.releases.transfer import Standing
from store.releases.values import Naming


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
) -> str | None:
    """Copy a release to another archive; one that is there already, and is the same, is left alone.

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
        The record's PID in the target, or None where it was there.

    Raises:
        DriftError: The target has another content under that title and version.
        IntegrityError: A file is not what was published.
        StoreError: One of the archives fails.
    """
    place = to_workspace or workspace
    if _is_there(target, record, place):
        return None
    with private_directory(via) as folder:
        manner = Manner(threads=threads, chunk=chunk, show=show, durable=False)
        download(source, record, workspace, folder, manner)
        project = copy.deepcopy(dict(record.data.get("project") or {}))
        target.upload_blobs_and_update_mapping(
            release_title=record.title,
            release_title_versionless=record.title_versionless,
            workspace=place,
            project_mapping=project,
            project_directory=folder,
            max_threads=threads,
            chunk_size=chunk,
            show=None if show is None else _behind(show, record.size),
        )
        naming = Naming(record.title_versionless, record.title, place)
        copied = Record.from_data(_carried(record, project, target, naming))
        try:
            return target.upload_record(copied, place)
        except ReleaseExistsError:
            if _is_there(target, record, place):
                return None  # another copied it meanwhile
            raise


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


def _is_there(target: ArchiveInterface, record: Record, workspace: str) -> bool:
    """Return whether an archive has the release.

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
        return False
    if record.title not in found:
        return False
    there = Record.from_data(found[record.title])
    if not same_content(there, record):
        raise DriftError(
            f"{target.host} has another content under {record.title}: it is left alone; publish yours under"
            " another version",
            name=record.title,
            expected=record.identity,
            found=there.identity,
        )
    return True


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
