"""Parts go up several at once, unless they are about as fast one by one."""

from __future__ import annotations

import pytest

from store.transports.objects.widening import (
    ALONE,
    ENOUGH,
    LASTING,
    PATIENCE,
    WORTH,
    Width,
)

PART = 8 << 20
MOST = 4
FASTER, SLOWER = 1.1 * WORTH, 0.9 * WORTH


class Sent:
    """Sends parts to a store: each takes its time, and those that are on their way together end together.

    Args:
        together: How many times as fast as one a few parts come together.
        rate: How fast one comes, in bytes a second.
    """

    def __init__(self, together: float, rate: float = 2 * ENOUGH) -> None:
        self._now = 0.0
        self._rate = rate
        self.together = together
        self.width = Width(MOST, lambda: self._now)

    def send(self, parts: int) -> list[int]:
        """Let so many parts come up; return how many went up at once, again and again."""
        widths = []
        while parts > 0:
            running = 0
            while self.width.has_room(running) and running < parts:
                running += 1
            widths.append(running)
            self._now += running * PART / (self._rate * (self.together if running > 1 else 1.0))
            for _ in range(running):
                self.width.came(PART)
            parts -= running
        return widths


def test_several_go_up_where_they_are_faster_together() -> None:
    """To the end, once a few have told how fast one is: each part is kept by itself."""
    widths = Sent(FASTER).send(MOST + ALONE + 100 * MOST)

    assert widths == [MOST] + [1] * ALONE + [MOST] * 100


def test_one_goes_up_where_several_are_hardly_faster() -> None:
    """The store writes them in their order."""
    assert Sent(SLOWER).send(MOST + ALONE + 20) == [MOST] + [1] * (ALONE + 20)


@pytest.mark.parametrize("together", [FASTER, SLOWER])
def test_several_go_up_over_a_slow_network(together: float) -> None:
    """It is not tried how fast one is: what is waited for is not the store's processor."""
    assert Sent(together, ENOUGH / 2).send(10 * MOST) == [MOST] * 10


def test_it_is_tried_again_after_a_while() -> None:
    """What was slow for another reason is not paid for to the end."""
    sent = Sent(SLOWER)
    sent.send(MOST + ALONE + LASTING)
    sent.together = FASTER

    assert sent.send(MOST + ALONE + 2 * MOST) == [MOST] + [1] * ALONE + [MOST] * 2


@pytest.mark.parametrize("parts", [0, MOST, MOST + 1, MOST + ALONE, MOST + ALONE + 3])
def test_several_go_up_where_one_was_waited_for_too_long(parts: int) -> None:
    """Whatever was to be found out."""
    sent = Sent(SLOWER)
    sent.send(parts)

    sent.width.widen()

    assert sent.send(10 * MOST) == [MOST] * 10


def test_only_a_part_that_is_alone_is_waited_for_so_long() -> None:
    """Where several are on their way nothing can be done about one."""
    sent = Sent(FASTER)
    assert sent.width.patience() is None
    sent.send(MOST)
    assert sent.width.patience() == PATIENCE
    sent.send(ALONE)
    assert sent.width.patience() is None
