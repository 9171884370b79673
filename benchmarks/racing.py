"""Many processes that ask for one resource at the same moment."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.hits import _digest, _file
from benchmarks.measuring import Row, in_turn, medians, spread
from benchmarks.server import forget_transfers, serving, transfers

SIZE = 256 * 1024**2

ASKER = """
import sys, time
import store, store.transports.receiving, store.transports.http, store.files.locks, filelock
url, digest, directory = sys.argv[1:]
cache = store.load_cache("file-cache", {"cache_dir": directory})
driver = store.load_store("http", {}, cache)
info = driver.get_resource_metadata({"url": url, "digest": "sha256:" + digest})
print("ready", flush=True)
sys.stdin.readline()
print(driver.download_resource(info), flush=True)
sys.stdin.readline()
"""


def run(rounds: int, scratch: Path) -> list[Row]:
    """Measure one process, then 8, and count what the server sent."""
    url_name, digest = _file(scratch, SIZE), _digest(scratch, SIZE)
    counted: list[int] = []
    with serving(scratch) as address:
        url = f"{address}/{url_name}"

        def asked_by(count: int) -> float:
            forget_transfers(scratch)
            seconds = _race(count, url, digest, scratch)
            counted.append(transfers(scratch))
            return seconds

        found = in_turn({"one": lambda: asked_by(1), "eight": lambda: asked_by(8)}, rounds)
    middle = medians(found)
    ratio = middle["eight"] / middle["one"]
    return [
        Row("8 processes ask for one 256 MiB resource", middle["eight"], {"one process": middle["one"]},
            "s", "≤ 1.2 × one download", ratio <= 1.2, spread(found["eight"])),
        Row("transfers at the server, at most", max(counted), {}, "", "exactly 1", set(counted) == {1}),
    ]  # fmt: skip


def _race(count: int, url: str, digest: str, scratch: Path) -> float:
    directory = scratch / "race"
    shutil.rmtree(directory, ignore_errors=True)
    command = [sys.executable, "-c", ASKER, url, digest, str(directory)]
    askers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(count)
    ]
    for asker in askers:
        _line(asker)
    began = time.perf_counter()
    for asker in askers:
        _release(asker)
    paths = {_line(asker) for asker in askers}
    seconds = time.perf_counter() - began
    for asker in askers:
        asker.communicate("\n")
    (path,) = paths
    with Path(path).open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != digest:
            raise SystemExit(f"{json.dumps(path)} is wrong")
    return seconds


def _line(asker: subprocess.Popen[str]) -> str:
    return asker.stdout.readline().strip() if asker.stdout else ""


def _release(asker: subprocess.Popen[str]) -> None:
    if asker.stdin:
        asker.stdin.write("\n")
        asker.stdin.flush()
