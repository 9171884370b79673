"""Counts add up over runs and processes, and nothing that lies there can hurt."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.cache.counts import Tally, count, counted, fold, forget
from store.cache.layout import Layout
from store.cache.runs import FOLDED_FROM, add_hits, add_run
from store.clock import SYSTEM_CLOCK
from store.errors import StorageError
from store.testing.disk_faults import read_only
from store.testing.fakes import FakeClock

NUMBERS = st.integers(0, 10**12)
TALLIES = st.builds(
    Tally,
    NUMBERS,
    NUMBERS,
    NUMBERS,
    NUMBERS,
    NUMBERS,
    NUMBERS,
    NUMBERS,
    st.dictionaries(st.sampled_from(["A http h", "B - -", "C file -"]), st.integers(1, 9)),
    st.sampled_from([0.0, 1.0, 5.0]),
)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Give a cache's directory that is there."""
    (tmp_path / "cache").mkdir()
    return Layout(tmp_path / "cache")


def lies(layout: Layout) -> set[str]:
    """Return the names of what was kept."""
    return {path.name for path in Path(layout.root, "stats", "v1").iterdir()}


def test_runs_add_up(layout: Layout, store_clock: FakeClock) -> None:
    """Since the first of them."""
    began = store_clock.now()
    count(layout, Tally(hits=2, saved=10), store_clock)
    store_clock.advance(100)
    count(layout, Tally(misses=1, files=1, fetched=5, failures={"A http h": 1}), store_clock)
    add_hits(layout, 1, 7, store_clock.now())
    count(layout, Tally(failures={"A http h": 2}), store_clock)

    assert counted(layout) == Tally(3, 1, 1, 5, 17, 0, 0, {"A http h": 3}, began)


@given(TALLIES, TALLIES, TALLIES)
def test_sums_do_not_depend_on_the_order(one: Tally, two: Tally, three: Tally) -> None:
    """However runs are folded, the totals are the same."""
    assert one.plus(two.plus(three)) == one.plus(two).plus(three)
    assert one.plus(two)[:7] == two.plus(one)[:7]
    assert dict(one.plus(two).failures) == dict(two.plus(one).failures)
    assert one.plus(Tally()) == one


def test_a_run_that_did_nothing_is_no_line(layout: Layout, store_clock: FakeClock) -> None:
    """Nor does a cache come about by being counted."""
    count(layout, Tally(), store_clock)
    count(Layout(f"{layout.root}/none"), Tally(hits=1), store_clock)

    assert list(Path(layout.root).iterdir()) == []


def test_what_has_grown_is_folded(layout: Layout, store_clock: FakeClock) -> None:
    """The counts are the same before and after, and the file is small again."""
    runs = 0
    while len(lies(layout) if runs else ()) < 3:
        store_clock.advance(1)
        count(layout, Tally(hits=1, saved=3, failures={"A http h": 1}), store_clock)
        runs += 1
        total = counted(layout) if runs % 100 == 0 else Tally(hits=runs)
        assert total.hits == runs

    aside = {name for name in lies(layout) if name.startswith("runs-")}
    assert lies(layout) == {"totals.json", *aside} | ({"runs"} & lies(layout))
    assert len(aside) == 1
    assert counted(layout)[:6] == (runs, 0, 0, 0, 3 * runs, 0)
    assert counted(layout).failures == {"A http h": runs}
    fold(layout, store_clock)
    assert counted(layout).hits == runs


def test_a_fold_that_was_cut_off_counts_nothing_twice(
    layout: Layout, store_clock: FakeClock
) -> None:
    """What the totals have is left out, though its file is still there."""
    directory = Path(layout.root, "stats", "v1")
    count(layout, Tally(hits=5), store_clock)
    (directory / "runs").rename(directory / "runs-1-x")
    (directory / "totals.json").write_text(json.dumps({"hits": 5, "folded": ["runs-1-x"]}))
    count(layout, Tally(hits=1), store_clock)

    assert counted(layout).hits == 6
    fold(layout, store_clock)
    assert counted(layout).hits == 6
    assert "runs-1-x" not in lies(layout)


def test_the_kinds_of_failures_are_bounded(layout: Layout, store_clock: FakeClock) -> None:
    """A thousand hosts do not make the counts grow without end."""
    for number in range(300):
        count(layout, Tally(failures={f"A http h{number}": 1}), store_clock)

    failures = counted(layout).failures

    assert len(failures) == 201
    assert failures["other - -"] == 100


