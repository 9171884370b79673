"""Python programs in fresh interpreters, whose imports are not timed.

A program defines ``work(*arguments)``. It runs once untimed, to see which modules it loads; from then on
these are imported before the clock starts, ours and the peers' alike.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

_AROUND = """
import contextlib, importlib, json, os, sys, time
for name in json.loads(sys.argv[1]):
    with contextlib.suppress(Exception):
        importlib.import_module(name)

{program}

times = []
for _ in range(int(sys.argv[2])):
    began, cpu = time.perf_counter(), time.process_time()
    answer = work(*sys.argv[3:])
    times.append((time.perf_counter() - began, time.process_time() - cpu))
with open("/proc/self/status") as status:
    (peak,) = (int(line.split()[1]) for line in status if line.startswith("VmHWM"))
print()
print(json.dumps({{"times": times, "peak": peak * 1024, "answer": answer, "modules": list(sys.modules)}}))
"""

_loaded: dict[str, list[str]] = {}


class Ran(NamedTuple):
    """What a program took.

    Attributes:
        seconds: By the clock on the wall, one for each time it ran.
        cpu: In user and system mode, likewise.
        peak: Its greatest resident memory in bytes, the interpreter's and its modules' included.
        answer: What ``work`` returned the last time.
    """

    seconds: tuple[float, ...]
    cpu: tuple[float, ...]
    peak: int
    answer: object


def rehearse(program: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Ran:
    """Run a program untimed and remember which modules it loads."""
    ran, modules = _run(program, (), 1, arguments, environment)
    _loaded[program] = modules
    return ran


def perform(
    program: str, *arguments: str, times: int = 1, environment: Mapping[str, str] | None = None
) -> Ran:
    """Run a program ``times`` times in one fresh interpreter that has imported what a rehearsal loaded."""
    return _run(program, _loaded.get(program, ()), times, arguments, environment)[0]


def here(module: str) -> bool:
    """Return whether a peer's module is installed."""
    return find_spec(module) is not None


def ours_environment(cache: Path, durability: str) -> dict[str, str]:
    """Return an environment in which ``store`` goes by these settings and none of the user's."""
    nothing = str(cache.with_name("no-settings"))
    return {
        "STORE_CACHE_DIR": str(cache),
        "STORE_PROGRESS": "never",
        "STORE_DURABILITY": durability,
        "XDG_CONFIG_HOME": nothing,
        "XDG_CONFIG_DIRS": nothing,
    }


def clean(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the process's environment without the user's settings for ``store``, and with these."""
    inherited = {name: said for name, said in os.environ.items() if not name.startswith("STORE_")}
    return {**inherited, **(environment or {})}


def _run(
    program: str,
    modules: Sequence[str],
    times: int,
    arguments: Sequence[str],
    environment: Mapping[str, str] | None,
) -> tuple[Ran, list[str]]:
    code = _AROUND.format(program=program)
    command = [sys.executable, "-c", code, json.dumps(modules), str(times), *arguments]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, env=clean(environment)
    )
    if done.returncode:
        raise RuntimeError(f"a program of the benchmark failed:\n{program}\n{done.stderr}")
    found = json.loads(done.stdout.splitlines()[-1])
    seconds, cpu = zip(*found["times"], strict=True)
    modules = [name for name in found["modules"] if name != "__main__"]
    return Ran(seconds, cpu, found["peak"], found["answer"]), modules
