"""Uploads files of a release that is there anew."""

from __future__ import annotations

import io
from collections.abc import Collection
from pathlib import Path
from typing import Any

from store.errors import DriftError, RefusedError
from store.files.failures import storage_errors
from store.integrity.digest import Digest, new_hasher
from store.integrity.hashing import hash_file
from store.integrity.regular import open_regular
from store.releases.hashing import CHUNK
from store.releases.mapping import Blob
from store.releases.records import Record
from store.releases.sources import file_in
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
        DriftError: What was sent is not what was published: it gets no id of the record's.
        RefusedError: The archive gives a file another id than the record has.
        StoreError: The archive fails.
    """
    naming = Naming(record.title_versionless, record.title, workspace)

    def upload(blob: Blob, update: Update) -> None:
        """Upload one file, and let it have the id that the record knows."""
        done = archive.upload_blob(source, naming, update, path=blob.path, chunk_size=CHUNK)
        hold_sent(file_in(source, blob.path), blob, done.sha256)
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


def hold_sent(file: str | Path, blob: Blob, sha256: str) -> None:
    """Hold a file that was sent, or is to be, against what the record says of it.

    Args:
        file: The file; it is read anew only where the record knows it by another digest than its SHA-256.
        blob: What the record says.
        sha256: The SHA-256 of what was sent, in hex.

    Raises:
        DriftError: It is something else.
        StorageError: It cannot be read.
    """
    digest = blob.digest
    if digest is None:
        return
    found = Digest("sha256", sha256)
    if digest.algorithm != "sha256":
        with storage_errors(file):
            read = hash_file(file, ["sha256", digest.algorithm]).digests()
        both = {one.algorithm: one for one in read}
        if both["sha256"] == found:
            found = both[digest.algorithm]
    if found != digest:
        raise _changed(file, digest, found)


class Unchanging(io.FileIO):
    """A file that is read while it is sent, and ends in an error unless it has a digest.

    The error comes before its last byte is handed out, so that nothing is sent whole that is another thing.

    Args:
        file: The file; a link is refused.
        digest: What it must have.
        size: Its bytes.

    Raises:
        OSError: It cannot be opened.
        ValueError: It is no regular file.
    """

    def __init__(self, file: Path, digest: Digest, size: int) -> None:
        super().__init__(open_regular(file), "rb")
        self.name = str(file)
        self._file, self._digest, self._left = file, digest, size
        self._hasher = new_hasher(digest.algorithm)

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes.

        Raises:
            DriftError: These are the last ones, and it is not what it must be.
        """
        piece = super().read(-1 if size is None else size) or b""
        self._hasher.update(piece)
        self._left -= len(piece)
        if (self._left <= 0 or not piece) and self._hasher.hexdigest() != self._digest.hex:
            raise _changed(
                self._file, self._digest, Digest(self._digest.algorithm, self._hasher.hexdigest())
            )
        return piece


def _changed(file: str | Path, expected: Digest, found: Digest) -> DriftError:
    return DriftError(
        f"{file} is not what was published, or was changed meanwhile: nothing is mended with it; mend it from"
        " the files as they were published, when nobody writes to them",
        name=str(file),
        expected=str(expected),
        found=str(found),
    )
