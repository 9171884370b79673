"""Makes a whole file where none is yet; of many who try, one does."""

from __future__ import annotations

import os
from pathlib import Path

from store.files.atomic import discard, make_directories
from store.files.failures import storage_errors
from store.files.locks import exclusively
from store.files.placing import NO_LINK
from store.files.small import write_small
from store.files.syncing import sync_directory, sync_file
from store.files.unfinished import partial_name

_PATIENCE = 60.0
"""How long another is waited for where the file system has no links, in seconds."""


def create_whole(
    path: str | Path, data: bytes, *, via: str | Path, mode: int = 0o666, durable: bool = True
) -> None:
    """Make a file with all of its content in one step, where nothing lies yet.

    Args:
        path: Where it is to lie; missing parents are made.
        data: The whole content.
        via: A directory on the same file system that it is made in.
        mode: Its permission bits, of which the umask takes its own.
        durable: Return only when a power cut can no longer take it away.

    Raises:
        FileExistsError: Something lies there: it is as it was.
        StorageError: It cannot be made.
    """
    target = Path(path)
    temporary = Path(via) / partial_name()
    with storage_errors(target):
        make_directories(target.parent, durable=durable)
        make_directories(via)
        write_small(str(temporary), data, mode)
    try:
        with storage_errors(target):
            if durable:
                sync_file(temporary)
            there = _there_already(temporary, target, via)
        if there:
            raise FileExistsError(str(target))
        if durable:
            with storage_errors(target):
                sync_directory(target.parent)
    finally:
        discard(temporary)


def _there_already(temporary: Path, target: Path, via: str | Path) -> bool:
    """Give the file its name; where the file system has no links, one after another."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        return True
    except OSError as error:
        if error.errno not in NO_LINK:
            raise
    else:
        return False
    with exclusively(Path(via) / "exclusive.lock", timeout=_PATIENCE):
        if os.path.lexists(target):
            return True
        temporary.rename(target)
        return False
