"""Uploads files of a release that is there anew."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from store.errors import RefusedError
from store.releases.hashing import CHUNK
from store.releases.mapping import Blob
from store.releases.matching import check_source
from store.releases.records import Record
from store.releases.transfer import Job, Update, move_all
from store.releases.values import Naming


def send_anew(
    archive: Any,  # noqa: ANN401 - an archive: it lies above
    record: Record,
    workspace: str,
    *,
    source: Path,
    paths: Collection[str],
) -> None:
    """Upload files of a release anew, under the ids that its record has: see `Further.mend_blobs`.

    Raises:
        DriftError: A file is not what was published.
        RefusedError: The archive gives a file another id than the record has.
        StoreError: The archive fails.
    """
    naming = Naming(record.title_versionless, record.title, workspace)

    def upload(blob: Blob, update: Update) -> None:
        """Upload one file, and let it have the id that the record knows."""
        done = archive.upload_blob(source, naming, update, path=blob.path, chunk_size=CHUNK)
        check_source(blob, source / blob.path, done.sha256)
        known = blob.pid or ""
        if known != done.pid and not archive.name_blob(naming, done.pid, known):
            raise RefusedError(
                f"{archive.host} gives {blob.path!r} another id than the record of {record.title} has, and"
                " keeps no file under two: publish it under the next version",
                limit="blobs",
            )

    blobs = [one for one in record.blobs if one.path in paths]
    sizes = [one.size or 0 for one in blobs]
    jobs = [Job(one, one.path, one.size) for one in blobs]
    move_all(jobs, upload, threads=archive.threads_for(8, sizes))
