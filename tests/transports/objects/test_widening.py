"""Parts go up one after another unless several together are faster."""

from __future__ import annotations

import pytest

from store.transports.objects.widening import ALONE, LASTING, PATIENCE, WORTH, Width

PART = 8 << 20
MOST = 4
RATE = 200e6
FASTER, SLOWER = 1.2 * WORTH, 0.9 * WORTH


class Sent:
    """Sends parts to a store: each takes its time, and those that are on their way together end together.

    Args:
        together: How many times as fast as one a few parts come together.
    """

    def __init__(self, together: float) -> None:
        self._now = 0.0
        self._together = together
        self.width = Width(MOST, lambda: self._now)

    def send(self, parts: int) -> list[int]:
        """Let so many parts come up; return how many went up at once, again and again."""
        widths = []
        while parts > 0:
            running = 0
            while self.width.has_room(running) and running < parts:
                running += 1
            widths.append(running)
            self._now += running * PART / (RATE * (self._together if running > 1 else 1.0))
            for _ in range(running):
                self.width.came(PART)
            parts -= running
        return widths


def test_several_go_up_where_they_are_faster_together() -> None:
    """To the end: each part is kept by itself."""
    assert Sent(FASTER).send(ALONE + 100 * MOST) == [1] * ALONE + [MOST] * 100


def test_one_goes_up_where_several_are_hardly_faster() -> None:
    """The store writes them in their order."""
    assert Sent(SLOWER).send(ALONE + MOST + 20) == [1] * ALONE + [MOST] + [1] * 20


def test_the_first_part_tells_nothing() -> None:
    """It waits for a connection to be opened."""
    sent = Sent(SLOWER)
    sent._now += 10 * PART / RATE

    assert sent.send(ALONE + MOST + 2) == [1] * ALONE + [MOST] + [1] * 2


def test_it_is_tried_again_after_a_while() -> None:
    """What was slow for another reason is not paid for to the end."""
    sent = Sent(SLOWER)
    sent.send(ALONE + MOST + LASTING)
    sent._together = FASTER

    assert sent.send(ALONE + 3 * MOST) == [1] * ALONE + [MOST] * 3


@pytest.mark.parametrize("parts", [0, 1, ALONE, ALONE + MOST, ALONE + MOST + 3])
def test_several_go_up_where_one_was_waited_for_too_long(parts: int) -> None:
    """It is not the store's processor that it waits for."""
    sent = Sent(SLOWER)
    sent.send(parts)

    sent.width.widen()

    assert sent.send(10 * MOST) == [MOST] * 10


def test_only_a_part_that_is_alone_is_waited_for_so_long() -> None:
    """Where several are on their way nothing can be done about one."""
    sent = Sent(FASTER)
    assert sent.width.patience() == PATIENCE
    sent.send(ALONE)
    assert sent.width.patience() is None
    sent.send(MOST)
    assert sent.width.patience() is None
