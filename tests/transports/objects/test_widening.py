"""Parts go up one after another while that is fast, else several at once."""

from __future__ import annotations

import pytest

from store.transports.objects.widening import ENOUGH, Width

PART = 8 << 20


class Sent:
    """Sends parts to a server, at a rate that is told."""

    def __init__(self) -> None:
        self._now = 0.0
        self.width = Width(4, lambda: self._now)

    def send(self, parts: int, rate: float) -> list[int]:
        """Let so many parts come up; return how many were to be at once before each."""
        widths = []
        for _ in range(parts):
            widths.append(self.width.at_once)
            self._now += PART / rate
            self.width.came(PART)
        return widths


def test_what_is_fast_goes_on_one_by_one() -> None:
    """However long it lasts."""
    assert Sent().send(100, 1.1 * ENOUGH) == [1] * 100


def test_what_is_slow_goes_up_at_once() -> None:
    """As soon as a few parts have told so."""
    assert Sent().send(10, 0.9 * ENOUGH) == [1] * 4 + [4] * 6


def test_what_becomes_slow_goes_up_at_once() -> None:
    """From then on, even where it becomes fast again."""
    sent = Sent()
    sent.send(8, 2 * ENOUGH)
    sent.send(4, 0.5 * ENOUGH)

    assert sent.send(10, 10 * ENOUGH) == [4] * 10


def test_one_slow_part_is_not_taken_for_all() -> None:
    """The rate is that of several together."""
    sent = Sent()

    widths = sent.send(2, 2 * ENOUGH) + sent.send(1, 0.5 * ENOUGH) + sent.send(5, 2 * ENOUGH)

    assert widths == [1] * 8


@pytest.mark.parametrize("parts", [0, 3])
def test_it_may_be_told_to(parts: int) -> None:
    """By who has waited long enough for one."""
    sent = Sent()
    sent.send(parts, 2 * ENOUGH)

    sent.width.widen()

    assert sent.send(10, 2 * ENOUGH) == [4] * 10
