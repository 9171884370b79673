"""How long it takes to unpack an archive, and to be handed what was unpacked before."""

from __future__ import annotations

import hashlib
import itertools
import os
import subprocess
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.measuring import Row, in_turn, medians, spread

SMALL, LARGE = 2000, 64 * 1024**2

Job = Callable[[Path], object]
"""Unpacks into an empty directory."""


def run(rounds: int, scratch: Path, *, quick: bool = False) -> list[Row]:
    """Unpack many small files and a large one, ours and the peers', and ask for them again."""
    import store

    os.environ["STORE_CACHE_DIR"] = str(scratch / "unpack-cache")
    count, large = (SMALL // 20, LARGE // 16) if quick else (SMALL, LARGE)
    archives = _archives(scratch, count, large)
    rows = []
    for name, suffix, peers in (
        (f"{count} files of 4 KB, tar.gz", "small.tar.gz", _tars()),
        (f"{count} files of 4 KB, zip", "small.zip", _zips()),
        (f"a file of {large >> 20} MiB, tar.gz", "large.tar.gz", _tars()),
    ):
        path = archives[suffix]
        jobs = {"ours": _ours(path), **{peer: job(path) for peer, job in peers.items()}}
        found = _measured(jobs, rounds, scratch)
        ours, middle = found["ours"], medians(found)
        mine = middle.pop("ours")
        first = next(iter(middle.values()))
        rows.append(
            Row(name, mine, middle, "s", "≤ 1.5 × the program", mine <= 1.5 * first, spread(ours))
        )
    small = archives["small.tar.gz"]
    cold = {durability: _fetched(small, durability, scratch) for durability in ("relaxed", "full")}
    found = in_turn({**cold, "tar; sync": _synced(small, scratch)}, rounds)
    middle = medians(found)
    peers = {"tar; sync": middle.pop("tar; sync")}
    rows += [
        Row(f"fetch(unpack=True), {name}", value, peers, "s", spread=spread(found[name]))
        for name, value in middle.items()
    ]
    pinned = f"{small}#sha256={hashlib.sha256(small.read_bytes()).hexdigest()}"
    store.fetch(pinned, unpack=True)
    hits = {
        "all": lambda: _seconds(lambda: store.fetch(pinned, unpack=True)),
        "member": lambda: _seconds(lambda: store.fetch(f"{pinned}!small/3/3")),
    }
    middle = medians(in_turn(hits, 5 * rounds))
    rows += [
        Row(f"hit: fetch(unpack=True) of {count} files", middle["all"] * 1000, {}, "ms"),
        Row("hit: fetch(archive!member)", middle["member"] * 1000, {}, "ms"),
    ]
    return rows


def _archives(scratch: Path, count: int, size: int) -> dict[str, Path]:
    source = scratch / "small"
    for number in range(count):
        path = source / str(number % 40) / str(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(2000) + b"abc " * 500)
    large = scratch / "large"
    large.mkdir()
    (large / "file").write_bytes((os.urandom(1 << 19) + bytes(1 << 19)) * (size >> 20))
    with zipfile.ZipFile(scratch / "small.zip", "w", zipfile.ZIP_DEFLATED) as made:
        for path in sorted(source.rglob("*")):
            made.write(path, path.relative_to(scratch))
    for name in ("small", "large"):
        with tarfile.open(scratch / f"{name}.tar.gz", "w:gz", compresslevel=6) as tar:
            tar.add(scratch / name, name)
    return {path.name: path for path in scratch.iterdir() if path.is_file()}


def _ours(path: Path) -> Job:
    from store.files.unpacking.archive import unpack
    from store.files.unpacking.limits import Guard, Limits

    return lambda root: unpack(path, root, Guard(path.name, path.stat().st_size, Limits()))


def _tars() -> dict[str, Callable[[Path], Job]]:
    def library(path: Path) -> Job:
        def job(root: Path) -> None:
            with tarfile.open(path) as opened:
                opened.extractall(root, filter="data")

        return job

    def program(path: Path) -> Job:
        return lambda root: subprocess.run(["tar", "-xzf", path], cwd=root, check=True)

    return {"tar": program, "tarfile": library}


def _zips() -> dict[str, Callable[[Path], Job]]:
    def library(path: Path) -> Job:
        def job(root: Path) -> None:
            with zipfile.ZipFile(path) as opened:
                opened.extractall(root)

        return job

    def program(path: Path) -> Job:
        return lambda root: subprocess.run(["unzip", "-q", path], cwd=root, check=True)

    return {"unzip": program, "zipfile": library}


def _measured(jobs: dict[str, Job], rounds: int, scratch: Path) -> dict[str, list[float]]:
    """Run each job in a directory of its own, none of which is removed before the end.

    ext4 passes over inodes that were freed a moment ago, one by one: a removal would slow down what
    comes after it.
    """
    numbers = itertools.count()

    def timed(job: Job) -> float:
        root = scratch / f"unpacked-{os.urandom(4).hex()}-{next(numbers)}"
        root.mkdir()
        return _seconds(lambda: job(root))

    return in_turn({name: lambda job=job: timed(job) for name, job in jobs.items()}, rounds)


def _fetched(path: Path, durability: str, scratch: Path) -> Callable[[], float]:
    """Return what fetches an archive that is cached, into a tree that is not."""
    from store.config.reading import read_settings
    from store.fetching.fetcher import Fetcher

    def timed() -> float:
        cache = scratch / f"cache-{os.urandom(4).hex()}"
        settings = read_settings().settings._replace(cache_dir=cache, durability=durability)
        with Fetcher(settings) as fetcher:
            fetcher.fetch(path)
            return _seconds(lambda: fetcher.fetch(path, unpack=True))

    return timed


def _synced(path: Path, scratch: Path) -> Callable[[], float]:
    def job(root: Path) -> None:
        subprocess.run(["tar", "-xzf", path], cwd=root, check=True)
        subprocess.run(["sync", "-f", root], check=True)

    def timed() -> float:
        root = scratch / f"synced-{os.urandom(4).hex()}"
        root.mkdir()
        return _seconds(lambda: job(root))

    return timed


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
