"""Places a file by reflink, hard link or copy, whole or not at all."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from pathlib import Path
from typing import Final, Literal

from store.errors import StorageError
from store.files.atomic import create_exclusively, discard, make_directories, replacing
from store.files.failures import storage_errors
from store.files.syncing import sync_directory, sync_file
from store.files.unfinished import partial_name

Method = Literal["reflink", "link", "copy", "kept"]
"""How a file was placed; ``kept`` where the same content lay there already."""

_FICLONE: Final = 0x40049409
"""``ioctl_ficlone(2)``'s request, which :mod:`fcntl` has no name for before Python 3.12."""

_CHUNK: Final = 1 << 20
"""How much is read and written at a time, in bytes."""

_KERNEL_CHUNK: Final = 1 << 26
"""How much the kernel copies at a time, in bytes: a call cannot be interrupted."""

_FATAL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS})
"""What no other way of copying can mend; any other refusal means that the next way is tried."""

NO_LINK: Final = frozenset(
    {errno.EXDEV, errno.EMLINK, errno.EPERM, errno.EACCES, errno.EOPNOTSUPP, errno.ENOSYS}
)
"""What ``link(2)`` says where a copy is the way: another file system, too many links, none at all."""

_EXECUTABLE: Final = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH


def place(
    source: str | Path, target: str | Path, *, link: bool = False, durable: bool = False
) -> Method:
    """Make the content of ``source`` the content of ``target`` in one step.

    The target is private and editable (0666 and the source's x bits, less the umask) unless it is a
    hard link. A regular file that already has the same content is left alone, its times and mode too,
    unless it is the source itself under another name and no link was asked for. A symbolic link at
    ``target`` is replaced, never followed; one that leads to a device, a pipe or into ``/proc``, as
    ``/dev/stdout`` does, is refused.

    Args:
        source: A regular file; a symbolic link is refused.
        target: Where it is to lie; missing parents are made.
        link: Make a hard link where that is possible: cheap, but the two are one file, and keep the
            source's mode.
        durable: Return only when a power cut can no longer take the file away.

    Returns:
        How it was done: a reflink (``FICLONE``, see ``ioctl_ficlone(2)``), else a copy
        (``copy_file_range(2)``, else read and write).

    Raises:
        StorageError: It cannot be placed, or a directory, a device or a FIFO is in the way; what lay
            at ``target`` is as it was. Only where ``durable`` fails at the very last step, the names'
            way to the disk, is the new file there already.
    """
    wanted = Path(target)
    with storage_errors(source):
        origin = _open_source(source)
    try:
        with storage_errors(source):
            size = os.fstat(origin).st_size
        with storage_errors(wanted, needed=size):
            if _may_stay(origin, wanted, link=link):
                if durable:
                    sync_file(wanted)
                    sync_directory(wanted.parent)
                return "kept"
            if link and _linked(Path(source), origin, wanted, durable=durable):
                return "link"
            mode = 0o666 | (os.fstat(origin).st_mode & _EXECUTABLE)
            with replacing(wanted, mode=mode, durable=durable) as descriptor:
                return copy_descriptor(origin, descriptor)
    finally:
        os.close(origin)


def link_over(source: str | Path, target: str | Path, *, durable: bool = False) -> bool:
    """Make ``target`` another name of the file at ``source`` in one step, whatever file lay there.

    Args:
        source: A regular file; a symbolic link is refused.
        target: The other name, on the same file system; missing parents are made.
        durable: Return only when a power cut can no longer take the name away.

    Returns:
        Whether it is one: False where no hard link can be made there, and nothing was changed.

    Raises:
        StorageError: It cannot be made, or a directory is in the way.
    """
    wanted = Path(target)
    with storage_errors(wanted):
        origin = _open_source(source)
        try:
            return _linked(Path(source), origin, wanted, durable=durable)
        finally:
            os.close(origin)


