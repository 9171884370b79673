"""Measures programs and commands, and notes their CPU time beside."""

from __future__ import annotations

import contextlib
import os
import resource
import statistics
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.children import Ran, clean, perform


class Meter:
    """Runs contenders and returns wall seconds; keeps what else was seen, by the contender's name.

    Attributes:
        cpu: Seconds of CPU time, user and system.
        peak: Resident memory at most, in bytes; of Python programs only.
    """

    def __init__(self) -> None:
        self.cpu: dict[str, list[float]] = defaultdict(list)
        self.peak: dict[str, int] = defaultdict(int)

    def program(
        self, name: str, program: str, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> float:
        """Perform a Python program that was rehearsed, once what others wrote is on the disk."""
        os.sync()
        return self.noted(name, perform(program, *arguments, environment=environment))

    def noted(self, name: str, ran: Ran) -> float:
        """Note what a program took."""
        self.cpu[name].append(ran.cpu[0])
        self.peak[name] = max(self.peak[name], ran.peak)
        return ran.seconds[0]

    def commands(
        self,
        name: str,
        *commands: Sequence[str],
        directory: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> float:
        """Run commands one after another, once what others wrote is on the disk."""
        os.sync()
        with self.spending(name):
            began = time.perf_counter()
            for command in commands:
                subprocess.run(
                    command, check=True, cwd=directory, capture_output=True, env=clean(environment)
                )
            return time.perf_counter() - began

    @contextlib.contextmanager
    def spending(self, name: str) -> Iterator[None]:
        """Note the CPU time of the processes that were started and have ended meanwhile."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        yield
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.cpu[name].append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)

    def cpu_medians(self) -> dict[str, float]:
        """Return the median CPU time of each contender, in seconds."""
        return {name: statistics.median(values) for name, values in self.cpu.items()}
