"""Many small files from one origin, each verified; cold, then warm."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from benchmarks import many_peers, nginx
from benchmarks.children import ours_environment, perform, rehearse
from benchmarks.listing import Listing, listed, made
from benchmarks.measuring import Row, available, binary, in_turn, medians, spread, unused
from benchmarks.metering import Meter

COUNT = 2000
SIZE = 10 * 1024
SYNCED = ("curl; sha256sum; sync FILE…", "curl; sha256sum; sync -f")
UNSYNCED = "curl --parallel; sha256sum -c"
MEMORY = Path("/dev/shm")
ROOM = 4 << 30
WRITTEN = "split, which only writes such files"
DISKLESS = ("relaxed", WRITTEN, UNSYNCED, "requests in 16 threads", "obstore", "pooch")
"""Whom it makes sense to measure where there is no disk."""

OURS = """
import json, pathlib
import store

def work(locators):
    paths = store.fetch_many(json.loads(pathlib.Path(locators).read_text()))
    return len(paths)
"""


def run(rounds: int, scratch: Path, *, quick: bool = False) -> list[Row]:
    """Measure ours in both durability modes, the peers, and hits of all the files.

    Once more without a disk: what the making of a file takes there hangs on what was deleted lately (ext4
    without a journal passes over such inodes one by one), and ours makes a directory for each.
    """
    what = f"{COUNT // 20 if quick else COUNT:,} files of {binary(SIZE)}"
    rows = _measured(what, rounds, scratch, quick=quick)
    if not scratch.is_relative_to(MEMORY) and _is_roomy(MEMORY):
        with tempfile.TemporaryDirectory(prefix="store-benchmark-", dir=MEMORY) as own:
            rows += _measured(f"{what} on tmpfs", rounds, Path(own), quick=quick, diskless=True)
    return rows


def _measured(
    what: str, rounds: int, scratch: Path, *, quick: bool, diskless: bool = False
) -> list[Row]:
    count = COUNT // 20 if quick else COUNT
    digests = made(scratch, "many", count=count, size=SIZE)
    with nginx.serving(scratch) as address:
        listing = listed(address, digests, scratch / "many.json")
        few = listed(address, dict(list(digests.items())[:20]), scratch / "few.json")
        ours = _Ours(listing, few, scratch)
        meter = Meter()
        contenders: dict[str, Callable[[], float]] = {
            mode: partial(ours.cold, mode, meter) for mode in ("relaxed", "full")
        }
        contenders |= _commands(listing, scratch, meter)
        peers, missing = many_peers.programs(listing, few, scratch, meter)
        contenders |= peers
        if diskless:
            contenders = {name: one for name, one in contenders.items() if name in DISKLESS}
        seldom = {"pooch", "huggingface_hub", "aria2c"}
        found = in_turn(contenders, rounds, seldom=seldom)
        warm = {} if diskless else in_turn({"first": ours.first, "second": ours.second}, rounds)
    missing += [name for name in ("curl", "aria2c") if not available(name)]
    return [*_cold_rows(what, found, meter, missing), *_warm_rows(what, warm)]


def _is_roomy(directory: Path) -> bool:
    return directory.is_dir() and shutil.disk_usage(directory).free > ROOM


class _Ours:
    def __init__(self, listing: Listing, few: Listing, scratch: Path) -> None:
        self._scratch = scratch
        self._wanted = self._written("wanted", listing)
        rehearse(OURS, self._written("few", few), environment=self._environment("rehearsal"))
        filled = perform(OURS, self._wanted, environment=self._environment("warm"))
        if filled.answer != len(listing.digests):
            raise RuntimeError(f"{filled.answer} files came instead of {len(listing.digests)}")

    def cold(self, durability: str, meter: Meter) -> float:
        """Fetch all into an empty cache."""
        environment = ours_environment(unused(self._scratch, "ours"), durability)
        return meter.program(durability, OURS, self._wanted, environment=environment)

    def first(self) -> float:
        """Return the milliseconds of a fresh process's first pass over what is cached."""
        return self._warm()[0] * 1000

    def second(self) -> float:
        """Return the milliseconds of the second pass in one process."""
        return self._warm()[1] * 1000

    def _warm(self) -> tuple[float, ...]:
        return perform(OURS, self._wanted, times=2, environment=self._environment("warm")).seconds

    def _environment(self, cache: str) -> dict[str, str]:
        return ours_environment(self._scratch / cache, "relaxed")

    def _written(self, name: str, listing: Listing) -> str:
        return str(listing.written_locators(self._scratch / f"{name}.locators"))


def _commands(listing: Listing, scratch: Path, meter: Meter) -> dict[str, Callable[[], float]]:
    """Return the peers that are commands."""
    commands = {
        WRITTEN: [["split", "--bytes", str(SIZE), "--suffix-length=5", str(_all(listing, scratch))]]
    }
    if available("curl"):
        curl = many_peers.curl(listing, scratch)
        commands[UNSYNCED] = curl
        commands[SYNCED[0]] = [*curl, ["sync", *listing.digests]]
        commands[SYNCED[1]] = [*curl, ["sync", "--file-system", "."]]
    if available("aria2c"):
        commands["aria2c"] = [many_peers.aria2c(listing, scratch)]

    def one(name: str) -> float:
        directory = unused(scratch, "command")
        directory.mkdir()
        return meter.commands(name, *commands[name], directory=directory)

    return {name: partial(one, name) for name in commands}


def _all(listing: Listing, scratch: Path) -> Path:
    """Write one file of the size of all, to be split into as many: what the file system alone takes."""
    path = scratch / "all.bin"
    path.write_bytes(bytes(SIZE * len(listing.digests)))
    return path


def _cold_rows(
    what: str, found: Mapping[str, list[float]], meter: Meter, missing: list[str]
) -> list[Row]:
    middle = medians(found)
    relaxed, full = middle.pop("relaxed"), middle.pop("full", None)
    synced = {name: middle.pop(name) for name in SYNCED if name in middle}
    note = f"served by {nginx.kind()}" + (
        f"; not installed: {', '.join(missing)}" if missing else ""
    )
    met = relaxed <= 1.5 * middle[UNSYNCED] if UNSYNCED in middle else None
    rows = [
        Row(f"{what}, relaxed", relaxed, middle, "s", f"≤ 1.5 × {UNSYNCED}",
            met, spread(found["relaxed"]), note),
    ]  # fmt: skip
    if full is not None:
        met = full <= 1.2 * min(synced.values()) if synced else None
        rows.append(Row(f"{what}, full", full, synced, "s", "≤ 1.2 × the faster of these",
                        met, spread(found["full"])))  # fmt: skip
    if "pooch" in middle:
        pooch = {"pooch": middle["pooch"]}
        rows.append(Row(f"{what}, relaxed, against pooch", relaxed, pooch, "s", "pooch ≥ 6 ×",
                        middle["pooch"] >= 6 * relaxed))  # fmt: skip
    cpu = meter.cpu_medians()
    ours = cpu.pop("relaxed")
    return [*rows, Row(f"{what}, CPU time, relaxed", ours, cpu, "s")]


def _warm_rows(what: str, warm: Mapping[str, list[float]]) -> list[Row]:
    middle = medians(warm)
    return [
        Row(f"{what}, cached: {name} pass in a process", middle[name], {}, "ms", "≤ 80 ms",
            middle[name] <= 80, spread(warm[name]))
        for name in middle
    ]  # fmt: skip