def copy_anew(source: str, target: str, mode: int) -> None:
    """Copy a regular file to where none is yet, in a directory that only we use.

    Args:
        source: The file; a symbolic link is refused.
        target: Where the copy is to lie; a text, for thousands of them.
        mode: Its permission bits, of which the umask takes its own.

    Raises:
        OSError: One cannot be read, or the other not be made.
    """
    origin = _open_source(source)
    try:
        descriptor = create_exclusively(target, mode)
        try:
            copy_descriptor(origin, descriptor)
        finally:
            os.close(descriptor)
    finally:
        os.close(origin)


def copy_descriptor(source: int, target: int) -> Literal["reflink", "copy"]:
    """Fill an empty open file with the content of another: by reflink where that works, else a copy.

    Args:
        source: A descriptor of a regular file, open for reading; its position is moved.
        target: A descriptor of an empty file, open for writing; its position is moved.

    Raises:
        OSError: It cannot be read or written.
    """
    os.lseek(source, 0, os.SEEK_SET)
    os.lseek(target, 0, os.SEEK_SET)
    if _reflinked(source, target):
        return "reflink"
    _copy_in_kernel(source, target)
    # From where the kernel stopped: some file systems say "nothing left" before the end.
    _copy_by_hand(source, target)
    return "copy"


def _reflinked(source: int, target: int) -> bool:
    try:
        fcntl.ioctl(target, _FICLONE, source)
    except OSError as error:
        if error.errno in _FATAL:
            raise
        return False
    return True


def _copy_in_kernel(source: int, target: int) -> None:
    copy = getattr(os, "copy_file_range", None)
    if copy is None:
        return
    try:
        while copy(source, target, _KERNEL_CHUNK):
            pass
    except OSError as error:
        if error.errno in _FATAL:
            raise


def _copy_by_hand(source: int, target: int) -> None:
    buffer = memoryview(bytearray(_CHUNK))
    while count := os.readv(source, [buffer]):
        left = buffer[:count]
        while left:
            left = left[os.write(target, left) :]


def _open_source(path: str | Path) -> int:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "is no regular file and cannot be placed")
    return descriptor


def _linked(source: Path, origin: int, target: Path, *, durable: bool) -> bool:
    """Make a hard link beside the target and rename it over; False where a copy is the way."""
    make_directories(target.parent, durable=durable)
    temporary = target.parent / partial_name()
    try:
        try:
            os.link(source, temporary, follow_symlinks=False)
        except OSError as error:
            if error.errno in NO_LINK:
                return False
            raise
        if durable:
            os.fsync(origin)
        os.replace(temporary, target)  # noqa: PTH105 - the plain call, as the protocol has it
    finally:
        # Also after success: rename(2) does nothing where both names are of one file already.
        discard(temporary)
    if durable:
        sync_directory(target.parent)
    return True


def _may_stay(origin: int, target: Path, *, link: bool) -> bool:
    """Whether the target may stay as it is.

    Raises:
        StorageError: Something that must not be replaced is in the way.
    """
    try:
        there = os.lstat(target)
    except (FileNotFoundError, NotADirectoryError):
        return False
    if stat.S_ISLNK(there.st_mode) and not _leads_to_special(target):
        return False
    if not stat.S_ISREG(there.st_mode):
        what, step = "a special file", "choose another path"
        if stat.S_ISDIR(there.st_mode):
            what, step = "a directory", f"remove it, or {step}"
        raise StorageError(f"{target}: {what} is in the way: {step}", path=str(target))
    here = os.fstat(origin)
    if os.path.samestat(here, there):
        return link
    return here.st_size == there.st_size and same_bytes(origin, target)


def _leads_to_special(link: Path) -> bool:
    """Whether a symbolic link stands for a stream or a device, which the system needs as it is."""
    try:
        if link.readlink().is_relative_to("/proc"):
            return True
        mode = link.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def same_bytes(origin: int, target: str | Path) -> bool:
    """Whether a file has the content of an open one, whose position is left alone."""
    try:
        other = _open_source(target)
    except OSError:
        return False  # unreadable, or no longer what it was: it is replaced
    try:
        offset = 0
        while data := os.pread(origin, _CHUNK, offset):
            if os.pread(other, len(data), offset) != data:
                return False
            offset += len(data)
        return True
    finally:
        os.close(other)
