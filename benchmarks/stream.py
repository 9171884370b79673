"""One file in one stream, verified, beside the least that any program takes."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks import nginx, stream_peers
from benchmarks.listing import digest_of, file_of
from benchmarks.measuring import Row, binary, in_turn, medians, spread
from benchmarks.metering import Meter
from benchmarks.receiver import compiled, receive
from benchmarks.single import Single

SIZES = (64 * 1024**2, 1024**3)
QUICK = (8 * 1024**2, 64 * 1024**2)
SMALL = 1024**2

LEAST = "C program"
SELDOM = ("pooch", "huggingface_hub", "aria2c --checksum", "curl; sha256sum")


def run(rounds: int, scratch: Path, *, quick: bool = False) -> list[Row]:
    """Measure each size, then hold the resident memory of both against each other."""
    rows: list[Row] = []
    peaks = []
    program, lacking = compiled(scratch)
    sizes = QUICK if quick else SIZES
    with nginx.serving(scratch) as address:
        for size in sizes:
            single = Single(
                f"{address}/{file_of(scratch, size)}", digest_of(scratch, size), scratch,
                (f"{address}/{file_of(scratch, SMALL)}", digest_of(scratch, SMALL)),
            )  # fmt: skip
            contenders = _contenders(single, program)
            found = in_turn(
                contenders, rounds if size < 1e9 else max(3, rounds // 2), seldom=SELDOM
            )
            rows += _rows(binary(size), found, single, lacking)
            peaks.append(single.meter.peak["relaxed"])
            (scratch / file_of(scratch, size)).unlink()
    small, large = peaks
    flat = large / small
    return [
        *rows,
        Row(f"resident memory, {binary(sizes[1])}", large / 1024**2, {binary(sizes[0]): small / 1024**2},
            "MiB", "< 80 MiB", large < 80 * 1024**2),
        Row(f"resident memory, {binary(sizes[1])} over {binary(sizes[0])}", flat, {}, "×", "within 10 %",
            abs(flat - 1) <= 0.1),
    ]  # fmt: skip


def _contenders(single: Single, program: Path | None) -> dict[str, Callable[[], float]]:
    url, digest = single.url, single.digest
    found = {"relaxed": single.ours("relaxed")}
    if program is not None:
        found[LEAST] = single.other(lambda target: _least(program, single, target))
    return {
        **found,
        **single.programs(stream_peers.PROGRAMS),
        **single.command(
            "curl; openssl dgst",
            lambda to: [stream_peers.curl(url, to), ["openssl", "dgst", "-sha256", to]],
        ),
        **single.command(
            "curl; sha256sum", lambda to: [stream_peers.curl(url, to), ["sha256sum", to]]
        ),
        **single.command("aria2c --checksum", lambda to: [stream_peers.aria2c(url, to, digest)]),
    }


def _least(program: Path, single: Single, target: str) -> float:
    os.sync()
    with single.meter.spending(LEAST):
        seconds, found = receive(program, single.url, Path(target))
    if found != single.digest:
        raise RuntimeError(f"the C program received {found} instead of {single.digest}")
    return seconds


def _rows(size: str, found: Mapping[str, list[float]], single: Single, lacking: str) -> list[Row]:
    middle = medians(found)
    ours = middle.pop("relaxed")
    goal = f"≤ 1.2 × the {LEAST}"
    met: bool | None = None
    if LEAST in middle:
        met = ours <= 1.2 * middle[LEAST]
    else:
        goal = f"{goal}: not judged, {lacking}"
    note = single.note(f"served by {nginx.kind()}")
    rows = [Row(f"{size}, relaxed", ours, middle, "s", goal, met, spread(found["relaxed"]), note)]
    if "pooch" in middle:
        rows.append(
            Row(f"{size}, relaxed, against pooch", ours, {"pooch": middle["pooch"]}, "s", "pooch ≥ 5 ×",
                middle["pooch"] >= 5 * ours)
        )  # fmt: skip
    return [*rows, _cpu(f"{size}, CPU time", single.meter)]


def _cpu(what: str, meter: Meter) -> Row:
    cpu = meter.cpu_medians()
    return Row(what, cpu.pop("relaxed"), cpu, "s")
