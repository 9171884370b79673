"""Mends releases whose blobs are missing or damaged in an archive."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any

from store.errors import ReleaseExistsError
from store.files.failures import storage_errors
from store.integrity.hashing import hash_file
from store.releases.checking import check_release
from store.releases.interface import ArchiveInterface
from store.releases.mapping import BYTES, SHA256, blob_nodes
from store.releases.records import Record
from store.releases.refusing import other_content
from store.releases.transfer import Standing


def damaged(
    archive: ArchiveInterface,
    record: Record,
    *,
    workspace: str,
    via: Path,
    threads: int = 8,
    show: Callable[[Standing], object] | None = None,
) -> frozenset[str]:
    """Return the files of a release whose blobs are missing or damaged in its archive; all are read.

    Args:
        archive: Where it lies.
        record: Its record.
        workspace: Where in it.
        via: A directory on this machine with room for as many files as there are threads.
        threads: How many files are read at once.
        show: Is told now and then how far it has come.

    Raises:
        IntegrityError: The record itself was changed after it was published: nothing mends that.
        StoreError: The archive cannot be asked.
    """
    record.check()
    faults = check_release(
        archive, record, workspace=workspace, via=via, threads=threads, show=show
    )
    return frozenset(one.path for one in faults)


def describe(project: MutableMapping[str, Any], directory: Path) -> None:
    """Note in a mapping what size and digest its files have, as an upload does.

    Raises:
        StorageError: One cannot be read.
    """
    for path, node in blob_nodes(project):
        with storage_errors(directory / path):
            hashed = hash_file(directory / path, ["sha256"])
        node[BYTES], node[SHA256] = hashed.size, hashed.digests()[0].hex


def mend_published(
    archive: ArchiveInterface,
    there: Record,
    same: Callable[[], Record],
    sizes: Mapping[str, int],
    *,
    workspace: str,
    source: Path,
    via: Path,
    threads: int,
    dry_run: bool = False,
) -> frozenset[str]:
    """Mend a release that is there from the directory that is to be published under its version.

    Args:
        archive: Where it lies.
        there: Its record.
        same: Returns the record that the directory would get.
        sizes: The bytes of each file of the directory, by their paths.
        workspace: Where it lies in the archive.
        source: The directory.
        via: A directory on this machine with room for as many files as there are threads.
        threads: How many files are moved at once.
        dry_run: Only find out what would be brought.

    Returns:
        The files that were brought anew; at least one.

    Raises:
        ReleaseExistsError: The directory has another content; or all of what is there is right.
        StoreError: The archive fails, or a file cannot be read.
    """
    if {one.path for one in there.blobs} != sizes.keys() or any(
        one.size not in {None, sizes[one.path]} for one in there.blobs
    ):
        raise other_content(archive.host, there, None)
    wanted = same()
    if wanted.identity != there.identity:
        raise other_content(archive.host, there, wanted)
    wrong = damaged(archive, there, workspace=workspace, via=via, threads=threads)
    if not wrong:
        raise ReleaseExistsError(
            f"{there.title} is in {archive.host} already, with these very files, all of them right; a version"
            " never changes: publish what is new under the next one",
            name=there.title,
        )
    if not dry_run:
        archive.mend_blobs(there, workspace, source, wrong)
    return wrong
