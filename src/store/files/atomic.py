"""Writes files and directories whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from store.files.failures import storage_errors
from store.files.syncing import sync_directory
from store.files.unfinished import partial_name


@contextlib.contextmanager
def writing(
    path: str | Path,
    *,
    mode: int | None = None,
    durable: bool = False,
    via: str | Path | None = None,
) -> Iterator[IO[bytes]]:
    """Open a file that appears at ``path`` when the block ends well, and not at all otherwise.

    What was at ``path`` stays until it is replaced in one step; a symbolic link is replaced, not
    followed. Missing parents are made, and last where the file is to.

    Args:
        path: Where the file is to lie.
        mode: Its permission bits; None gives what the umask leaves of 0666.
        durable: Return only when a power cut can no longer take the file away.
        via: A directory on the same file system that the file is made in; None is where it is to lie. A
            file system looks for room near the directory: one for many files is found sooner.

    Raises:
        StorageError: It cannot be written; what was at ``path`` is as it was. Only where ``durable``
            fails at the very last step, the name's way to the disk, is the new file there already.
    """
    target = Path(path)
    with (
        storage_errors(target),
        replacing(target, durable=durable, via=via) as descriptor,
        os.fdopen(descriptor, "wb", closefd=False) as file,
    ):
        yield file
        if mode is not None:
            file.flush()
            os.fchmod(descriptor, mode)


def write_bytes(
    path: str | Path,
    data: bytes,
    *,
    mode: int | None = None,
    durable: bool = False,
    via: str | Path | None = None,
) -> None:
    """Make ``data`` the content of ``path`` in one step: see `writing`."""
    with writing(path, mode=mode, durable=durable, via=via) as file:
        file.write(data)


@contextlib.contextmanager
def replacing(
    target: Path, *, mode: int = 0o666, durable: bool = False, via: str | Path | None = None
) -> Iterator[int]:
    """Make an empty hidden file beside ``target``, which takes its place when the block ends well.

    Args:
        target: Where the file is to lie; missing parents are made.
        mode: Its permission bits, of which the umask takes its own.
        durable: See `writing`.
        via: See `writing`.

    Yields:
        Its descriptor, open for reading and writing until the block ends.

    Raises:
        OSError: It cannot be made, closed or renamed.
    """
    temporary = Path(target.parent if via is None else via) / partial_name()
    descriptor = None
    try:
        try:
            descriptor = create_exclusively(temporary, mode)
        except FileNotFoundError:
            make_directories(temporary.parent, durable=durable)
            descriptor = create_exclusively(temporary, mode)
        yield descriptor
        if durable:
            os.fsync(descriptor)
        # Closed before it is renamed: a network file system may say only now that a write failed.
        closing, descriptor = descriptor, None
        os.close(closing)
        os.replace(temporary, target)  # noqa: PTH105 - the plain call, as the protocol has it
    except BaseException:
        if descriptor is not None:
            os.close(descriptor)
        discard(temporary)
        raise
    if durable:
        sync_directory(target.parent)


def rename(source: str | Path, target: str | Path) -> None:
    """Rename a file of ours over another name on the same file system, in one step.

    Raises:
        StorageError: It cannot be renamed.
    """
    with storage_errors(target):
        os.replace(source, target)  # noqa: PTH105 - the plain call, as the protocol has it


def create_exclusively(path: str | Path, mode: int = 0o666) -> int:
    """Create a file that must not exist, following no link.

    Returns:
        A file descriptor open for reading and writing that the caller closes.

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
        import shutil

        shutil.rmtree(path, ignore_errors=True)


def make_directories(path: str | Path, *, durable: bool = False) -> None:
    """Make a directory and its missing parents; ``durable`` makes each new name last.

    Raises:
        StorageError: One cannot be made.
    """
    target = Path(path)
    with storage_errors(target):
        if target.is_dir():
            return
        missing = [one for one in (target, *target.parents) if not one.is_dir()]
        target.mkdir(parents=True, exist_ok=True)
        if durable:
            for one in missing:
                sync_directory(one.parent)
