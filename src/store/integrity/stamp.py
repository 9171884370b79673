"""A file's identity by stat, so that a hit need not hash."""

from __future__ import annotations

import os
from typing import Any, Final, NamedTuple

from store.machine import boot_id

FINE_GRAIN_NS: Final = 0
"""Of file times that are finer for whatever was looked at: the next change after a look always shows."""

LOCAL_GRAIN_NS: Final = 1
"""The step of file times on a local Linux disk beyond those of `Clock.file_time_ns`, in nanoseconds: none."""

COARSE_GRAIN_NS: Final = 2_000_000_000
"""The step to expect elsewhere, in nanoseconds (FAT's and some network file systems' two seconds)."""

_SECOND_NS: Final = 1_000_000_000


class Stamp(NamedTuple):
    """What stat says of a file that was fully checked.

    Any write, rename over it or change of its times or mode gives another one. The change time is what
    catches a modification time that was put back.
    """

    boot: str
    """The boot in which it was taken, see `machine.boot_id`."""
    device: int
    inode: int
    size: int
    """In bytes."""
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> Stamp:
        """Take the stamp of a file, from its ``os.stat_result``, in this boot."""
        return cls(
            boot_id(),
            status.st_dev,
            status.st_ino,
            status.st_size,
            status.st_mtime_ns,
            status.st_ctime_ns,
        )

    @classmethod
    def from_json(cls, value: Any) -> Stamp | None:  # noqa: ANN401 - whatever a file held
        """Read a stamp from what ``list(stamp)`` became in JSON; None for anything else."""
        if not isinstance(value, list) or len(value) != len(cls._fields):
            return None
        boot, *numbers = value
        if not isinstance(boot, str) or not all(type(number) is int for number in numbers):
            return None
        return cls(boot, *numbers)

    def same_file(self, other: Stamp) -> bool:
        """Whether both are of one unchanged file, in whichever boots they were taken."""
        return self[1:] == other[1:]

    def only_links_moved(self, other: Stamp) -> bool:
        """Whether nothing but the change time differs, as after a hard link was made or removed."""
        return self[1:5] == other[1:5]

    def racy(self, now_ns: int, grain_ns: int) -> bool:
        """Whether a later change could still leave the same stamp.

        Args:
            now_ns: The time after the stamp was taken, as `Clock.file_time_ns` tells it.
            grain_ns: The step of the file system's times beyond those of that clock, in nanoseconds.
        """
        if grain_ns <= LOCAL_GRAIN_NS and self.ctime_ns % _SECOND_NS == 0:
            grain_ns = COARSE_GRAIN_NS  # the disk keeps whole seconds, as ext4 does in small inodes
        if grain_ns == FINE_GRAIN_NS:
            return False
        return now_ns - max(self.mtime_ns, self.ctime_ns) < grain_ns
