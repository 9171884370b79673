"""Every byte of a body is brought once, whoever brings it."""

from __future__ import annotations

import itertools
import threading
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from store.files.growing import Stretches, merged
from store.transports.spans import LEAST, Span, Spans

MIB = 1 << 20


def test_the_first_stretch_is_the_whole() -> None:
    """Until others take something of it."""
    spans = Spans(10 * MIB, [])

    span = spans.take()

    assert span is not None
    assert (span.start, span.position, span.end, span.rest) == (0, 0, 10 * MIB, 10 * MIB)
    assert not spans.idle


def test_another_takes_the_second_half_of_the_longest() -> None:
    """Of what is still to come of it."""
    spans = Spans(20 * MIB, [])
    first = spans.take()
    assert first is not None
    spans.advance(first, 4 * MIB)

    second = spans.take()
    assert second is not None
    spans.advance(second, 6 * MIB)
    third = spans.take()
    assert third is not None

    assert (first.end, second.start, second.end) == (8 * MIB, 12 * MIB, 20 * MIB)
    assert (third.start, third.end) == (8 * MIB, 12 * MIB)


def test_what_is_short_is_not_shared() -> None:
    """A request of its own would not pay."""
    spans = Spans(2 * LEAST - 1, [])

    assert spans.take() is not None
    assert spans.take() is None


def test_nothing_is_taken_of_what_is_there() -> None:
    """Gaps are taken in order, and a complete body has none."""
    spans = Spans(10 * MIB, [(0, MIB), (2 * MIB, 9 * MIB)])

    taken = [spans.take(), spans.take(), spans.take()]

    assert [(one.start, one.end) for one in taken if one] == [
        (MIB, 2 * MIB),
        (9 * MIB, 10 * MIB),
    ]
    assert spans.received == 8 * MIB
    assert Spans(MIB, [(0, MIB)]).take() is None
    assert Spans(MIB, [(0, MIB)]).frontier() == MIB


def test_the_rest_of_a_left_stretch_is_taken_next() -> None:
    """Before anything is shared; one that is complete leaves nothing."""
    spans = Spans(20 * MIB, [])
    first, second = spans.take(), spans.take()
    assert first is not None
    assert second is not None
    spans.advance(first, MIB)
    spans.leave(first)
    assert spans.idle

    again = spans.take()

    assert again is not None
    assert (again.start, again.end) == (MIB, 10 * MIB)
    spans.advance(again, 9 * MIB)
    spans.leave(again)
    assert not spans.idle


def test_a_stretch_grows_over_what_follows_it() -> None:
    """Where nobody brings that; then its stream goes on."""
    spans = Spans(20 * MIB, [])
    first, second = spans.take(), spans.take()
    assert first is not None
    assert second is not None
    assert not spans.extend(first)

    spans.leave(second)

    assert spans.extend(first)
    assert first.end == 20 * MIB
    assert not spans.idle
    assert not spans.extend(first)


def test_a_stretch_does_not_grow_over_a_gap() -> None:
    """What another has begun is not its own."""
    spans = Spans(20 * MIB, [])
    first, second = spans.take(), spans.take()
    assert first is not None
    assert second is not None
    spans.advance(second, MIB)
    spans.leave(second)

    assert not spans.extend(first)


def test_what_was_read_beyond_a_stretch_counts_once() -> None:
    """Another took that over while it was on its way."""
    spans = Spans(8 * MIB, [])
    first = spans.take()
    assert first is not None
    second = spans.take()
    assert second is not None

    spans.advance(first, 5 * MIB)

    assert (first.rest, spans.received) == (0, 4 * MIB)
    assert spans.frontier() == 4 * MIB


def test_what_is_written_is_told_by_slot() -> None:
    """What was there has its slots first, so that the next run finds all of it."""
    told: dict[int, tuple[int, int]] = {}

    def mark(slot: int, start: int, end: int) -> None:
        told[slot] = (start, end)

    spans = Spans(20 * MIB, [(0, MIB), (2 * MIB, 3 * MIB)], mark)
    for _ in range(3):
        span = spans.take()
        assert span is not None
        spans.advance(span, 1000)

    assert told == {
        0: (0, MIB),
        1: (2 * MIB, 3 * MIB),
        2: (MIB, MIB + 1000),
        3: (3 * MIB, 3 * MIB + 1000),
        4: (told[4][0], told[4][0] + 1000),
    }


