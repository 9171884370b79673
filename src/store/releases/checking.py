"""Reads every blob of a release in its archive, and says what is wrong."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from store.errors import IntegrityError, ResourceNotFoundError, UnsafeNameError
from store.files.atomic import discard, private_directory
from store.releases.clearing import rooms_of
from store.releases.hashing import CHUNK
from store.releases.interface import ArchiveInterface
from store.releases.mapping import Blob
from store.releases.matching import check_empty, runs_alike, stands
from store.releases.records import Record
from store.releases.transfer import Job, Standing, Update, move_all


class Fault(NamedTuple):
    """What is wrong with one file of a release.

    Attributes:
        path: The file; an empty text where it is the record itself.
        reason: What is wrong.
    """

    path: str
    reason: str


def check_release(
    archive: ArchiveInterface,
    record: Record,
    *,
    workspace: str,
    via: Path,
    threads: int = 8,
    show: Callable[[Standing], object] | None = None,
) -> tuple[Fault, ...]:
    """Return what is wrong with a release in its archive: every file is read, and held against its digest.

    Args:
        archive: Where it lies.
        record: Its record.
        workspace: Where in it.
        via: A directory on this machine with room for as many files as there are threads.
        threads: How many files are read at once.
        show: Is told now and then how far it has come.

    Raises:
        StoreError: The archive cannot be asked.
    """
    faults = _faults_in(record)
    with private_directory(via) as room:

        def check(blob: Blob, update: Update) -> None:
            """Bring one to this thread's own place, note what is wrong with it, and remove it."""
            target = room / f"{threading.get_ident()}"
            try:
                archive.bring_blob(
                    blob,
                    str(target),
                    record,
                    update,
                    workspace=workspace,
                    mode=0o600,
                    via=room,
                    chunk=CHUNK,
                )
            except (IntegrityError, ResourceNotFoundError, UnsafeNameError) as error:
                faults.append(Fault(blob.path, str(error)))
            finally:
                discard(target)

        jobs = [Job(blob, blob.path, blob.size) for blob in record.blobs if blob.size != 0]
        sizes = [job.expected or 0 for job in jobs]
        move_all(jobs, check, threads=archive.threads_for(threads, sizes), show=show)
    return tuple(sorted(faults))


def _faults_in(record: Record) -> list[Fault]:
    """Return what is wrong with a record, whatever lies in the archive; what is empty lies nowhere."""
    faults: list[Fault] = []
    try:
        record.check()
    except IntegrityError as error:
        faults.append(Fault("", str(error)))
    for blob in record.blobs:
        if blob.size == 0:
            try:
                check_empty(blob)
            except IntegrityError as error:
                faults.append(Fault(blob.path, str(error)))
    return faults


def check_folder(record: Record, folder: Path) -> tuple[Fault, ...]:
    """Return what is missing or changed of a release in a folder that it was fetched to.

    No link is passed through: what lies behind one is not the folder's.

    Raises:
        StorageError: The folder cannot be read.
    """
    behind: tuple[str, ...] = ()
    for path in sorted(rooms_of(record)):
        if not path.startswith(behind) and (folder / path).is_symlink():
            behind += (f"{path}/",)
    faults = [Fault(path, "a link stands in its place") for path in behind]
    for blob in record.blobs:
        if blob.path.startswith(behind):
            continue
        if not os.path.lexists(folder / blob.path):
            faults.append(Fault(blob.path, "it is missing"))
        elif not stands(folder, blob):
            faults.append(Fault(blob.path, "it was changed"))
        elif not runs_alike(folder, blob):
            what = (
                "it is for running no more" if blob.executable else "it was made a file for running"
            )
            faults.append(Fault(blob.path, what))
    faults += [
        Fault(f"{path}/", "it is missing")
        for path in record.directories
        if not (folder / path).is_dir() and not f"{path}/".startswith(behind)
    ]
    return tuple(faults)
