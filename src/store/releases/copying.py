"""Copies a release from one archive to another, by its digests."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

from store.errors import DriftError, ReleaseExistsError, ReleaseRecordNotFoundError
from store.files.atomic import private_directory
from store.releases.downloading import Manner, download
from store.releases.hashing import CHUNK
from store.releases.interface import ArchiveInterface
from store.releases.records import Record, signed
from store.releases.transfer import Standing


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
        data = copy.deepcopy(dict(record.data))
        target.upload_blobs_and_update_mapping(
            release_title=record.title,
            release_title_versionless=record.title_versionless,
            workspace=place,
            project_mapping=data["project"],
            project_directory=folder,
            max_threads=threads,
            chunk_size=chunk,
            show=show,
        )
        data.pop("/PID/", None)
        try:
            return target.upload_release_record(signed(data), workspace=place)
        except ReleaseExistsError:
            if _is_there(target, record, place):
                return None  # another copied it meanwhile
            raise


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
    if content_key(there) != content_key(record):
        raise DriftError(
            f"{target.host} has another content under {record.title}: it is left alone; publish yours under"
            " another version",
            name=record.title,
            expected=record.identity,
            found=there.identity,
        )
    return True


def content_key(record: Record) -> tuple[object, ...]:
    """Return what two records of the same files have in common, in whatever archives they lie."""
    return tuple((one.path, one.size, one.digest, one.executable) for one in record.blobs)
