"""Gives a long path a short name for a while."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from store.errors import StorageError
from store.files.atomic import private_directory
from store.files.failures import storage_errors


@contextlib.contextmanager
def shortened(path: str | Path, *, limit: int) -> Iterator[Path]:
    """Give a path of at most ``limit`` bytes that leads to a file, while the block runs.

    It is the file's own path where that is short enough; else a symbolic link in a private temporary
    directory, which keeps the file's name if there is room for it, and its suffix in any case.

    Args:
        path: A file.
        limit: The most bytes that the path may have.

    Raises:
        StorageError: No temporary directory can be written to that is short enough.
    """
    target = os.path.abspath(path)  # noqa: PTH100 - resolve() would follow links
    if len(os.fsencode(target)) <= limit:
        yield Path(target)
        return
    with contextlib.ExitStack() as stack:
        yield _linked(target, limit, stack)


def _linked(target: str, limit: int, stack: contextlib.ExitStack) -> Path:
    name = os.path.basename(target)  # noqa: PTH119 - text
    names = (name, "file" + os.path.splitext(name)[1][:20], "file")  # noqa: PTH122 - text
    for parent in dict.fromkeys([tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm"]):  # noqa: S108 - private below
        with contextlib.suppress(StorageError):
            directory = stack.enter_context(private_directory(parent))
            for one in names:
                short = directory / one
                if len(os.fsencode(short)) <= limit:
                    with storage_errors(short):
                        short.symlink_to(target)
                    return short
    raise StorageError(
        f"{target}: there is no temporary directory in which a path has at most {limit} bytes:"
        " let TMPDIR name a short one",
        path=target,
    )
