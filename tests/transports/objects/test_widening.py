"""As many parts go up at once as make it faster."""

from __future__ import annotations

import pytest

from store.transports.objects.widening import Width

PART = 8 << 20


class Sent:
    """Sends parts to a server whose rate hangs on how many come at once."""

    def __init__(self, most: int, rates: dict[int, float]) -> None:
        self._now = 0.0
        self._rates = rates
        self.width = Width(most, lambda: self._now)
        self.widths: list[int] = []

    def send(self, parts: int) -> None:
        """Let so many parts come up."""
        for _ in range(parts):
            self.widths.append(self.width.at_once)
            self._now += PART / self._rates[self.width.at_once]
            self.width.came(PART)


@pytest.mark.parametrize(
    ("rates", "found"),
    [
        ({1: 290e6, 2: 275e6, 4: 245e6}, 1),
        ({1: 290e6, 2: 300e6, 4: 600e6}, 1),
        ({1: 160e6, 2: 260e6, 4: 270e6}, 2),
        ({1: 160e6, 2: 260e6, 4: 295e6}, 4),
        ({1: 100e6, 2: 200e6, 4: 400e6}, 4),
    ],
)
def test_twice_as_many_stay_where_that_is_faster_by_a_tenth(
    rates: dict[int, float], found: int
) -> None:
    """Each of them is tried for a few parts; from then on nothing changes any more."""
    sent = Sent(4, rates)

    sent.send(64)

    assert sent.width.settled
    assert sent.widths[:3] == [1, 1, 1]
    assert set(sent.widths[20:]) == {found}


def test_one_is_never_more_than_there_may_be() -> None:
    """Nothing is to be found out then."""
    sent = Sent(1, {1: 100e6})

    sent.send(10)

    assert sent.width.settled
    assert set(sent.widths) == {1}


def test_what_is_late_goes_up_at_once() -> None:
    """Whatever else was found out before."""
    sent = Sent(4, {1: 100e6, 2: 90e6, 4: 80e6})
    sent.send(20)

    sent.width.late()
    sent.send(20)

    assert set(sent.widths[20:]) == {4}
