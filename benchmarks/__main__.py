"""Runs the workloads: ``python -m benchmarks [WORKLOAD…] [--rounds N] [--write]``."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import tempfile
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from benchmarks.measuring import Row

WORKLOADS = ("startup", "hits", "cold", "racing", "unpacking")
RESULTS = Path(__file__).with_name("RESULTS.md")


def main() -> None:
    """Run the workloads that are named, or all, and print a table each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("workloads", nargs="*", default=list(WORKLOADS))
    parser.add_argument("--rounds", type=int, default=9, help="how often each is run (default 9)")
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}")
    arguments = parser.parse_args()
    unknown = set(arguments.workloads) - set(WORKLOADS)
    if unknown:
        parser.error(f"unknown workloads {sorted(unknown)}; known are {', '.join(WORKLOADS)}")
    parts = []
    for name in arguments.workloads:
        scratch = Path(tempfile.mkdtemp(prefix="store-benchmark-"))
        try:
            part = table(name, import_module(f"benchmarks.{name}").run(arguments.rounds, scratch))
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        print(part, flush=True)
        parts.append(part)
    if arguments.write:
        RESULTS.write_text("\n".join([_head(arguments.rounds), *parts]), encoding="utf-8")


def table(name: str, rows: list[Row]) -> str:
    """Return a workload's rows as a Markdown table, with ratios."""
    lines = [
        f"## {name}",
        "",
        "| what | ours | spread | peers (ratio to ours) | goal | met |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        peers = ", ".join(
            f"{peer} {_number(value)} {row.unit} ({value / row.ours:.1f} ×)"
            for peer, value in row.peers.items()
        )
        met = {True: "yes", False: "**no**", None: ""}[row.met]
        spread = f"{row.spread:.0%}" if row.spread else ""
        ours = f"{_number(row.ours)} {row.unit}"
        lines.append(f"| {row.what} | {ours} | {spread} | {peers} | {row.goal} | {met} |")
    return "\n".join([*lines, ""])


def _number(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


def _head(rounds: int) -> str:
    cores = os.cpu_count()
    return (
        "# Results\n\n"
        f"Measured {datetime.now(UTC):%Y-%m-%d} with `python -m benchmarks --write`,"
        f" {rounds} rounds, medians.\n"
        f"Machine: {cores} cores, {platform.machine()}, Linux {platform.release().split('-')[0]},"
        f" Python {platform.python_version()}, ext4 on a virtual disk.\n"
    )


if __name__ == "__main__":
    main()
