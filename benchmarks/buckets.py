"""A directory and a bucket kept alike, beside qarnot, s5cmd and rclone, on ``rclone serve s3``.

With ``STORE_BENCH_S3_ENDPOINT`` (and ``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY``) on another server.

Every contender has a bucket of its own, and directories that nothing ever lay in. What was brought down is
held against what went up. s5cmd and rclone are timed with their start, which takes them some 20 ms.
"""

from __future__ import annotations

import hashlib
import os
import statistics
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.bucket_peers import LASTING, LISTING, OURS, Contender, contenders, keys_of
from benchmarks.bucket_places import Place, place
from benchmarks.children import perform, rehearse
from benchmarks.measuring import Row, binary, in_turn, medians, ratios, spread, unused

SIZES = {"many": (1_000, 10 << 10), "large": (1, 512 << 20)}
"""How many files of how many bytes."""

UNCHANGED = 10_000
"""How many files are found unchanged."""

_SLOW = 2
"""In how many rounds slow peers take part."""


_STEPS = (("up", "up"), ("unchanged", "up"), ("down", "down"), (LASTING, LASTING))
"""What each contender does, and in which direction."""


def run(rounds: int, scratch: Path, *, quick: bool = False) -> list[Row]:
    """Measure each kind of tree: up, unchanged, down; then a large tree that did not change."""
    rounds = min(rounds, 5)
    rows: list[Row] = []
    sizes = {"many": (50, 1 << 10), "large": (1, 1 << 20)} if quick else SIZES
    for count, size in sizes.values():
        rows += _tree(rounds, scratch, count, size)
    with place() as server:
        rows.append(_unchanged(server, rounds, scratch, 500 if quick else UNCHANGED))
    return rows


def _tree(rounds: int, scratch: Path, count: int, size: int) -> Iterator[Row]:
    what = f"{count:,} × {binary(size)}" if count > 1 else binary(size)
    found: dict[str, dict[str, list[float]]] = {name: {} for name, _ in _STEPS}
    peak = 0
    for number in range(rounds):
        with place() as server:
            origin = _lay(unused(scratch, "origin"), count, size, number)
            memory = unused(scratch, "memory")
            known = contenders(server, memory)
            if number >= _SLOW:
                known.pop("qarnot", None)
            for step, taken in _round(known, origin, scratch, number).items():
                for name, seconds in taken.items():
                    found[step].setdefault(name, []).append(seconds)
            peak = max(peak, known["ours"].peak())
    for step, taken in found.items():
        middle = medians(taken)
        ours = middle.pop("ours")
        beside = ratios(taken, "ours")
        best = min(beside[name] for name in ("s5cmd", "rclone") if name in beside)
        share = 1.2 if step == LASTING else 1.0
        yield Row(
            f"{what}, {step}",
            ours,
            middle,
            "s",
            f"≤ {'1.2 × ' if step == LASTING else ''}the faster of s5cmd and rclone",
            best * share >= 1,
            spread(taken["ours"]),
            ratios=beside,
        )
    yield Row(f"{what}, memory", peak / 2**20, {}, "MiB", "≤ 150 MiB", peak <= 150 << 20)


def _round(
    known: Mapping[str, Contender], origin: Path, scratch: Path, number: int
) -> dict[str, dict[str, float]]:
    """Let each contender do all three, in turn."""
    order = [*known][number % len(known) :] + [*known][: number % len(known)]
    taken: dict[str, dict[str, float]] = {step: {} for step, _ in _STEPS}
    for step, direction in _STEPS:
        for name in order:
            if step == LASTING and name == "qarnot":
                continue
            os.sync()
            target = origin if direction == "up" else unused(scratch, name)
            if direction != "up":
                target.mkdir()
            taken[step][name] = known[name].sync(target, direction)
            if direction != "up":
                _check(origin, target, name)
                _make_room(target)
    return taken


def _make_room(target: Path) -> None:
    """Remove a large file: on tmpfs a few of them fill the memory. Small ones stay: see `unused`."""
    files = [path for path in target.rglob("*") if path.is_file()]
    if len(files) == 1:
        files[0].unlink()


def _unchanged(server: Place, rounds: int, scratch: Path, count: int) -> Row:
    """Sync a tree that did not change, and list the bucket, in turn."""
    origin = unused(scratch, "origin")
    memory = unused(scratch, "memory")
    for number in range(count):
        path = origin / f"{number // 100:03}" / f"{number:05}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%d" % number)
    bucket = server.new_bucket()
    said = (server.endpoint, *keys_of(server), bucket)
    syncing = (*said, str(origin), str(memory), "up")
    rehearse(OURS, *syncing)
    rehearse(OURS, *syncing)
    rehearse(LISTING, *said)
    found = in_turn(
        {
            "sync": lambda: perform(OURS, *syncing).seconds[0],
            "listing": lambda: perform(LISTING, *said).seconds[0],
        },
        rounds,
    )
    beyond = [one - two for one, two in zip(found["sync"], found["listing"], strict=True)]
    ours = statistics.median(beyond)
    return Row(
        f"{count:,} files unchanged, beyond the listing",
        ours,
        {"the listing": statistics.median(found["listing"])},
        "s",
        "≤ 0.5 s",
        ours <= 0.5,
        spread(found["sync"]),
    )


def _lay(root: Path, count: int, size: int, seed: int) -> Path:
    """Write files that no earlier round has seen."""
    root.mkdir(parents=True)
    for number in range(count):
        block = hashlib.sha256(f"{seed} {number}".encode()).digest() * 32
        with (root / f"file-{number:05}").open("wb") as file:
            for _ in range(size // 1024):
                file.write(block)
    return root


def _check(origin: Path, place: Path, name: str) -> None:
    """Make sure that a contender brought what was there."""
    wanted = {path.name: path.stat().st_size for path in origin.iterdir()}
    found = {path.name: path.stat().st_size for path in place.rglob("*") if path.is_file()}
    if wanted != found:
        raise RuntimeError(f"{name} brought {len(found)} files of {len(wanted)}, or other sizes")
