"""Says whether a file of a release lies in a folder, and is right."""

from __future__ import annotations

import stat
from pathlib import Path

from store.errors import DriftError, IntegrityError
from store.files.failures import storage_errors
from store.integrity.digest import Digest, new_hasher
from store.integrity.hashing import hash_file
from store.releases.mapping import Blob
from store.releases.modes import EXECUTABLE, adjust_mode


def stands(folder: Path, blob: Blob, *, mode: int | None = None) -> bool:
    """Return whether a file of a release lies in a folder already, and has the right content.

    Args:
        folder: The folder.
        blob: The file.
        mode: Permission bits that it gets where it is right; None leaves them alone.

    Raises:
        StorageError: It cannot be read.
    """
    path = folder / blob.path
    with storage_errors(path):
        try:
            status = path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return False
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


def check_empty(blob: Blob) -> None:
    """Refuse a file that is to be empty, and to have the digest of something else.

    Args:
        blob: The file; one of which the record tells no bytes.

    Raises:
        IntegrityError: It is so.
    """
    digest = blob.digest
    if digest is None:
        return
    found = Digest(digest.algorithm, new_hasher(digest.algorithm).hexdigest())
    if found != digest:
        raise IntegrityError(
            f"{blob.path} is to be empty, and to have a digest that no empty file has: the record contradicts"
            " itself, and its publisher must give it anew, under the next version",
            path=blob.path,
            expected=str(digest),
            found=str(found),
            size=0,
        )


def check_source(blob: Blob, file: Path, sha256: str) -> None:
    """Refuse a file that is to be brought anew under an id, and is not what has that id.

    Args:
        blob: What is to be brought.
        file: The file.
        sha256: Its SHA-256 as it was read, in hexadecimal.

    Raises:
        DriftError: It is something else by now.
        StorageError: It cannot be read.
    """
    digest, found = blob.digest, Digest("sha256", sha256)
    if digest is not None and digest.algorithm != found.algorithm:
        with storage_errors(file):
            found = hash_file(file, [digest.algorithm]).digests()[0]
    if digest not in {None, found}:
        raise DriftError(
            f"{file} was changed while it was brought anew: it is not what was published; bring it when it is"
            " at rest",
            name=str(file),
            expected=str(digest),
            found=str(found),
        )


def runs_alike(folder: Path, blob: Blob) -> bool:
    """Return whether a file that lies in a folder is for running just where the release says so.

    Raises:
        StorageError: It cannot be looked at.
    """
    path = folder / blob.path
    with storage_errors(path):
        return bool(path.lstat().st_mode & EXECUTABLE) == blob.executable
