"""Many processes that ask for one resource at the same moment."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

from benchmarks import server
from benchmarks.listing import digest_of, file_of
from benchmarks.measuring import Row, binary, in_turn, medians, spread

SIZE = 256 * 1024**2

ASKER = """
import sys, time
import store, store.transports.receiving, store.transports.http, store.files.locks, filelock
import store.cache.flight, store.files.dirlocks, store.cache.keeping
url, digest, directory = sys.argv[1:]
cache = store.load_cache("file-cache", {"cache_dir": directory})
driver = store.load_store("http", {}, cache)
info = driver.get_resource_metadata({"url": url, "digest": "sha256:" + digest})
print("ready", flush=True)
sys.stdin.readline()
print(driver.download_resource(info), flush=True)
sys.stdin.readline()
"""


def run(rounds: int, scratch: Path, *, quick: bool = False) -> list[Row]:
    """Measure one process, then many, and count what the server sent."""
    size = SIZE // 16 if quick else SIZE
    url_name, digest = file_of(scratch, size), digest_of(scratch, size)
    counted: list[server.Counts] = []
    with server.serving(scratch) as address:
        url = f"{address}/{url_name}"

        def asked_by(count: int) -> float:
            server.forget(address)
            seconds = _race(count, url, digest, scratch)
            counted.append(server.counts(address))
            return seconds

        askers = {"one": 1, "8": 8, "32": 32}
        found = in_turn({name: partial(asked_by, count) for name, count in askers.items()}, rounds)
    middle = medians(found)
    rows = [
        Row(f"{count} processes ask for one {binary(size)} resource", middle[count],
            {"one process": middle["one"]}, "s", "≤ 1.2 × one download",
            middle[count] <= 1.2 * middle["one"], spread(found[count]))
        for count in ("8", "32")
    ]  # fmt: skip
    bodies = max(each.bodies for each in counted)
    sent = max(each.sent for each in counted) / size
    return [
        *rows,
        Row("bytes sent by the server over the size, at most", sent, {}, "×", "≤ 1.01", sent <= 1.01),
        Row("bodies sent by the server, at most (each range is one)", bodies, {}, ""),
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
