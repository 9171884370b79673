"""A new file that becomes a growing one once that is worth its cost."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from store.errors import StoreError
from store.files.atomic import create_exclusively, discard, make_directories
from store.files.growing import Growing, Stretches
from store.files.syncing import sync_directory
from store.files.unfinished import partial_name

log = logging.getLogger(__name__)

RIPE: Final = 0.2
"""After how long a file is worth to be gone on with by another run, in seconds.

A directory and a state cost two files, and their removal costs more: some disks wait when room is freed
(mounted with ``discard``). What comes sooner does without them.
"""

LARGE: Final = 64 << 20
"""From how many bytes on a file is worth that, however fast they came: 64 MiB."""


class Budding:
    """The one writer of a hidden file, of which a kill before it is `RIPE` or `LARGE` leaves nothing.

    Args:
        directory: Where it grows once it is worth that: see `Growing`.
        beside: The directory that it lies in until then, on the same file system.
        about: What the bytes belong to: plain data without secrets.
        monotonic: The time, in seconds.

    Attributes:
        descriptor: The bytes, open for reading and writing.
        about: As given.
        stretches: What was written by earlier runs: nothing.
        kept: Whether it was left to the next run.

    Raises:
        OSError: The file cannot be made.
    """

    def __init__(
        self,
        directory: Path,
        beside: Path,
        about: Mapping[str, Any],
        monotonic: Callable[[], float],
    ) -> None:
        self._directory = directory
        self._path = beside / partial_name()
        self._monotonic = monotonic
        self._ripe_at = monotonic() + RIPE
        self._marks: dict[int, tuple[int, int]] = {}
        self._lock = threading.Lock()
        self._grown: Growing | None = None
        self.about: dict[str, Any] | None = dict(about)
        self.stretches: Stretches = []
        self.kept = False
        try:
            self.descriptor = create_exclusively(self._path, 0o666)
        except FileNotFoundError:
            make_directories(beside)
            self.descriptor = create_exclusively(self._path, 0o666)

    def mark(self, slot: int, start: int, end: int) -> None:
        """Note that the bytes from ``start`` to behind ``end`` are written: one slot for each writer."""
        with self._lock:
            if self._grown is not None:
                self._grown.mark(slot, start, end)
                return
            self._marks[slot] = (start, end)
            large = sum(behind - first for first, behind in self._marks.values()) > LARGE
        if large:
            self._grow()

    def ripen(self) -> None:
        """Become a growing file if it is time; to be called now and then."""
        if self._monotonic() >= self._ripe_at:
            self._grow()

    def publish(self, target: str | Path, *, durable: bool = False) -> None:
        """Put the finished file in its place; see `Growing.publish`."""
        if self._grown is not None:
            self._grown.publish(target, durable=durable)
            return
        if durable:
            os.fsync(self.descriptor)
        self._close()
        os.replace(self._path, target)  # noqa: PTH105 - the plain call, as the protocol has it
        if durable:
            sync_directory(Path(target).parent)

    def discard(self) -> None:
        """Remove the file."""
        if self._grown is not None:
            self._grown.discard()
        else:
            discard(self._path)
            self._close()

    def leave(self) -> None:
        """Leave the file to the next run, where that can be."""
        self._grow()
        if self._grown is None:
            self.discard()
        else:
            self._grown.leave()
            self.kept = True

    def close(self) -> None:
        """Close what is open."""
        if self._grown is not None:
            self._grown.close()
        else:
            self._close()

    def _close(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
        self.descriptor = -1

    def _grow(self) -> None:
        """Become a growing file; where that cannot be, it is not tried again."""
        with self._lock:
            if self._grown is not None or self._ripe_at == float("inf"):
                return
            self._ripe_at = float("inf")
            with contextlib.ExitStack() as stack:
                try:
                    growing = Growing.claim(self._directory)
                    if growing is None:
                        return
                    stack.callback(growing.discard)
                    growing.adopt(self._path, self.descriptor, self.about or {}, self._marks)
                except (OSError, StoreError) as error:
                    log.debug("nothing is kept of what breaks off: %s", error)
                    return
                stack.pop_all()
            self._grown = growing
