"""Counts of what a cache was good for, kept beside its content.

On disk, below the cache's directory::

    stats/v1/runs               a line of JSON a run, added by whoever ends one
    stats/v1/runs-<time>-<x>    the same, put aside when it had grown, to be folded the next time
    stats/v1/totals.json        what was folded, and since when is counted

All of it is best effort: what cannot be written is not counted, and what cannot be read is passed over.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from store import jsontext
from store.cache.layout import Layout
from store.cache.quarantine import clear_way, made_way
from store.cache.runs import DIRECTORY, add_run
from store.clock import Clock
from store.files.appending import unwritten
from store.files.atomic import make_directories, write_bytes

log = logging.getLogger(__name__)

_LARGEST: Final = 16 << 20
"""The largest file that is read, in bytes."""

_MOST_FAILURES: Final = 200
"""How many kinds of failures are told apart; the rest is counted as one."""

_REST: Final = "other - -"

_NOTHING: Final[Mapping[str, int]] = MappingProxyType({})


class Tally(NamedTuple):
    """What was counted.

    Attributes:
        hits: How often the cache had the file.
        misses: How often something had to be downloaded.
        files: How many files came.
        fetched: How many bytes were moved, those of attempts that failed included.
        saved: How many bytes the hits have.
        resumed: How many bytes were there already when an attempt went on.
        shared: How many of the files came from a shared tier.
        failures: How often a fetch failed, by ``error driver host``; ``-`` where there was none.
        since: The time of the first count, in seconds since 1970 UTC; 0.0 where there is none.
    """

    hits: int = 0
    misses: int = 0
    files: int = 0
    fetched: int = 0
    saved: int = 0
    resumed: int = 0
    shared: int = 0
    failures: Mapping[str, int] = _NOTHING
    since: float = 0.0

    def plus(self, other: Tally) -> Tally:
        """Return the sum of two."""
        failures = dict(self.failures)
        for kind, count in other.failures.items():
            known = kind if kind in failures or len(failures) < _MOST_FAILURES else _REST
            failures[known] = failures.get(known, 0) + count
        return Tally(
            hits=self.hits + other.hits,
            misses=self.misses + other.misses,
            files=self.files + other.files,
            fetched=self.fetched + other.fetched,
            saved=self.saved + other.saved,
            resumed=self.resumed + other.resumed,
            shared=self.shared + other.shared,
            failures=failures,
            since=min(filter(None, (self.since, other.since)), default=0.0),
        )


def count(layout: Layout, tally: Tally, clock: Clock) -> None:
    """Add what a run has counted; a cache whose directory is not there or cannot be written to keeps none.

    Args:
        layout: Where the cache lies.
        tally: What was counted; its ``since`` is taken from the clock.
        clock: The time.
    """
    if not any(tally):
        return
    line = _spelled(tally._replace(since=clock.now()))
    try:
        try:
            large = add_run(layout, line)
        except OSError:
            if not os.path.isdir(layout.root):  # noqa: PTH112 - text
                return
            made_way(layout, f"{layout.root}/{DIRECTORY}/runs", clock)
            make_directories(f"{layout.root}/{DIRECTORY}")
            large = add_run(layout, line)
    except OSError as error:
        log.debug("the run is not counted: %s", error)
        return
    if large:
        fold(layout, clock)


def counted(layout: Layout) -> Tally:
    """Return all that was counted; nothing is changed, and what is damaged is passed over."""
    runs = {path.name: _sum(path) for path in _runs(layout)}
    totals, folded = _totals(layout)
    for name, tally in runs.items():
        totals = totals if name in folded else totals.plus(tally)
    return totals


def forget(layout: Layout, clock: Clock) -> None:
    """Begin to count anew.

    Args:
        layout: Where the cache lies.
        clock: The time, from which is counted.

    Raises:
        StorageError: The counts cannot be removed.
    """
    from store.files.failures import storage_errors
    from store.files.locks import locked

    directory = f"{layout.root}/{DIRECTORY}"
    if not os.path.isdir(layout.root):  # noqa: PTH112 - text
        return
    clear_way(layout, f"{directory}/", clock)
    with storage_errors(directory), locked(_lock(layout), timeout=1.0, clock=clock):
        for path in _runs(layout):
            path.unlink(missing_ok=True)
        _write_totals(layout, Tally(since=clock.now()), [], clock)


def fold(layout: Layout, clock: Clock) -> None:
    """Add what was put aside before to the totals, and put aside what has grown; what fails waits.

    What is put aside now is folded the next time, when nobody adds to it any more, so that no run is lost. A
    file is removed when the totals say that it is in them: a crash counts nothing twice.

    Args:
        layout: Where the cache lies.
        clock: The time.
    """
    from store.files.locks import locked

    with (
        contextlib.suppress(OSError),
        locked(_lock(layout), timeout=0, clock=clock) as held,
    ):
        if not held:
            return
        totals, folded = _totals(layout)
        aside = [one for one in _runs(layout) if one.name != "runs" and unwritten(str(one))]
        for path in aside:
            if path.name not in folded:
                totals = totals.plus(_sum(path))
        _write_totals(layout, totals, [path.name for path in aside], clock)
        for path in aside:
            path.unlink(missing_ok=True)
        current = Path(layout.root, DIRECTORY, "runs")
        current.rename(current.with_name(f"runs-{clock.now_ns()}-{os.urandom(4).hex()}"))


def _lock(layout: Layout) -> str:
    return f"{layout.locks}/stats.lock"


def _runs(layout: Layout) -> list[Path]:
    try:
        names = sorted(os.listdir(f"{layout.root}/{DIRECTORY}"))  # noqa: PTH208 - names
    except OSError:
        return []
    whole = [name for name in names if name == "runs" or name.startswith("runs-")]
    return [Path(layout.root, DIRECTORY, name) for name in whole]


def _sum(path: Path) -> Tally:
    tally = Tally()
    for line in _read(path).split(b"\n"):
        if line.strip():
            tally = tally.plus(_parsed(line))
    return tally


def _totals(layout: Layout) -> tuple[Tally, frozenset[str]]:
    data = _read(Path(layout.root, DIRECTORY, "totals.json"))
    return _parsed(data), frozenset(_names(data))


def _write_totals(layout: Layout, tally: Tally, folded: list[str], clock: Clock) -> None:
    path = f"{layout.root}/{DIRECTORY}/totals.json"
    made_way(layout, path, clock)
    write_bytes(path, _spelled(tally, folded=folded).encode())


def _read(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor
            return file.read(_LARGEST)
    except OSError:
        return b""


def _spelled(tally: Tally, **beside: Any) -> str:  # noqa: ANN401 - plain data
    data = {name: value for name, value in tally._asdict().items() if value}
    if tally.failures:
        data["failures"] = dict(tally.failures)
    return json.dumps({**data, **beside})


def _parsed(data: bytes) -> Tally:
    """Read a line, or the totals; what is damaged counts nothing."""
    try:
        value = jsontext.loads(data) if data else {}
        numbers = {name: _number(value.get(name, 0)) for name in Tally._fields[:7]}
        failures = {str(kind): _number(count) for kind, count in value.get("failures", {}).items()}
        since = _time(value.get("since", 0.0))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return Tally()
    return Tally(**numbers, failures=failures, since=since)


def _time(value: Any) -> float:  # noqa: ANN401 - whatever a file held
    if type(value) not in {int, float} or not 0 <= value < 1e12:  # noqa: PLR2004 - some day
        raise ValueError("time")
    return float(value)


def _number(value: Any) -> int:  # noqa: ANN401 - whatever a file held
    if type(value) is not int or value < 0:
        raise ValueError("number")
    return value


def _names(data: bytes) -> Iterator[str]:
    try:
        folded = jsontext.loads(data).get("folded", []) if data else []
    except (ValueError, AttributeError, RecursionError):
        return
    if isinstance(folded, list):
        yield from (name for name in folded if isinstance(name, str))
