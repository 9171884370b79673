"""Many files are summed up as their events come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.events import (
    Attempted,
    AttemptFailed,
    Bypassed,
    Cached,
    Event,
    Failed,
    Hit,
    Progressed,
    Resumed,
    Started,
    Verified,
)
from store.testing.fakes import FakeClock
from store.transports.totals import Running, Totals


def told(files: int, clock: FakeClock, *events: Event) -> Totals:
    """Return what a few events come to."""
    totals = Totals(files, clock=clock)
    for event in events:
        totals.take(event)
    return totals


def test_what_came_and_what_is_coming_is_summed_up(store_clock: FakeClock) -> None:
    """Sizes that are not known yet are guessed from those that are."""
    totals = told(
        4,
        store_clock,
        Started("a", "a"),
        Progressed("a", 100, 100),
        Verified("a", (), 100),
        Cached("a", "/p", "a"),
        Started("b", "b"),
        Progressed("b", 50, 300),
    )

    assert (totals.done, totals.fetched, totals.failed) == (1, 1, 0)
    assert totals.running == {"b": Running("b", 50, 300)}
    assert totals.received == 150
    assert totals.expected == 400 + 2 * 200
    assert not totals.exact


def test_two_of_one_name_are_two(store_clock: FakeClock) -> None:
    """And of two that want one resource the second one's hit takes nothing from the first."""
    totals = told(
        3,
        store_clock,
        Progressed("a", 10, 20, "sha256:one"),
        Progressed("a", 7, 9, "sha256:two"),
        Verified("a", (), 20, "sha256:one"),
        Hit("other", "/p", 20, "sha256:one"),
        Cached("a", "/p", "sha256:one"),
    )

    assert totals.received == 27
    assert totals.running == {"sha256:two": Running("a", 7, 9)}
    assert (totals.done, totals.fetched) == (2, 1)


def test_the_sizes_are_known_when_all_are_on_their_way(store_clock: FakeClock) -> None:
    """Then nothing is guessed."""
    totals = told(2, store_clock, Hit("a", "/p", 5), Progressed("b", 1, 10))

    assert totals.exact
    assert totals.expected == 10
    assert not told(1, store_clock, Progressed("b", 1, None)).exact


def test_an_attempt_that_begins_anew_takes_its_bytes_back(store_clock: FakeClock) -> None:
    """Unless it goes on where the last one ended."""
    anew = told(1, store_clock, Progressed("a", 60, 100), AttemptFailed("a", "x", 1, "lost"))
    assert anew.received == 60
    anew.take(Attempted("a", "x", 2))
    assert anew.running == {"a": Running("a", 0, 100)}
    anew.take(Resumed("a", "x", 60))
    assert anew.received == 60


@pytest.mark.parametrize(
    ("end", "done", "failed", "fetched"),
    [
        (Cached("a", "/p", "a"), 1, 0, 1),
        (Bypassed("a", "/p", "full"), 1, 0, 1),
        (Hit("a", "/p", 9), 1, 0, 0),
        (Failed("a", "gone", "TransportError"), 1, 1, 0),
        (Failed("a", "stop", "KeyboardInterrupt"), 0, 0, 0),
    ],
)
def test_every_end_counts_once(
    store_clock: FakeClock, end: Event, done: int, failed: int, fetched: int
) -> None:
    """What was broken off has not ended."""
    totals = told(2, store_clock, Progressed("a", 9, 9), end)

    assert (totals.done, totals.failed, totals.fetched) == (done, failed, fetched)


def test_the_rate_is_that_of_the_last_seconds(store_clock: FakeClock) -> None:
    """So that a stall is seen, and what is left is told by it."""
    totals = Totals(1, clock=store_clock)
    assert (totals.rate, totals.left, totals.elapsed) == (0.0, None, 0.0)
    totals.take(Started("a", "a"))
    totals.take(Progressed("a", 0, 10_000))
    for second in range(1, 31):
        store_clock.advance(1.0)
        totals.take(Progressed("a", 100 * second, 10_000))

    assert totals.elapsed == 30
    assert totals.rate == pytest.approx(100, rel=0.15)
    assert totals.left == pytest.approx(70, rel=0.15)
    store_clock.advance(100.0)
    assert totals.rate < 11


@given(
    st.lists(
        st.one_of(
            st.builds(Started, st.sampled_from("abc"), st.just("u")),
            st.builds(Attempted, st.sampled_from("abc"), st.just("x"), st.just(1)),
            st.builds(
                Progressed, st.sampled_from("abc"), st.integers(0, 99), st.none() | st.just(99)
            ),
            st.builds(Verified, st.sampled_from("abc"), st.just(()), st.integers(0, 99)),
            st.builds(Cached, st.sampled_from("abc"), st.just("/p"), st.just("u")),
            st.builds(Failed, st.sampled_from("abc"), st.just("no")),
            st.builds(Hit, st.sampled_from("abc"), st.just("/p"), st.just(9)),
        )
    )
)
def test_whatever_is_told_the_sums_make_sense(events: list[Event]) -> None:
    """In any order: no number is negative, and nothing is raised."""
    clock = FakeClock()
    totals = Totals(5, clock=clock)
    for event in events:
        clock.advance(0.3)
        totals.take(event)
        assert totals.received >= 0
        assert totals.expected >= 0
        assert totals.rate >= 0
        assert totals.left is None or totals.left >= 0
