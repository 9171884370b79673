"""Brings a blob by the methods of the page, and sends one."""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from store.errors import DriftError, IntegrityError
from store.files.atomic import discard, rename
from store.files.failures import storage_errors
from store.files.unfinished import partial_name
from store.integrity.digest import Digest
from store.integrity.hashing import hash_file
from store.integrity.stamp import Stamp
from store.releases.mapping import Blob
from store.releases.modes import give_mode
from store.releases.records import Record
from store.releases.sources import file_in
from store.releases.values import HEALING, Naming, Uploaded


def bring_by_page(
    archive: Any,  # noqa: ANN401 - an archive: it lies above
    blob: Blob,
    target: Path,
    record: Record,
    update: MutableMapping[str, Any],
    *,
    workspace: str,
    mode: int,
    via: Path,
    chunk: int,
) -> None:
    """Put a file of a release in its place by `download_blob`: see `Further.bring_blob`.

    Raises:
        IntegrityError: It is not what it must be.
    """
    temporary = via / partial_name()
    try:
        archive.download_blob(
            blob_pid=blob.pid or "",
            target_file=temporary,
            update_dict=update,
            expected_size=blob.size,
            release_record=record.data,
            workspace=workspace,
            chunk_size=chunk,
        )
        if isinstance(update.get("error"), BaseException):
            raise update["error"]  # an archive of the original's kind tells it so, and returns
        with storage_errors(target):
            _hold(temporary, blob, record, update)
            give_mode(temporary, mode)
            rename(temporary, target)
    finally:
        discard(temporary)


def send_by_page(
    archive: Any,  # noqa: ANN401 - an archive: it lies above
    source: Path,
    naming: Naming,
    update: MutableMapping[str, Any],
    *,
    path: str,
    chunk_size: int,
) -> Uploaded:
    """Upload one file by `process_and_upload_blob`: see `Further.upload_blob`.

    Raises:
        DriftError: It was changed while it was read.
        StorageError: It cannot be read.
    """
    file = Path(file_in(source, path))
    with storage_errors(file):
        before = Stamp.of(file.lstat())
        pid, size = archive.process_and_upload_blob(
            posix_rel_path=path,
            working_dir=source,
            release_title_versionless=naming.title_versionless,
            release_title=naming.title,
            workspace_title=naming.workspace,
            chunk_size=chunk_size,
            verbose=False,
        )
        hashed = hash_file(file, ["sha256"])
        if Stamp.of(file.lstat()) != before or hashed.size != size:
            raise DriftError(
                f"{file} was changed while it was published: publish it when it is at rest",
                name=str(file),
                expected=str(size),
                found=str(hashed.size),
            )
    update["size"] = size
    return Uploaded(pid, size, hashed.digests()[0].hex)


def _hold(file: Path, blob: Blob, record: Record, update: MutableMapping[str, Any]) -> None:
    digest, size = blob.digest, file.lstat().st_size
    wrong = blob.size is not None and blob.size != size
    expected, found = str(blob.size), str(size)
    if not wrong and digest is not None:
        told = update.get("digest")
        expected = str(digest)
        if isinstance(told, str) and told.startswith(f"{digest.algorithm}:"):
            found = told
        else:
            found = str(_digest(file, digest))
        wrong = found != expected
    if wrong:
        raise IntegrityError(
            f"{blob.path} of {record.title} is not what was published: the archive is damaged;"
            f" {HEALING}",
            path=blob.path,
            expected=expected,
            found=found,
            size=size,
        )


def _digest(file: Path, like: Digest) -> Digest:
    return hash_file(file, [like.algorithm]).digests()[0]
