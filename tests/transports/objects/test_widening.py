"""Parts go up one after another while that is fast, else several at once, unless the store holds one back."""

from __future__ import annotations

import pytest

from store.transports.objects.widening import ENOUGH, FEW, LASTING, Width

PART = 8 << 20
MOST = 4


class Sent:
    """Sends parts to a store, at a rate that is told."""

    def __init__(self) -> None:
        self._now = 0.0
        self._number = 0
        self.width = Width(MOST, lambda: self._now)

    def send(self, parts: int, rate: float, *, waiting: tuple[int, ...] = ()) -> list[int]:
        """Let so many parts come up while others wait; return how many were to be at once before each."""
        widths = []
        for _ in range(parts):
            widths.append(self.width.at_once)
            self._now += PART / rate
            self._number += 1
            self.width.came(self._number, PART, [*waiting, self._number + 1])
        return widths

    def send_at_once(self) -> None:
        """Let several go up at once, since they are slow."""
        self.width.widen()


def test_what_is_fast_goes_on_one_by_one() -> None:
    """However long it lasts."""
    assert Sent().send(100, 1.1 * ENOUGH) == [1] * 100


def test_what_is_slow_goes_up_at_once() -> None:
    """As soon as two parts have told so."""
    assert Sent().send(10, 0.9 * ENOUGH) == [1] * 2 + [MOST] * 8


def test_what_becomes_slow_goes_up_at_once() -> None:
    """From then on, even where it becomes fast again."""
    sent = Sent()
    sent.send(8, 2 * ENOUGH)
    sent.send(2, 0.5 * ENOUGH)

    assert sent.send(10, 10 * ENOUGH) == [MOST] * 10


def test_one_slow_part_is_not_taken_for_all() -> None:
    """The rate is that of several together."""
    sent = Sent()

    widths = sent.send(2, 2 * ENOUGH) + sent.send(1, 0.7 * ENOUGH) + sent.send(5, 2 * ENOUGH)

    assert widths == [1] * 8


@pytest.mark.parametrize("parts", [0, 1])
def test_it_may_be_told_to(parts: int) -> None:
    """By who has waited long enough for one."""
    sent = Sent()
    sent.send(parts, 2 * ENOUGH)

    sent.width.widen()

    assert sent.send(10, 2 * ENOUGH) == [MOST] * 10


def test_few_go_up_at_once_where_the_store_holds_one_back() -> None:
    """Twice as many parts as go up at once came by it: it writes them in their order."""
    sent = Sent()
    sent.send_at_once()

    widths = sent.send(2 * MOST + 3, ENOUGH, waiting=(0,))

    assert widths == [MOST] * 2 * MOST + [FEW] * 3


def test_parts_that_overtake_several_others_are_no_sign() -> None:
    """Each is late now and then, where parts come by several connections."""
    sent = Sent()
    sent.send_at_once()

    for late in range(10):
        assert sent.send(2 * MOST - 1, ENOUGH, waiting=(-late,)) == [MOST] * (2 * MOST - 1)


def test_it_is_looked_at_again_after_a_while() -> None:
    """A part that was late for another reason does not slow down all that is left."""
    sent = Sent()
    sent.send_at_once()
    sent.send(2 * MOST, ENOUGH, waiting=(0,))

    assert sent.send(LASTING + 2, ENOUGH) == [FEW] * LASTING + [MOST] * 2