class Interleaving(RuleBasedStateMachine):
    """Streams that take, bring, fail and end in any order."""

    total = 0
    spans: Spans
    busy: list[Span]

    @initialize(
        total=st.integers(1, 80 * MIB),
        have=st.lists(st.tuples(st.integers(0, 80 * MIB), st.integers(0, 80 * MIB)), max_size=5),
    )
    def begin(self, total: int, have: list[tuple[int, int]]) -> None:
        """Begin with some of the body there."""
        self.total = total
        self.marks: dict[int, tuple[int, int]] = {}
        self.brought: Stretches = merged(have, total)
        self.spans = Spans(total, list(self.brought), self.mark)
        self.busy = []

    def mark(self, slot: int, start: int, end: int) -> None:
        """Remember what is told."""
        self.marks[slot] = (start, end)

    @rule()
    def take(self) -> None:
        """Another stream begins."""
        span = self.spans.take()
        if span is not None:
            assert span.rest > 0
            self.busy.append(span)

    @precondition(lambda self: self.busy)
    @rule(number=st.integers(0, 100), count=st.integers(1, 10 * MIB))
    def advance(self, number: int, count: int) -> None:
        """A stream brings some of its stretch, or more, where it was read before another took that over."""
        span = self.busy[number % len(self.busy)]
        before = span.position

        self.spans.advance(span, count)

        if span.position > before:
            self.brought.append((before, span.position))

    @precondition(lambda self: self.busy)
    @rule(number=st.integers(0, 100), whole=st.booleans())
    def leave(self, number: int, *, whole: bool) -> None:
        """A stream ends, with or without all of its stretch."""
        span = self.busy.pop(number % len(self.busy))
        if whole and span.rest:
            self.brought.append((span.position, span.end))
            self.spans.advance(span, span.rest)
        self.spans.leave(span)

    @precondition(lambda self: self.busy)
    @rule(number=st.integers(0, 100))
    def extend(self, number: int) -> None:
        """A stream goes on behind its stretch if it can."""
        span = self.busy[number % len(self.busy)]
        before = span.end

        assert self.spans.extend(span) == (span.end > before)

    @invariant()
    def each_byte_came_once_at_most(self) -> None:
        """And what is there is counted and told."""
        if self.total:
            assert_apart(self.brought)
            assert self.spans.received == sum(end - start for start, end in self.brought)
            assert merged(self.marks.values(), self.total) == merged(self.brought, self.total)

    @invariant()
    def what_lies_before_the_frontier_is_there(self) -> None:
        """And it is the first byte that is missing."""
        if self.total:
            there = merged(self.brought, self.total)
            begun = there and there[0][0] == 0
            assert self.spans.frontier() == (there[0][1] if begun else 0)

    @invariant()
    def no_two_streams_bring_one_byte(self) -> None:
        """What is ahead of them is apart, and none of it is there."""
        if self.total:
            ahead = [(span.position, span.end) for span in self.busy if span.rest]
            assert_apart([*ahead, *self.brought])

    def teardown(self) -> None:
        """In the end every byte came exactly once."""
        if not self.total:
            return
        for span in self.busy:
            self.spans.leave(span)
        while (rest := self.spans.take()) is not None:
            self.brought.append((rest.position, rest.end))
            self.spans.advance(rest, rest.rest)
            self.spans.leave(rest)
        assert_apart(self.brought)
        assert self.spans.received == self.total
        assert merged(self.brought, self.total) == [(0, self.total)]


TestInterleaving = Interleaving.TestCase
TestInterleaving.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def assert_apart(stretches: Stretches) -> None:
    """No byte lies in two of them."""
    for one, following in itertools.pairwise(sorted(stretches)):
        assert one[1] <= following[0]


@given(st.integers(1, 10_000_000), st.integers(1, 16))
def test_any_number_of_streams_makes_up_the_whole(total: int, streams: int) -> None:
    """However odd its size is."""
    spans = Spans(total, [])
    taken = [span for _ in range(streams) if (span := spans.take()) is not None]

    edges = sorted((span.start, span.end) for span in taken)

    assert edges[0][0] == 0
    assert edges[-1][1] == total
    assert all(a[1] == b[0] for a, b in itertools.pairwise(edges))
    assert all(end - start >= min(LEAST, total) for start, end in edges)


@pytest.mark.parametrize("threads", [8])
def test_threads_bring_every_byte_once(threads: int) -> None:
    """Whatever they take from each other meanwhile."""
    total = 256 * MIB
    spans = Spans(total, [])
    counted = Counter[int]()

    def bring() -> None:
        while (span := spans.take()) is not None:
            while span.rest > 0:
                before = span.position
                spans.advance(span, min(256 << 10, span.rest))
                counted[threading.get_ident()] += span.position - before
            spans.leave(span)

    running = [threading.Thread(target=bring) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    bring()

    assert counted.total() == spans.received == total
    assert spans.frontier() == total
