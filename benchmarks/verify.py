"""Holding a whole cache against its digests again, and looking at its stamps alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import nginx
from benchmarks.children import ours_environment, perform, rehearse
from benchmarks.listing import listed, made
from benchmarks.many import OURS as FETCH_MANY
from benchmarks.measuring import Row, available, binary, in_turn, medians, spread
from benchmarks.metering import Meter

FILES = {256 * 1024**2: 16, 16 * 1024**2: 64}
"""How many files of which size: 5 GiB."""

QUICK = {8 * 1024**2: 10, 1024**2: 20}
ENTRIES = 20_000
OPENSSL = "openssl dgst under xargs -P"
HASHLIB = "hashlib in threads"
LOOK = "find, which stats each file"

FILL = """
import hashlib, json, os
import store

def work(directory, wanted):
    block = os.urandom(1 << 20)
    for size, count in json.loads(wanted):
        for number in range(count):
            path, running = f"{directory}/{size}-{number}.bin", hashlib.sha256()
            with open(path, "wb") as file:
                for part in range(size >> 20):
                    data = b"%020d" % number + block[20:]
                    file.write(data)
                    running.update(data)
            store.fetch(path, digest="sha256:" + running.hexdigest())
            os.unlink(path)
"""

THREADS = """
import hashlib, os, pathlib
from concurrent.futures import ThreadPoolExecutor

def hashed(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

def work(directory):
    paths = [path for path in pathlib.Path(directory).rglob("*") if path.is_file()]
    paths.sort(key=lambda path: -path.stat().st_size)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(hashed, paths))
"""


def run(rounds: int, scratch: Path, *, quick: bool = False) -> list[Row]:
    """Measure a full check and a quick one, each by the command."""
    return [*_full(rounds, scratch, QUICK if quick else FILES),
            *_stamps(rounds, scratch, ENTRIES // 40 if quick else ENTRIES)]  # fmt: skip


def _full(rounds: int, scratch: Path, files: dict[int, int]) -> list[Row]:
    cache = scratch / "verified"
    environment = ours_environment(cache, "relaxed")
    wanted = str([[size, count] for size, count in files.items()])
    perform(FILL, str(scratch), wanted, environment=environment)
    content, meter = cache / "content", Meter()
    rehearse(THREADS, str(content))  # which also brings all of it into the page cache
    found = in_turn(
        {
            "ours": partial(meter.commands, "ours", _ours(), environment=environment),
            HASHLIB: partial(meter.program, HASHLIB, THREADS, str(content)),
            **_openssl(content, meter),
        },
        rounds,
    )
    middle, cpu = medians(found), meter.cpu_medians()
    ours = middle.pop("ours")
    whole = binary(sum(size * count for size, count in files.items()))
    return [
        Row(f"store cache verify, {whole} in the page cache", ours, middle, "s",
            "≥ 0.9 × the speed of the better", ours * 0.9 <= min(middle.values()),
            spread(found["ours"]), "" if OPENSSL in middle else "not installed: openssl"),
        Row(f"store cache verify, {whole}: cores busy", cpu["ours"] / ours, {}, "",
            f"{os.cpu_count()} cores"),
    ]  # fmt: skip


def _openssl(content: Path, meter: Meter) -> dict[str, Callable[[], float]]:
    if not available("openssl"):
        return {}
    line = f"find . -type f -print0 | xargs -0 -n1 -P{os.cpu_count()} openssl dgst -sha256"
    return {OPENSSL: partial(meter.commands, OPENSSL, ["sh", "-c", line], directory=content)}


def _stamps(rounds: int, scratch: Path, count: int) -> list[Row]:
    cache, meter = scratch / "stamped", Meter()
    environment = ours_environment(cache, "relaxed")
    digests = made(scratch, "tiny", count=count, size=64)
    with nginx.serving(scratch) as address:
        wanted = listed(address, digests, scratch / "tiny.json").written_locators(
            scratch / "tiny.locators"
        )
        perform(FETCH_MANY, str(wanted), environment=environment)
    look = ["find", ".", "-type", "f", "-printf", "%D %i %s %T@ %C@\n"]
    found = in_turn(
        {
            "ours": partial(meter.commands, "ours", _ours("--quick"), environment=environment),
            LOOK: partial(meter.commands, LOOK, look, directory=cache / "content"),
        },
        rounds,
    )
    middle, cpu = medians(found), meter.cpu_medians()
    ours, spent = middle.pop("ours"), cpu.pop("ours")
    what = f"store cache verify --quick, {count:,} entries"
    return [
        Row(what, ours, middle, "s", "≤ 0.5 s", ours <= 0.5, spread(found["ours"])),
        Row(f"{what}: CPU time", spent, cpu, "s"),
    ]  # fmt: skip


def _ours(*options: str) -> list[str]:
    return [str(Path(sys.executable).with_name("store")), "cache", "verify", *options]
