"""Publishing and fetching 2,000 files, beside copying and hashing; listing 1,000 releases."""

from __future__ import annotations

import hashlib
import os
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path

from benchmarks import releases_cdcs
from benchmarks.measuring import Row, in_turn, medians, ratios, spread
from store.releases.downloading import Manner, download
from store.releases.filesystem import FileSystemArchive
from store.releases.names import DEFAULT_WORKSPACE
from store.releases.publishing import Wanted, publish
from store.releases.records import Record
from store.releases.versions import Version

FILES, SIZE = 2_000, 10 * 1024
RELEASES = 1_000
FEW = 200
"""How many files go to a CDCS."""


def run(rounds: int, scratch: Path, *, quick: bool = False) -> list[Row]:
    """Measure a directory's archive: publish, fetch, fetch again, list; and a CDCS, where there is one."""
    files, releases, few = (100, 50, 20) if quick else (FILES, RELEASES, FEW)
    source = _source(scratch / "source", files)
    flat = _source(scratch / "flat", few, directories=0)
    return [
        *_moving(source, scratch, rounds),
        *_listing(scratch, releases, rounds),
        *releases_cdcs.run(flat, scratch, rounds),
    ]


def _moving(source: Path, scratch: Path, rounds: int) -> list[Row]:
    numbers = count()

    def fresh(name: str) -> Path:
        return scratch / f"{name}-{next(numbers)}"

    def copied(hashed: Callable[[Path], object], *, sync: bool) -> float:
        target = fresh("copy")
        return _timed(lambda: _copy(source, target, hashed, sync=sync))

    def published() -> float:
        archive = FileSystemArchive.create(fresh("archive"))
        wanted = Wanted("data", Version(1, 0, 0))
        return _timed(lambda: publish(archive, source, wanted))

    whole = FileSystemArchive.create(scratch / "whole")
    publish(whole, source, Wanted("data", Version(1, 0, 0)))
    record = Record.from_data(whole.get_release_records("data")["data-v1.0.0"])

    def fetched(*, durable: bool) -> float:
        manner = Manner(durable=durable)
        folder = fresh("folder")

        def fetch() -> None:
            data = whole.get_release_records("data", "==1.0.0")["data-v1.0.0"]
            download(whole, data, DEFAULT_WORKSPACE, folder, manner)

        return _timed(fetch)

    def again() -> float:
        download(whole, record, DEFAULT_WORKSPACE, scratch / "again", Manner())
        return _timed(
            lambda: download(whole, record, DEFAULT_WORKSPACE, scratch / "again", Manner())
        )

    found = in_turn(
        {
            "cp": lambda: copied(_by_command, sync=False),
            "cp; sync": lambda: copied(_by_command, sync=True),
            "cp here": lambda: copied(_here, sync=False),
            "cp here; sync": lambda: copied(_here, sync=True),
            "publish": published,
            "fetch": lambda: fetched(durable=False),
            "fetch, full": lambda: fetched(durable=True),
            "again": again,
        },
        rounds,
    )
    return [*_rows(found), *_rows(_processor(found), ", processor time")]


_PLAIN = {"cp": "cp -r; sha256sum", "cp here": "cp -r; hashlib"}
_SYNCED = {"cp; sync": "cp -r; sha256sum; sync -f", "cp here; sync": "cp -r; hashlib; sync -f"}
"""What the peers are called: those that wait for nothing, and those that wait for the disk."""


def _rows(found: dict[str, list[float]], more: str = "") -> list[Row]:
    return [
        _row(f"publish 2,000 × 10 KiB, made to last{more}", found, "publish", _SYNCED),
        _row(f"fetch 2,000 × 10 KiB, relaxed{more}", found, "fetch", _PLAIN),
        _row(f"fetch 2,000 × 10 KiB, made to last{more}", found, "fetch, full", _SYNCED),
        _row(f"fetch what is there{more}", found, "again", {}),
    ]


def _row(what: str, found: dict[str, list[float]], name: str, peers: Mapping[str, str]) -> Row:
    """Hold ours against the peers, each round's against that round's."""
    taken = found[name]
    ours = statistics.median(taken)
    if not peers:
        return Row(what, ours, {}, "s", spread=spread(taken))
    held = {name: taken, **{shown: found[peer] for peer, shown in peers.items()}}
    beside = ratios(held, name)
    middle = {shown: statistics.median(held[shown]) for shown in beside}
    met = min(beside.values()) * 1.5 >= 1
    return Row(what, ours, middle, "s", "≤ 1.5 ×", met, spread(taken), ratios=beside)


def _listing(scratch: Path, releases: int, rounds: int) -> list[Row]:
    """List releases, by their names and with what the records tell."""
    archive = FileSystemArchive.create(scratch / "many")
    (scratch / "one").mkdir()
    (scratch / "one" / "file").write_bytes(b"x")
    for number in range(releases):
        version = Version(1, number % 100, 0)
        publish(archive, scratch / "one", Wanted(f"data{number // 100}", version))
    archive.list_releases(details=True)
    found = in_turn(
        {
            "names": lambda: _timed(archive.list_releases),
            "long": lambda: _timed(lambda: archive.list_releases(details=True)),
        },
        rounds,
    )
    middle = medians(found)
    return [
        Row(
            f"list {releases:,} releases{what}",
            1000 * middle[name],
            {},
            "ms",
            "≤ 50 ms",
            middle[name] <= 0.05,
            spread(found[name]),
        )
        for name, what in (("names", ""), ("long", ", with files, sizes and digests"))
    ]


def _source(directory: Path, files: int, *, directories: int = 20) -> Path:
    for number in range(files):
        room = directory / f"d{number % directories}" if directories else directory
        path = room / f"f{number}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(SIZE))
    return directory


def _copy(source: Path, target: Path, hashed: Callable[[Path], object], *, sync: bool) -> None:
    """Copy as ``cp -r`` does, hash what came, and perhaps wait for the disk."""
    subprocess.run(["cp", "-r", str(source), str(target)], check=True)
    hashed(target)
    if sync:
        subprocess.run(["sync", "-f", str(target)], check=True)


def _by_command(target: Path) -> None:
    """Hash every file as a user does at the command line: ``find … | xargs sha256sum``."""
    command = 'find "$1" -type f -print0 | xargs -0 sha256sum'
    subprocess.run(["sh", "-c", command, "sh", str(target)], check=True, stdout=subprocess.DEVNULL)


def _here(target: Path) -> None:
    """Hash every file in this process, which is warm already."""
    for path in target.rglob("*"):
        if path.is_file():
            hashlib.sha256(path.read_bytes()).hexdigest()


def _timed(work: Callable[[], object]) -> float:
    """Return how long something takes, in seconds, after everything else has reached the disk."""
    os.sync()
    began, spent = time.perf_counter(), _spent()
    work()
    seconds = _Seconds(time.perf_counter() - began)
    seconds.processor = _spent() - spent
    return seconds


def _spent() -> float:
    """Return how long processors have worked for this process and its children, in seconds."""
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(one.ru_utime + one.ru_stime for one in map(resource.getrusage, whose))


class _Seconds(float):
    """How long something took, and how long processors worked for it: children's, too."""

    processor = 0.0


def _processor(found: Mapping[str, list[float]]) -> dict[str, list[float]]:
    """Return the processors' times, which tell more where other processes are at work."""
    return {
        name: [one.processor for one in values if isinstance(one, _Seconds)]
        for name, values in found.items()
    }
