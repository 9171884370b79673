"""Makes a file lie at its path by reflink, hard link or copy, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Method = Literal["reflink", "link", "copy", "kept"]
"""How a file was placed; ``kept`` where the same content lay there already."""


def place(
    source: str | Path, target: str | Path, *, link: bool = False, durable: bool = False
) -> Method:
    """Make the content of ``source`` the content of ``target`` in one step.

    The target is private and editable (0666 less the umask, and the source's x bits) unless it is a
    hard link. A regular file that already has the same content is left alone, its times too.

    Args:
        source: A regular file.
        target: Where it is to lie; missing parents are made.
        link: Make a hard link where that is possible: cheap, but the two are one file.
        durable: Return only when a power cut can no longer take the file away.

    Returns:
        How it was done: a reflink (``FICLONE``, see ``ioctl_ficlone(2)``), else a copy
        (``copy_file_range(2)``, else read and write).

    Raises:
        StorageError: It cannot be placed, or a directory is in the way; what lay at ``target`` is as
            it was.
    """
    raise NotImplementedError


def copy_descriptor(source: int, target: int) -> Literal["reflink", "copy"]:
    """Fill an empty open file with the content of another: by reflink where that works, else a copy.

    Raises:
        OSError: It cannot be read or written.
    """
    raise NotImplementedError
