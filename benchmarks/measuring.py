"""Times things in turn, so that what the machine does meanwhile hits all of them."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Container, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple


class Row(NamedTuple):
    """One line of a workload's table.

    Attributes:
        what: What was done.
        ours: Our median.
        peers: The peers' medians by name, in the same unit.
        unit: ``s``, ``ms`` or ``µs``.
        goal: The goal in words, empty where there is none.
        met: Whether it was met; None where there is none.
        spread: The quartile distance over the median, of ours.
        note: What a reader of the figures must know, printed below the table.
        ratios: The peers' ratios to ours, round by round: see `ratios`; the medians' otherwise.
    """

    what: str
    ours: float
    peers: Mapping[str, float]
    unit: str
    goal: str = ""
    met: bool | None = None
    spread: float = 0.0
    note: str = ""
    ratios: Mapping[str, float] = MappingProxyType({})


def in_turn(
    contenders: Mapping[str, Callable[[], float]],
    rounds: int,
    *,
    seldom: Container[str] = (),
    at_most: int = 2,
) -> dict[str, list[float]]:
    """Run every contender once a round, each round another first; each returns what it measured.

    What a contender leaves to the disk is paid for by the one after it, unless that waits for the disk.

    Args:
        contenders: What to run, by name.
        rounds: How often.
        seldom: Names of contenders so slow that they take part in the first rounds only.
        at_most: In how many rounds these take part.
    """
    found: dict[str, list[float]] = {name: [] for name in contenders}
    order = list(contenders)
    for number in range(rounds):
        for name in order:
            if number < at_most or name not in seldom:
                found[name].append(contenders[name]())
        order.append(order.pop(0))
    return found


def medians(found: Mapping[str, list[float]]) -> dict[str, float]:
    """Return the median of each contender."""
    return {name: statistics.median(values) for name, values in found.items()}


def ratios(found: Mapping[str, list[float]], ours: str) -> dict[str, float]:
    """Return how much longer each contender took than ours in the same round: the median over the rounds.

    A machine that works at half its speed for minutes halves that of all who run in these minutes. Medians of
    the seconds compare one contender's quick minutes with another's slow ones; this does not.
    """
    return {
        name: statistics.median(one / own for one, own in zip(values, found[ours], strict=False))
        for name, values in found.items()
        if name != ours
    }


def spread(values: list[float]) -> float:
    """Return the distance of the quartiles over the median."""
    if len(values) < 4:
        return (max(values) - min(values)) / statistics.median(values)
    low, _, high = statistics.quantiles(values, n=4)
    return (high - low) / statistics.median(values)


COMPILED: Mapping[str, str] = {"PYTHONDONTWRITEBYTECODE": ""}
"""What a start-up is measured with: bytecode is kept, as it is where a package was installed."""


def command_seconds(command: list[str], environment: Mapping[str, str] | None = None) -> float:
    """Return how long a command runs, its start included."""
    began = time.perf_counter()
    subprocess.run(
        command,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **COMPILED, **(environment or {})},
    )
    return time.perf_counter() - began


def microseconds(call: Callable[[], object], repeats: int) -> float:
    """Return the median time of a call, in microseconds."""
    times = []
    for _ in range(repeats):
        began = time.perf_counter_ns()
        call()
        times.append(time.perf_counter_ns() - began)
    return statistics.median(times) / 1000


def unused(scratch: Path, name: str) -> Path:
    """Return a path in ``scratch`` that nothing ever lay at.

    Small files are never deleted during a run: an ext4 without a journal passes over each inode that was
    deleted in the last five minutes whenever it makes a file, so that whoever comes next pays for it.
    """
    return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=scratch)) / "new"


def available(program: str) -> bool:
    """Return whether a peer's command is installed."""
    return shutil.which(program) is not None


def binary(size: int) -> str:
    """Return a size in binary units, such as ``64 MiB``."""
    for unit, factor in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size} B"
