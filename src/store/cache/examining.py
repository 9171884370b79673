"""Reads a file whole and says what its stamp is worth."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Final, NamedTuple

from store.clock import Clock
from store.integrity.digest import Digests
from store.integrity.hashing import hash_descriptor, open_regular
from store.integrity.stamp import COARSE_GRAIN_NS, LOCAL_GRAIN_NS, Stamp

_LOCAL: Final = frozenset(
    {"ext2", "ext3", "ext4", "xfs", "btrfs", "tmpfs", "ramfs", "overlay", "zfs", "f2fs", "bcachefs"}
)
"""File systems whose times come from this machine's own clock, one tick at a time."""


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

    Source: ``proc_pid_mountinfo(5)``. Where it cannot be told, the coarse one is right.
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
            return LOCAL_GRAIN_NS if kind.partition(" ")[0] in _LOCAL else COARSE_GRAIN_NS
    return COARSE_GRAIN_NS


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
