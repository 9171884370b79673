"""Runs the workloads: ``python -m benchmarks [WORKLOAD…] [--rounds N] [--quick] [--write]``."""

from __future__ import annotations

import argparse
import contextlib
import shutil
import tempfile
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from benchmarks.machine import busy, described
from benchmarks.measuring import Row

WORKLOADS = (
    "startup", "hits", "cold", "many", "stream", "latency", "racing", "resume", "verify",
    "freshness", "registry", "unpacking", "buckets", "releases",
)  # fmt: skip
RESULTS = Path(__file__).with_name("RESULTS.md")
BUSY = 0.1
"""From this share of all cores on, at work for others, a table says so."""


def main() -> None:
    """Run the workloads that are named, or all, and print a table each."""
    arguments = _arguments()
    parts = []
    with contextlib.ExitStack() as stack:
        for name in arguments.workloads:
            others = busy()
            scratch = Path(tempfile.mkdtemp(prefix="store-benchmark-", dir=arguments.scratch))
            # All at the end: files that are deleted make later ones slow (see `measuring.unused`).
            stack.callback(shutil.rmtree, scratch, ignore_errors=True)
            workload = import_module(f"benchmarks.{name}")
            rows = workload.run(arguments.rounds, scratch, quick=arguments.quick)
            part = table(name, rows, others)
            print(part, flush=True)
            parts.append(part)
        if arguments.write:
            head = _head(arguments.rounds, arguments.scratch or Path(tempfile.gettempdir()))
            RESULTS.write_text("\n".join([head, *parts]), encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=", ".join(WORKLOADS))
    parser.add_argument("--rounds", type=int, help="how often each is run (default 9; quick: 2)")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that all works")
    parser.add_argument("--scratch", type=Path, metavar="DIR", help="where files are written")
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}")
    arguments = parser.parse_args()
    unknown = set(arguments.workloads) - set(WORKLOADS)
    if unknown:
        parser.error(f"unknown workloads {sorted(unknown)}; known are {', '.join(WORKLOADS)}")
    if arguments.write and arguments.quick:
        parser.error("a quick run gives no results to write")
    arguments.workloads = arguments.workloads or list(WORKLOADS)
    arguments.rounds = arguments.rounds or (2 if arguments.quick else 9)
    return arguments


def table(name: str, rows: list[Row], others: float = 0.0) -> str:
    """Return a workload's rows as a Markdown table, with ratios.

    Args:
        name: The workload.
        rows: What it found.
        others: The share of all cores that was at work before it began.
    """
    lines = [
        f"## {name}",
        "",
        "| what | ours | spread | peers (ratio to ours) | goal | met |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        peers = ", ".join(
            f"{peer} {_number(value)} {row.unit} ({_ratio(row.ratios.get(peer, value / row.ours))} ×)"
            for peer, value in row.peers.items()
        )
        met = {True: "yes", False: "**no**", None: ""}[row.met]
        spread = f"{row.spread:.0%}" if row.spread else ""
        ours = f"{_number(row.ours)} {row.unit}"
        lines.append(f"| {row.what} | {ours} | {spread} | {peers} | {row.goal} | {met} |")
    notes = dict.fromkeys(row.note for row in rows if row.note)
    if others >= BUSY:
        notes[f"other processes used {others:.0%} of all cores when it began"] = None
    return "\n".join([*lines, "", *(f"Note: {note}.\n" for note in notes)])


def _number(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


def _ratio(value: float) -> str:
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def _head(rounds: int, scratch: Path) -> str:
    return (
        "# Results\n\n"
        f"Measured {datetime.now(UTC):%Y-%m-%d} with `python -m benchmarks --write`,"
        f" {rounds} rounds, medians.\n"
        f"Machine: {described(scratch)}.\n"
    )


if __name__ == "__main__":
    main()
