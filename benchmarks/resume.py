"""A download that is killed at its half, and what the next run transfers."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from benchmarks import server
from benchmarks.children import clean, here, ours_environment
from benchmarks.listing import digest_of, file_of
from benchmarks.measuring import Row, available, binary, in_turn, medians, spread, unused

SIZE = 256 * 1024**2
PATIENCE = 60.0
"""How long a download may take until its half, in seconds."""

OURS = """
import sys
import store
url, digest, target = sys.argv[1:]
print(store.fetch(f"{url}#sha256={digest}"))
"""

POOCH = """
import sys
import pooch
pooch.get_logger().setLevel("ERROR")
url, digest, target = sys.argv[1:]
print(pooch.retrieve(url, "sha256:" + digest, path=target))
"""


class Wanted(NamedTuple):
    """What is fetched.

    Attributes:
        url: Where from.
        digest: Its sha256 in hexadecimal.
        size: In bytes.
    """

    url: str
    digest: str
    size: int


Start = Callable[[Wanted, Path], tuple[list[str], Mapping[str, str]]]
"""Gives the command that fetches into a directory and prints the file's path, and its variables."""


def run(rounds: int, scratch: Path, *, quick: bool = False) -> list[Row]:
    """Measure how much of the file the second run transfers, in per cent."""
    size = SIZE // 8 if quick else SIZE
    name, digest = file_of(scratch, size), digest_of(scratch, size)
    with server.serving(scratch) as address:
        again = partial(_again, Wanted(f"{address}/{name}", digest, size), address, scratch)
        contenders: dict[str, Callable[[], float]] = {"ours": lambda: again(_ours)}
        if available("curl"):
            contenders["curl -C -"] = lambda: again(_curl)
        if here("pooch"):
            contenders["pooch"] = lambda: again(_pooch)
        found = in_turn(contenders, min(rounds, 3))
    middle = medians(found)
    ours = middle.pop("ours")
    worst = max(found["ours"])
    return [
        Row(f"{binary(size)}, killed at 50 %: the next run transfers", ours, middle, "%", "≤ 51 %",
            worst <= 51, spread(found["ours"])),
    ]  # fmt: skip


def _ours(wanted: Wanted, target: Path) -> tuple[list[str], Mapping[str, str]]:
    return [sys.executable, "-c", OURS, wanted.url, wanted.digest, str(target)], ours_environment(
        target, "full"
    )


def _pooch(wanted: Wanted, target: Path) -> tuple[list[str], Mapping[str, str]]:
    return [sys.executable, "-c", POOCH, wanted.url, wanted.digest, str(target)], {}


def _curl(wanted: Wanted, target: Path) -> tuple[list[str], Mapping[str, str]]:
    path = str(target / "file")
    fetch = ["curl", "--silent", "--fail", "--continue-at", "-", "--output", path, wanted.url]
    return ["sh", "-c", '"$@" && echo "$0"', path, *fetch], {}


def _again(wanted: Wanted, address: str, scratch: Path, start: Start) -> float:
    target = unused(scratch, "resumed")
    target.mkdir()
    command, environment = start(wanted, target)
    server.forget(address)
    server.hold_at(address, wanted.size // 2)
    first = subprocess.Popen(
        command, env=clean(environment), stdout=subprocess.DEVNULL, process_group=0
    )
    try:
        _wait_for_half(address, wanted.size // 2)
    finally:
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
        server.hold_at(address, 0)
    server.forget(address)
    done = subprocess.run(
        command, check=True, env=clean(environment), stdout=subprocess.PIPE, text=True
    )
    path = Path(done.stdout.strip())
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != wanted.digest:
            raise RuntimeError(f"{path} is wrong after it was resumed")
    path.unlink()
    return 100 * server.counts(address).sent / wanted.size


def _wait_for_half(address: str, half: int) -> None:
    """Wait until the client has read all that the server sends before it holds still."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        counted = server.counts(address)
        if (
            counted.sent >= half
            and counted.waiting
            and not _on_its_way(urlsplit(address).port or 0)
        ):
            time.sleep(0.01)  # from the socket to the file
            return
        time.sleep(0.005)
    raise RuntimeError(f"no client asked for {half} bytes within {PATIENCE:g} s")


def _on_its_way(port: int) -> int:
    """Return how many bytes lie in the kernel between a server and its clients (see proc(5))."""
    total = 0
    for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        fields = line.split()
        local, remote = (int(fields[place].rsplit(":", 1)[1], 16) for place in (1, 2))
        unsent, unread = (int(part, 16) for part in fields[4].split(":"))
        total += (unsent if local == port else 0) + (unread if remote == port else 0)
    return total
