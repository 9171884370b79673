"""Writes files and directories whole or not at all, and makes them last."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from store.files.failures import storage_errors

PARTIAL_PREFIX: Final = ".store-"
"""How the name of everything that is not finished begins, so that a sweep knows its own."""


def partial_name() -> str:
    """Return a fresh hidden name for something that is not finished yet."""
    return f"{PARTIAL_PREFIX}{os.getpid()}-{secrets.token_hex(8)}"


@contextlib.contextmanager
def writing(path: str | Path, *, mode: int | None = None, durable: bool = False) -> Iterator[IO[bytes]]:
    """Open a file that appears at ``path`` when the block ends well, and not at all otherwise.

    What was at ``path`` stays until it is replaced in one step. Missing parents are made.

    Args:
        path: Where the file is to lie.
        mode: Its permission bits; None gives what the umask leaves of 0666.
        durable: Return only when a power cut can no longer take the file away.

    Raises:
        StorageError: It cannot be written.
    """
    target = Path(path)
    with storage_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.parent / partial_name()
        descriptor = create_exclusively(temporary)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                if mode is not None:
                    os.fchmod(file.fileno(), mode)
                if durable:
                    os.fsync(file.fileno())
            os.replace(temporary, target)  # noqa: PTH105 - the plain call, as the protocol has it
        except BaseException:
            discard(temporary)
            raise
        if durable:
            sync_directory(target.parent)


def write_bytes(path: str | Path, data: bytes, *, mode: int | None = None, durable: bool = False) -> None:
    """Make ``data`` the content of ``path`` in one step: see `writing`."""
    with writing(path, mode=mode, durable=durable) as file:
        file.write(data)


def create_exclusively(path: str | Path, mode: int = 0o666) -> int:
    """Create a file that must not exist, following no link.

    Returns:
        A file descriptor open for writing that the caller closes.

    Raises:
        OSError: It exists or cannot be made.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(path, flags, mode)


@contextlib.contextmanager
def private_directory(parent: str | Path) -> Iterator[Path]:
    """Make a directory that only we use, below ``parent``, and remove it with all it holds.

    Raises:
        StorageError: It cannot be made.
    """
    with storage_errors(parent):
        Path(parent).mkdir(parents=True, exist_ok=True)
        directory = Path(parent) / partial_name()
        directory.mkdir(mode=0o700)
    try:
        yield directory
    finally:
        discard(directory)


def discard(path: str | Path) -> None:
    """Remove a file or a tree of ours, as far as that is possible; a link is removed, not followed."""
    try:
        os.unlink(path)  # noqa: PTH108 - IsADirectoryError decides
    except FileNotFoundError:
        return
    except OSError:
        shutil.rmtree(path, ignore_errors=True)


def sync_file(path: str | Path) -> None:
    """Return when the file's content has reached the disk.

    Raises:
        OSError: The disk refused.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_directory(path: str | Path) -> None:
    """Return when the names in a directory have reached the disk.

    Raises:
        OSError: The disk refused.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_directories(path: str | Path, *, durable: bool = False) -> None:
    """Make a directory and its missing parents; ``durable`` makes each new name last.

    Raises:
        StorageError: One cannot be made.
    """
    target = Path(path)
    missing = [one for one in (target, *target.parents) if not one.is_dir()]
    with storage_errors(target):
        target.mkdir(parents=True, exist_ok=True)
        if durable:
            for one in missing:
                sync_directory(one.parent)