@given(
    st.lists(
        st.binary(max_size=50)
        | st.sampled_from(
            [
                b'{"hits": -1}',
                b'{"hits": true}',
                b'{"hits": 1.5}',
                b'{"hits": "1"}',
                b'{"failures": 3}',
                b'{"failures": {"a": "b"}}',
                b'{"since": "x"}',
                b'{"since": 1e300}',
                b"[]",
                b"3",
                b"[" * 5000,
            ]
        ),
        max_size=5,
    )
)
def test_damage_is_passed_over(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]
) -> None:
    """Whatever stands there, the good lines count."""
    layout = Layout(tmp_path_factory.mktemp("cache"))
    count(layout, Tally(hits=1), SYSTEM_CLOCK)
    directory = Path(layout.root, "stats", "v1")
    with (directory / "runs").open("ab") as file:
        file.write(b"\n".join(line.replace(b"\n", b"") for line in lines) + b"\n")
    (directory / "totals.json").write_bytes(lines[0] if lines else b"")
    count(layout, Tally(hits=1), SYSTEM_CLOCK)

    assert counted(layout).hits == 2
    fold(layout, SYSTEM_CLOCK)
    fold(layout, SYSTEM_CLOCK)


@pytest.mark.parametrize("folded", ['{"folded": 5}', '{"folded": [1, null]}', "[1]", "x"])
def test_totals_that_are_damaged_count_nothing(
    layout: Layout, store_clock: FakeClock, folded: str
) -> None:
    """And what is not folded counts all the same."""
    count(layout, Tally(hits=1), store_clock)
    Path(layout.root, "stats", "v1", "totals.json").write_text(folded)

    assert counted(layout).hits == 1


@pytest.mark.parametrize("what", ["link", "directory", "file"])
def test_what_is_in_the_way_is_set_aside(
    layout: Layout, store_clock: FakeClock, tmp_path: Path, what: str
) -> None:
    """Nothing is written outside the cache, and nothing needs to be mended by hand."""
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "v1").mkdir(parents=True)
    stats = Path(layout.root, "stats")
    if what == "link":
        stats.symlink_to(elsewhere)
    elif what == "directory":
        (stats / "v1" / "runs").mkdir(parents=True)
        (stats / "v1" / "totals.json").mkdir()
    else:
        stats.write_bytes(b"")

    count(layout, Tally(hits=1), store_clock)
    assert counted(layout).hits == 1
    forget(layout, store_clock)

    assert counted(layout).hits == 0
    assert list((elsewhere / "v1").iterdir()) == []


def test_a_read_only_cache_keeps_none(layout: Layout, store_clock: FakeClock) -> None:
    """And nobody is bothered, but for who wants to begin anew."""
    count(layout, Tally(hits=1), store_clock)

    with read_only(layout.root):
        count(layout, Tally(hits=1), store_clock)
        fold(layout, store_clock)
        with pytest.raises(StorageError):
            forget(layout, store_clock)

    assert counted(layout).hits == 1


def test_counting_begins_anew(layout: Layout, store_clock: FakeClock) -> None:
    """From now on; a cache that is not there stays away."""
    count(layout, Tally(hits=1), store_clock)
    store_clock.advance(50)
    forget(layout, store_clock)
    count(layout, Tally(hits=1), store_clock)

    assert counted(layout) == Tally(hits=1, since=store_clock.now())
    forget(Layout(f"{layout.root}/none"), store_clock)
    assert not Path(layout.root, "none").exists()


MANY = """
import sys
from store.cache.counts import Tally, count
from store.cache.layout import Layout
from store.clock import SYSTEM_CLOCK
for _ in range(1500):
    count(Layout(sys.argv[1]), Tally(hits=1, saved=1), SYSTEM_CLOCK)
"""


def test_processes_count_together(layout: Layout) -> None:
    """While all of them fold, no run is lost and none counts twice."""
    count(layout, Tally(hits=1), SYSTEM_CLOCK)
    processes = [subprocess.Popen([sys.executable, "-c", MANY, layout.root]) for _ in range(3)]

    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert counted(layout).hits == 4501
    assert "totals.json" in lies(layout)


def test_a_line_says_when_it_is_time_to_fold(layout: Layout, store_clock: FakeClock) -> None:
    """The one who adds is told."""
    count(layout, Tally(hits=1), store_clock)

    assert not add_run(layout, "{}")
    assert add_run(layout, " " * FOLDED_FROM)
