"""Names a machine by what decides its figures."""

from __future__ import annotations

import os
import platform
import ssl
import time
from pathlib import Path

HASHING = ("sha_ni", "sha1", "sha2", "sha512", "avx2", "avx512f", "ssse3")
"""Flags of /proc/cpuinfo that sha256 gets its speed from, on x86 and ARM."""


def described(scratch: Path) -> str:
    """Return cores, architecture, memory, kernel, Python, disk and what hashes fast."""
    return ", ".join(
        [
            f"{os.cpu_count()} cores, {platform.machine()}",
            f"with {' '.join(_flags()) or 'no extensions for hashing'}",
            f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1024**3:.0f} GiB of memory",
            f"{platform.system()} {platform.release().split('-')[0]}",
            f"{platform.python_implementation()} {platform.python_version()}",
            ssl.OPENSSL_VERSION.rsplit(" ", 3)[0],
            _disk(scratch),
        ]
    )


def busy(seconds: float = 1.0) -> float:
    """Look on for a moment and return which share of all cores was at work, for others as we wait."""
    before = _ticks()
    time.sleep(seconds)
    after = _ticks()
    spent = [late - early for early, late in zip(before, after, strict=True)]
    return 1 - (spent[3] + spent[4]) / max(1, sum(spent))


def _ticks() -> list[int]:
    """Return what all cores did since the start: user, nice, system, idle, iowait, … (proc(5))."""
    first = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0]
    return [int(ticks) for ticks in first.split()[1:9]]


def _flags() -> list[str]:
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    known: set[str] = set()
    for line in lines:
        if line.lower().startswith(("flags", "features")):
            known.update(line.split(":", 1)[1].split())
    return [flag for flag in HASHING if flag in known]


def _disk(scratch: Path) -> str:
    """Return the file system that holds a directory, and the kind of disk below it."""
    device = scratch.stat().st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    kind = "an unknown file system"
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        fields = line.split()
        if fields[2] == number:
            kind = fields[fields.index("-") + 1]
    if kind == "ext4" and not _journals(number):
        kind = "ext4 without a journal"
    queue = Path(f"/sys/dev/block/{number}/queue/rotational")
    if not queue.exists():
        return kind
    name = queue.resolve().parents[1].name
    made = "a virtual" if name.startswith(("vd", "xvd")) else "a"
    turning = "rotating" if queue.read_text(encoding="ascii").strip() == "1" else "solid"
    return f"{kind} on {made} {turning} disk"


def _journals(number: str) -> bool:
    """Return whether an ext4 keeps a journal: jbd2 lists the devices of those that do."""
    name = Path(f"/sys/dev/block/{number}").resolve().name
    return any(Path("/proc/fs/jbd2").glob(f"{name}-*"))
