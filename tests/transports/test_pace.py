"""How a body gets on is watched, and told."""

from __future__ import annotations

from typing import Any

import pytest

from store.errors import TransportTimeoutError
from store.events import Event, Progressed
from store.testing.fakes import FakeClock
from store.transports.base import Bounds, TransferOptions
from store.transports.deadlines import Deadline
from store.transports.pace import INTERVAL, Pace


class Watched:
    """A pace, its clock, and what it told."""

    def __init__(self, seconds: float | None = None, **bounds: Any) -> None:
        self.clock = FakeClock()
        self.told: list[Event] = []
        options = TransferOptions(
            bounds=Bounds(**bounds), clock=self.clock, listener=self.told.append
        )
        deadline = Deadline(self.clock, seconds)
        self.pace = Pace(options, deadline, "http://me:secret@host/a?secret", "name")

    def came(self, received: int, after: float = INTERVAL) -> None:
        """Let some time pass, and more come."""
        self.clock.advance(after)
        self.pace.advance(received)


def test_progress_is_told_now_and_then() -> None:
    """And at the end, with the total that is known by then."""
    watched = Watched()
    watched.pace.begin(None)
    for received in range(1, 11):
        watched.came(received, 0.3 * INTERVAL)
    watched.pace.finish()

    assert watched.told == [
        Progressed("name", 1, None),
        Progressed("name", 5, None),
        Progressed("name", 9, None),
        Progressed("name", 10, 10),
    ]


def test_what_was_told_is_not_told_again_at_the_end() -> None:
    """Where the total was known from the beginning."""
    watched = Watched()
    watched.pace.begin(10)
    watched.came(10)
    watched.pace.finish()

    assert watched.told == [Progressed("name", 10, 10)]


def test_what_was_there_is_no_merit_of_this_attempt() -> None:
    """The rate is that of what came."""
    watched = Watched(grace=1.0, minimum_rate=100.0)
    watched.pace.begin(10_000, 5_000)
    assert watched.pace.resumed == 5_000

    with pytest.raises(TransportTimeoutError, match="fewer than the 100") as caught:
        watched.came(5_050, after=2.0)

    assert "secret" not in str(caught.value)


def test_a_body_that_has_not_begun_was_not_gone_on_with() -> None:
    """There is nothing yet."""
    assert Watched().pace.resumed == 0


def test_silence_is_borne_for_a_while() -> None:
    """Then it is told for how long nothing came, and after how much."""
    watched = Watched(stall_timeout=5.0)
    watched.pace.begin(100)
    watched.came(40)
    watched.clock.advance(5.0)
    watched.pace.pause()
    watched.clock.advance(0.1)

    with pytest.raises(TransportTimeoutError, match="nothing came for 5 s after 40 bytes"):
        watched.pace.pause()


def test_a_pause_ends_with_the_deadline() -> None:
    """However long silence would be borne."""
    watched = Watched(1.0)
    watched.pace.begin(100)
    watched.clock.advance(1.0)

    with pytest.raises(TransportTimeoutError, match="deadline of 1 s"):
        watched.pace.pause()


def test_silence_adds_up_over_attempts_that_bring_nothing() -> None:
    """And begins anew with the first byte that comes."""
    watched = Watched()
    watched.clock.advance(2.0)
    assert watched.pace.silence(3.0) == 5.0

    watched.pace.begin(100, 50)
    watched.clock.advance(1.0)
    assert watched.pace.silence(3.0) == 4.0

    watched.came(51, after=1.0)
    watched.clock.advance(0.5)
    assert watched.pace.silence(3.0) == 0.5


def test_what_a_limit_of_ours_cost_is_excused() -> None:
    """No server is to blame for it."""
    watched = Watched(grace=1.0, minimum_rate=100.0, stall_timeout=2.0)
    watched.pace.begin(1_000)
    watched.clock.advance(10.0)

    watched.pace.excuse(9.5)

    watched.pace.pause()
    assert watched.pace.elapsed() == pytest.approx(0.5)
    watched.pace.excuse(100.0)
    assert watched.pace.elapsed() == 0.0
