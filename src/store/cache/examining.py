"""Reads a file whole and says what its stamp is worth."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from store.clock import Clock
from store.integrity.digest import Digests
from store.integrity.hashing import hash_descriptor
from store.integrity.regular import open_regular
from store.integrity.stamp import COARSE_GRAIN_NS, FINE_GRAIN_NS, LOCAL_GRAIN_NS, Stamp

_LOCAL: Final = frozenset(
    {"ext2", "ext3", "ext4", "xfs", "btrfs", "tmpfs", "ramfs", "overlay", "zfs", "f2fs", "bcachefs"}
)
"""File systems whose times come from this machine's own clock, one tick at a time."""

_FINE: Final = frozenset({"ext4", "xfs", "btrfs", "tmpfs"})
"""Those of them that take a finer time for what was looked at since it was last changed.

Source: Linux, ``Documentation/filesystems/multigrain-ts.rst``; the file systems with ``FS_MGTIME``.
"""

_FINE_SINCE: Final = (6, 13)
"""The first Linux that does."""

_LONGEST_TICK: Final = 0.02
"""How long a step of the kernel's clock is waited for at most, in seconds: twice the longest there is."""

_LOOK: Final = 0.0005
"""How often the clock is looked at meanwhile, in seconds."""


class Examined(NamedTuple):
    """What came of reading a file."""

    digests: Digests
    stamp: Stamp
    steady: bool
    """Whether any later change will give another stamp."""


def examine(path: str, algorithms: Iterable[str], clock: Clock) -> Examined:
    """Read a file, and take its stamp.

    The stamp is steady where the file's last change lies further back than the clock's grain when the
    reading began, and nothing changed meanwhile.

    Raises:
        OSError: It is missing or cannot be read.
        ValueError: It is no regular file.
        DigestError: An algorithm's package is not installed.
    """
    descriptor = open_regular(path)
    try:
        before, began = Stamp.of(os.fstat(descriptor)), clock.file_time_ns()
        digests = hash_descriptor(descriptor, algorithms).digests()
        after = Stamp.of(os.fstat(descriptor))
    finally:
        os.close(descriptor)
    return Examined(
        digests, after, before == after and not before.racy(began, grain_of(after.device))
    )


def grain_of(device: int) -> int:
    """Return the step of a file system's times beyond those of the kernel's clock, in nanoseconds.

    Zero where the next change after a look always shows. Source: ``proc_pid_mountinfo(5)``. Where it
    cannot be told, the coarse one is right.
    """
    number = f"{os.major(device)}:{os.minor(device)}"
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - in a loop
            lines = file.read().splitlines()
    except OSError:
        return COARSE_GRAIN_NS
    for line in lines:
        mount, _, kind = line.partition(" - ")
        fields = mount.split(" ")
        if len(fields) > 2 and fields[2] == number:  # noqa: PLR2004 - the third field
            return _grain_on(kind.partition(" ")[0])
    return COARSE_GRAIN_NS


def _grain_on(kind: str) -> int:
    if kind in _FINE and _kernel() >= _FINE_SINCE:
        return FINE_GRAIN_NS
    return LOCAL_GRAIN_NS if kind in _LOCAL else COARSE_GRAIN_NS


def _kernel() -> tuple[int, ...]:
    """Return the running kernel's version, as far as it is numbers."""
    return tuple(int(one) for one in re.findall(r"\d+", os.uname().release)[:2])


def wait_out_the_grain(youngest_ns: int, grain_ns: int, clock: Clock) -> None:
    """Wait until a later change must show in the stamps; not where that would take seconds.

    Args:
        youngest_ns: When the last of the files was changed, in nanoseconds since 1970 UTC.
        grain_ns: The step of the file system's times: see `grain_of`.
        clock: The time.
    """
    if grain_ns != LOCAL_GRAIN_NS:
        return
    end = clock.monotonic() + _LONGEST_TICK
    while clock.file_time_ns() < youngest_ns + grain_ns and clock.monotonic() < end:
        clock.sleep(_LOOK)


def wait_until_steady(stamps: Iterable[Stamp], grain_ns: int, clock: Clock) -> None:
    """Wait until a later change must show in stamps that were just taken; not where that takes seconds.

    Args:
        stamps: They; where none is racy there is no wait.
        grain_ns: The step of the file system's times: see `grain_of`.
        clock: The time.
    """
    now = clock.file_time_ns()
    racy = [max(one.mtime_ns, one.ctime_ns) for one in stamps if one.racy(now, grain_ns)]
    if racy:
        wait_out_the_grain(max(racy), grain_ns, clock)
