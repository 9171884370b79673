"""Places a tree of files, whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, Literal

from store.errors import StorageError
from store.files.atomic import create_exclusively, make_directories, private_directory
from store.files.failures import storage_errors
from store.files.placing import NO_LINK, copy_descriptor, same_bytes
from store.files.syncing import sync_directory, sync_many
from store.files.unpacking.members import Planted

_OCCUPIED: Final = frozenset({errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR})
"""What ``rename(2)`` says where something lies in the way of a directory."""


def place_tree(
    source: str,
    planted: Sequence[Planted],
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
        if _is_kept(source, planted, target):
            return "kept"
        make_directories(target.parent, durable=durable)
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
                if error.errno in _OCCUPIED and _is_kept(source, planted, target):
                    return "kept"
                raise
        if durable:
            sync_directory(target.parent)
        return "link" if linked else "copy"


def _fill(source: str, planted: Iterable[Planted], root: str, *, link: bool) -> bool:
    """Make everything, symbolic links last; return whether all files are hard links."""
    links = []
    for one in planted:
        if one.kind == "directory":
            os.mkdir(f"{root}/{one.path}")  # noqa: PTH102 - text, for thousands
        elif one.kind == "link":
            links.append(one)
        elif not (link and _linked(f"{source}/{one.path}", f"{root}/{one.path}")):
            link = False
            _copy(f"{source}/{one.path}", f"{root}/{one.path}", executable=one.executable)
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


def _copy(source: str, target: str, *, executable: bool) -> None:
    origin = _opened(source)
    try:
        descriptor = create_exclusively(target, 0o777 if executable else 0o666)
        try:
            copy_descriptor(origin, descriptor)
        finally:
            os.close(descriptor)
    finally:
        os.close(origin)


def _opened(path: str) -> int:
    return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)


def _is_kept(source: str, planted: Sequence[Planted], target: Path) -> bool:
    """Whether the same content lies at the target already; False where nothing is in the way.

    Raises:
        StorageError: Something else is in the way.
    """
    try:
        there = os.lstat(target)
    except (FileNotFoundError, NotADirectoryError):
        return False
    if stat.S_ISDIR(there.st_mode):
        if not os.listdir(target) and not _is_working_directory(target):  # noqa: PTH208 - whether any
            return not planted
        if _same(source, planted, str(target)):
            return True
        what = "a directory that holds something else"
    else:
        what = "a file or a link"
    raise StorageError(
        f"{target}: {what} is in the way: remove it, or choose another directory", path=str(target)
    )


def _is_working_directory(path: Path) -> bool:
    """Whether it is where this process works: a shell would be left in a directory that is no more."""
    try:
        return os.path.samefile(path, ".")  # noqa: PTH121 - the working directory may be gone
    except OSError:
        return False


def _same(source: str, planted: Sequence[Planted], target: str) -> bool:
    """Whether a directory holds what another holds, and nothing else."""
    names = {one.path for one in planted}
    for directory, directories, files in os.walk(target):
        above = os.path.relpath(directory, target)
        for name in (*directories, *files):
            if (name if above == "." else f"{above}/{name}") not in names:
                return False
    try:
        return all(_alike(f"{source}/{one.path}", one, f"{target}/{one.path}") for one in planted)
    except OSError:
        return False


def _alike(source: str, one: Planted, target: str) -> bool:
    status = os.lstat(target)
    if one.kind == "directory":
        return stat.S_ISDIR(status.st_mode)
    if one.kind == "link":
        return stat.S_ISLNK(status.st_mode) and os.readlink(target) == one.content  # noqa: PTH115 - text
    if not stat.S_ISREG(status.st_mode) or status.st_size != one.size:
        return False
    origin = _opened(source)
    try:
        return same_bytes(origin, target)
    finally:
        os.close(origin)
