"""How coarse a file system's times are is known by its kind and by the kernel."""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from store.cache.examining import grain_of, wait_until_steady
from store.integrity.stamp import COARSE_GRAIN_NS, FINE_GRAIN_NS, LOCAL_GRAIN_NS, Stamp
from store.testing.fakes import FakeClock

Mounted = Callable[[str, str], int]
"""Gives the grain of a disk of a kind under a kernel."""


@pytest.fixture
def mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mounted:
    """Tell of another machine."""
    opened = builtins.open
    table = tmp_path / "mountinfo"

    def grain(kind: str, release: str) -> int:
        table.write_text(f"36 35 8:1 / / rw,noatime shared:1 - {kind} /dev/sda1 rw\n")
        monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(release=release))
        return grain_of(os.makedev(8, 1))

    def other(path: str, **options: str) -> object:
        return opened(
            table if path == "/proc/self/mountinfo" else path, encoding=options["encoding"]
        )

    monkeypatch.setattr(builtins, "open", other)
    return grain


@pytest.mark.parametrize(
    ("kind", "release", "grain"),
    [
        ("ext4", "6.13.0", FINE_GRAIN_NS),
        ("xfs", "7.0-generic", FINE_GRAIN_NS),
        ("ext4", "6.12.48+deb13-amd64", LOCAL_GRAIN_NS),
        ("tmpfs", "odd", LOCAL_GRAIN_NS),
        ("overlay", "6.18.1", LOCAL_GRAIN_NS),
        ("nfs4", "6.18.1", COARSE_GRAIN_NS),
    ],
)
def test_fine_times_hang_on_both(mounted: Mounted, kind: str, release: str, grain: int) -> None:
    """A kernel before 6.13 has none, nor has a file system that does not take part."""
    assert mounted(kind, release) == grain


@pytest.mark.parametrize("grain", [FINE_GRAIN_NS, LOCAL_GRAIN_NS, COARSE_GRAIN_NS])
def test_only_what_is_racy_is_waited_for_and_only_for_a_step(grain: int) -> None:
    """Fine times need no wait, and coarse ones are not worth it."""
    clock = FakeClock(1000.5)
    now = clock.now_ns()

    wait_until_steady([Stamp("", 1, 2, 3, now, now - 1), Stamp("", 1, 2, 3, 5, 5)], grain, clock)

    assert bool(clock.slept) == (grain == LOCAL_GRAIN_NS)
