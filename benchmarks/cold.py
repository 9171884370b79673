"""What it costs to bring a file here, verified and kept, over loopback HTTP."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from benchmarks.listing import digest_of, file_of
from benchmarks.measuring import Row, in_child, in_turn, medians, spread
from benchmarks.server import serving

SIZES = {"64 MiB": 64 * 1024**2, "1 GiB": 1024**3}
QUICK = {"8 MiB": 8 * 1024**2}

OURS = """
import json, sys, time
import store, store.transports.receiving, store.transports.http, store.files.locks, filelock
url, digest, directory, durability = sys.argv[1:]
cache = store.load_cache("file-cache", {"cache_dir": directory, "durability": durability})
driver = store.load_store("http", {}, cache)
info = driver.get_resource_metadata({"url": url, "digest": "sha256:" + digest})
began = time.perf_counter()
driver.download_resource(info)
seconds = time.perf_counter() - began
# Not getrusage: what it tells begins with the memory of the process that forked.
(peak,) = (int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({"s": seconds, "kib": peak}))
"""

POOCH = """
import json, sys, time
import pooch, requests
pooch.get_logger().setLevel("ERROR")
url, digest, directory = sys.argv[1:]
began = time.perf_counter()
pooch.retrieve(url, known_hash="sha256:" + digest, path=directory)
seconds = time.perf_counter() - began
print(json.dumps({"s": seconds}))
"""


def run(rounds: int, scratch: Path, *, quick: bool = False) -> list[Row]:
    """Measure cold downloads in both durability modes."""
    rows = []
    with serving(scratch) as address:
        for name, size in (QUICK if quick else SIZES).items():
            rows += _of_size(
                name, size, address, max(3, rounds if size < 1e9 else rounds // 2), scratch
            )
    return rows


def _of_size(name: str, size: int, address: str, rounds: int, scratch: Path) -> list[Row]:
    url, digest = f"{address}/{file_of(scratch, size)}", digest_of(scratch, size)
    resident: list[int] = []

    def ours(durability: str) -> float:
        directory = scratch / "cold-ours"
        shutil.rmtree(directory, ignore_errors=True)
        os.sync()
        found = in_child(OURS, url, digest, str(directory), durability)
        resident.append(found["kib"])
        return float(found["s"])

    def pooch() -> float:
        shutil.rmtree(scratch / "cold-pooch", ignore_errors=True)
        os.sync()
        return float(in_child(POOCH, url, digest, str(scratch / "cold-pooch"))["s"])

    def curl(*, durable: bool) -> float:
        target = scratch / "cold-curl.bin"
        target.unlink(missing_ok=True)
        os.sync()
        began = time.perf_counter()
        subprocess.run(["curl", "-s", "-o", str(target), url], check=True)
        subprocess.run(
            ["openssl", "dgst", "-sha256", str(target)], check=True, stdout=subprocess.DEVNULL
        )
        if durable:
            subprocess.run(["sync", str(target)], check=True)
        return time.perf_counter() - began

    found = in_turn(
        {
            "relaxed": lambda: ours("relaxed"),
            "full": lambda: ours("full"),
            "pooch": pooch,
            "curl; openssl dgst": lambda: curl(durable=False),
            "curl; openssl dgst; sync": lambda: curl(durable=True),
        },
        rounds,
    )
    middle = medians(found)
    relaxed = {key: middle[key] for key in ("curl; openssl dgst", "pooch")}
    full = {key: middle[key] for key in ("curl; openssl dgst; sync",)}
    worst = max(resident) / 1024
    return [
        Row(f"cold {name}, relaxed", middle["relaxed"], relaxed, "s", "ahead of both",
            middle["relaxed"] < min(relaxed.values()), spread(found["relaxed"])),
        Row(f"cold {name}, full", middle["full"], full, "s", "≤ 1.2 × curl; openssl; sync",
            middle["full"] <= 1.2 * min(full.values()), spread(found["full"])),
        Row(f"cold {name}, resident memory", worst, {}, "MiB", "< 80 MiB", worst < 80),
    ]  # fmt: skip
