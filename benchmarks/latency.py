"""One large file from far away, and from a server that is slow to each connection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks import nginx, stream_peers
from benchmarks.distance import far_away
from benchmarks.listing import digest_of, file_of
from benchmarks.measuring import Row, binary, in_turn, medians, spread
from benchmarks.single import Single

SIZE = 256 * 1024**2
SMALL = 64 * 1024
RATE = 20_000_000
"""Bytes a second, a connection."""

GOAL = "aria2c -x16 -s16"
FINE = "aria2c -x16 -s16 -k1M"
CHECKED = "aria2c -x16 -s16 -k1M --checksum"
SELDOM = ("curl", "requests, one stream", "pooch")

PROGRAMS = {
    stream_peers.RANGED: ("http.client", stream_peers.RANGES),
    "requests, one stream": ("requests", stream_peers.REQUESTS),
    "pooch": ("pooch", stream_peers.POOCH),
}


def run(rounds: int, scratch: Path, *, quick: bool = False) -> list[Row]:
    """Measure ours, which chooses by itself, beside one stream and many ranges."""
    size = SIZE // 8 if quick else SIZE
    names = [file_of(scratch, size), file_of(scratch, SMALL)]
    digests = [digest_of(scratch, size), digest_of(scratch, SMALL)]
    with far_away(scratch) as (address, how):
        single = _single(address, names, digests, scratch)
        found = in_turn(_contenders(single), rounds, seldom=SELDOM, at_most=1)
        rows = [_row(f"{binary(size)}, 50 ms round trip", found, single, how)]
    with nginx.serving(scratch, rate=RATE) as address:
        single = _single(address, names, digests, scratch)
        found = in_turn(_contenders(single), rounds, seldom=SELDOM, at_most=1)
        rows.append(_row(f"{binary(size)}, 20 MB/s a connection", found, single, nginx.kind()))
    return rows


def _single(address: str, names: list[str], digests: list[str], scratch: Path) -> Single:
    large, small = (f"{address}/{name}" for name in names)
    return Single(large, digests[0], scratch, (small, digests[1]))


def _contenders(single: Single) -> dict[str, Callable[[], float]]:
    url, digest = single.url, single.digest
    finely = "--min-split-size=1M"
    return {
        "relaxed": single.ours("relaxed"),
        **single.command(GOAL, lambda to: [stream_peers.aria2c(url, to, "", connections=16)]),
        **single.command(
            FINE, lambda to: [[*stream_peers.aria2c(url, to, "", connections=16), finely]]
        ),
        **single.command(
            CHECKED, lambda to: [[*stream_peers.aria2c(url, to, digest, connections=16), finely]]
        ),
        **single.programs(PROGRAMS),
        **single.command("curl", lambda to: [stream_peers.curl(url, to)]),
    }


def _row(what: str, found: Mapping[str, list[float]], single: Single, how: str) -> Row:
    middle = medians(found)
    ours = middle.pop("relaxed")
    met = ours <= 0.8 * middle[GOAL] if GOAL in middle else None
    return Row(f"{what}, relaxed", ours, middle, "s", f"≤ 0.8 × {GOAL}", met, spread(found["relaxed"]),
               single.note(f"{what}: by {how}"))  # fmt: skip
