"""Places a tree of files, whole or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, Literal

from store.files.atomic import make_directories, private_directory
from store.files.comparing_trees import lies_there
from store.files.failures import storage_errors
from store.files.placing import NO_LINK, copy_anew
from store.files.sweeping import SWEEPER
from store.files.syncing import sync_directory, sync_many
from store.files.unpacking.members import Thing

_OCCUPIED: Final = frozenset({errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR})
"""What ``rename(2)`` says where something lies in the way of a directory."""


def place_tree(
    source: str,
    planted: Sequence[Thing],
    target: Path,
    *,
    link: bool = False,
    durable: bool = False,
) -> Literal["copy", "link", "kept"]:
    """Make a directory with the content of another appear at ``target`` in one step.

    Its files are private and editable (0666 and the source's x bits, less the umask) unless they are hard
    links: reflinks where the file system can, else copies. A directory with the same content is left
    alone; an empty one is replaced.

    Args:
        source: The directory.
        planted: What is in it, directories before what is in them.
        target: Where it is to lie; missing parents are made.
        link: Make hard links where that is possible: cheap, but the files are those of the source, and
            read-only if they are.
        durable: Return only when a power cut can no longer take anything away.

    Returns:
        How it was done; ``kept`` where the same content lay there already.

    Raises:
        StorageError: It cannot be placed, or something else is in the way, which is as it was.
    """
    with storage_errors(target):
        if lies_there(source, planted, target):
            return "kept"
        make_directories(target.parent, durable=durable)
        SWEEPER.sweep(str(target.parent))
        with private_directory(target.parent) as scratch:
            root = f"{scratch}/tree"
            os.mkdir(root)  # noqa: PTH102 - text, as all that lie in it
            linked = _fill(source, planted, root, link=link)
            if durable:
                sync_many([root, *(f"{root}/{one.path}" for one in planted if one.kind != "link")])
            try:
                Path(root).rename(target)
            except OSError as error:
                # Another may have brought the same meanwhile.
                if error.errno in _OCCUPIED and lies_there(source, planted, target):
                    return "kept"
                raise
        if durable:
            sync_directory(target.parent)
        return "link" if linked else "copy"


def _fill(source: str, planted: Iterable[Thing], root: str, *, link: bool) -> bool:
    """Make everything, symbolic links last; return whether all files are hard links."""
    links = []
    for one in planted:
        if one.kind == "directory":
            os.mkdir(f"{root}/{one.path}")  # noqa: PTH102 - text, for thousands
        elif one.kind == "link":
            links.append(one)
        elif not (link and _linked(f"{source}/{one.path}", f"{root}/{one.path}")):
            link = False
            mode = 0o777 if one.executable else 0o666
            copy_anew(f"{source}/{one.path}", f"{root}/{one.path}", mode)
    for one in links:
        os.symlink(one.content, f"{root}/{one.path}")  # noqa: PTH211 - text, as above
    return link


def _linked(source: str, target: str) -> bool:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno in NO_LINK:
            return False
        raise
    return True
