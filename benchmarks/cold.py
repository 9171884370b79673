"""What it costs to bring a file here, verified and kept, over loopback HTTP."""

from __future__ import annotations

from pathlib import Path

from benchmarks.listing import digest_of, file_of
from benchmarks.measuring import Row, binary, in_turn, medians, spread
from benchmarks.server import serving
from benchmarks.single import Single
from benchmarks.stream_peers import PROGRAMS, curl

SIZES = (64 * 1024**2, 1024**3)
QUICK = (8 * 1024**2,)
SMALL = 1024**2

HASHED = "curl; openssl dgst"
SYNCED = "curl; openssl dgst; sync"


def run(rounds: int, scratch: Path, *, quick: bool = False) -> list[Row]:
    """Measure cold downloads in both durability modes."""
    rows = []
    small = file_of(scratch, SMALL), digest_of(scratch, SMALL)
    with serving(scratch) as address:
        for size in QUICK if quick else SIZES:
            single = Single(
                f"{address}/{file_of(scratch, size)}", digest_of(scratch, size), scratch,
                (f"{address}/{small[0]}", small[1]),
            )  # fmt: skip
            rows += _rows(
                f"cold {binary(size)}", single, rounds if size < 1e9 else max(3, rounds // 2)
            )
    return rows


def _rows(what: str, single: Single, rounds: int) -> list[Row]:
    url = single.url
    found = in_turn(
        {
            "relaxed": single.ours("relaxed"),
            "full": single.ours("full"),
            **single.programs({"pooch": PROGRAMS["pooch"]}),
            **single.command(
                HASHED, lambda to: [curl(url, to), ["openssl", "dgst", "-sha256", to]]
            ),
            **single.command(
                SYNCED, lambda to: [curl(url, to), ["openssl", "dgst", "-sha256", to], ["sync", to]]
            ),
        },
        rounds,
    )
    middle = medians(found)
    relaxed = {name: middle[name] for name in (HASHED, "pooch") if name in middle}
    full = {name: middle[name] for name in (SYNCED,) if name in middle}
    worst = max(single.meter.peak[mode] for mode in ("relaxed", "full")) / 1024**2
    return [
        Row(f"{what}, relaxed", middle["relaxed"], relaxed, "s", "ahead of both",
            middle["relaxed"] < min(relaxed.values()) if relaxed else None, spread(found["relaxed"]),
            single.note()),
        Row(f"{what}, full", middle["full"], full, "s", f"≤ 1.2 × {SYNCED}",
            middle["full"] <= 1.2 * full[SYNCED] if full else None, spread(found["full"])),
        Row(f"{what}, resident memory", worst, {}, "MiB", "< 80 MiB", worst < 80),
    ]  # fmt: skip
