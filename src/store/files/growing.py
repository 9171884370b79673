"""A file that grows over several runs, in a directory of its own.

In the directory lie ``data``, the bytes so far, perhaps with holes, and ``state``: a header of 4096 bytes
(one JSON object, padded with spaces) that says what the bytes belong to, then records of 16 bytes, a slot
each: where a written stretch begins and where it ends, little-endian. Bytes are written before their
record, so that a writer that is killed leaves a record that promises too little, never too much. After a
power cut it may promise what never reached the disk: whoever finishes the file holds it against a digest.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import stat
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self

from store import jsontext
from store.files.atomic import discard
from store.files.failures import storage_errors
from store.files.syncing import sync_directory

log = logging.getLogger(__name__)

Stretches = list[tuple[int, int]]
"""Stretches of bytes, each from its first to behind its last, in order and apart."""

_HEADER: Final = 4096
"""How long the header is, in bytes."""

_FLAGS: Final = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

_SLOT: Final = struct.Struct("<QQ")
_SLOTS: Final = 1 << 16
"""How many records are read at the most."""


class Growing:
    """The one writer of a growing file.

    Args:
        directory: Where it lies.
        data: The descriptor of its bytes, locked.
        state: The descriptor of its state.

    Attributes:
        descriptor: The bytes, open for reading and writing.
        about: What the bytes belong to, as `begin` was told; None where nothing is known.
        stretches: What was written by earlier runs.
        kept: Whether it was left to the next run.
    """

    def __init__(self, directory: Path, data: int, state: int) -> None:
        self._directory = directory
        self.kept = False
        self.descriptor = data
        self._state = state
        self.about, self.stretches = _read(state, os.fstat(data).st_size)

    @classmethod
    def claim(cls, directory: str | Path) -> Self | None:
        """Become the writer of the file in a directory, which is made where it is missing.

        Returns:
            The file, or None where another thread or process is writing it, or something that is not
            ours lies there.

        Raises:
            StorageError: It cannot be made or opened.
        """
        place = Path(directory)
        with storage_errors(place), contextlib.ExitStack() as stack:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Not even the directory may be a link: what lies at its end is another's.
            within = os.open(place, os.O_RDONLY | os.O_DIRECTORY | _FLAGS)
            stack.callback(os.close, within)
            opened = []
            for name in ("data", "state"):
                descriptor = os.open(name, os.O_RDWR | os.O_CREAT | _FLAGS, 0o666, dir_fd=within)
                stack.callback(os.close, descriptor)
                opened.append(descriptor)
            if not all(_sole(one) for one in opened) or not _locked(opened[0]):
                return None
            if not _is_still(place / "data", opened[0]):
                return None  # its last writer finished it between our two steps
            growing = cls(place, *opened)
            stack.pop_all()
            os.close(within)
            return growing

    def begin(self, about: Mapping[str, Any]) -> None:
        """Start from nothing.

        Args:
            about: What the bytes belong to: plain data without secrets.

        Raises:
            OSError: The files cannot be written.
        """
        self.clear()
        header = json.dumps(dict(about)).encode()
        if len(header) < _HEADER:
            os.pwrite(self._state, header.ljust(_HEADER), 0)
            self.about = dict(about)

    def adopt(
        self,
        path: Path,
        descriptor: int,
        about: Mapping[str, Any],
        marks: Mapping[int, tuple[int, int]],
    ) -> None:
        """Go on with another file, on the same file system, in place of the bytes there are.

        Args:
            path: Where it lies, under a name that nobody else knows.
            descriptor: The file, open for reading and writing; closed by this one from now on.
            about: What the bytes belong to, as for `begin`.
            marks: What is written of it, by slot, as for `mark`.

        Raises:
            OSError: It cannot be locked or moved; it lies where it was, and is the caller's to close.
        """
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.begin(about)
        for slot, stretch in marks.items():
            self.mark(slot, *stretch)
        os.replace(path, self._directory / "data")  # noqa: PTH105 - the plain call
        former, self.descriptor = self.descriptor, descriptor
        os.close(former)

    def clear(self) -> None:
        """Forget all bytes, and what they belong to; the next run starts from nothing."""
        os.ftruncate(self._state, 0)
        os.ftruncate(self.descriptor, 0)
        self.about, self.stretches = None, []

    def mark(self, slot: int, start: int, end: int) -> None:
        """Note that the bytes from ``start`` to behind ``end`` are written: one slot for each writer."""
        os.pwrite(self._state, _SLOT.pack(start, end), _HEADER + slot * _SLOT.size)

    def publish(self, target: str | Path, *, durable: bool = False) -> None:
        """Put the finished file in its place, on the same file system, and remove the directory.

        Raises:
            OSError: It cannot be renamed; it lies where it was.
        """
        if durable:
            os.fsync(self.descriptor)
        os.replace(self._directory / "data", target)  # noqa: PTH105 - the plain call, as the protocol has it
        if durable:
            sync_directory(Path(target).parent)
        self.close()
        discard(self._directory)

    def discard(self) -> None:
        """Remove the file and its directory."""
        discard(self._directory)
        self.close()

    def leave(self) -> None:
        """Leave the file to the next run."""
        self.kept = True
        self.close()

    def close(self) -> None:
        """Close what is open, and give the lock back."""
        for descriptor in (self._state, self.descriptor):
            if descriptor >= 0:
                os.close(descriptor)
        self._state = self.descriptor = -1


def _sole(descriptor: int) -> bool:
    status = os.fstat(descriptor)
    return stat.S_ISREG(status.st_mode) and status.st_nlink == 1


def _locked(descriptor: int) -> bool:
    """Lock the file; where there are no locks, nobody knows of another, and nothing is resumed."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        log.debug("a growing file is not locked: %s", error)
        return False
    return True


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _read(state: int, size: int) -> tuple[dict[str, Any] | None, Stretches]:
    """Return the header and what is written; nothing of a state that is damaged."""
    try:
        about = jsontext.loads(os.pread(state, _HEADER, 0))
    except (ValueError, RecursionError):
        return None, []
    if not isinstance(about, dict):
        return None, []
    raw = os.pread(state, _SLOTS * _SLOT.size, _HEADER)
    whole = len(raw) - len(raw) % _SLOT.size
    return about, merged(_SLOT.iter_unpack(raw[:whole]), size)


def merged(stretches: Any, size: int) -> Stretches:  # noqa: ANN401 - pairs of any kind
    """Return stretches in order and joined, none of them beyond ``size``."""
    found: Stretches = []
    for start, end in sorted((start, min(end, size)) for start, end in stretches):
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def gaps(stretches: Stretches, total: int) -> Stretches:
    """Return what is missing between stretches that are in order and apart, up to ``total``."""
    edges = [0, *(edge for stretch in stretches for edge in stretch), total]
    return [(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if start < end]
