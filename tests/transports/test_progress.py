"""Progress is shown at a pace that people can read."""

from __future__ import annotations

import io
import sys
from typing import Any, cast

import pytest

from store.errors import ConfigurationError
from store.events import Attempted, Event, Failed, Progressed
from store.testing.fakes import FakeClock
from store.transports.progress import progress_listener, several


def progressed(received: int, total: int | None = 100, name: str = "a") -> Progressed:
    """Return an event."""
    return Progressed(name=name, received=received, total=total)


def test_a_callback_is_told_of_first_and_last_bytes() -> None:
    """In between it is called at most 20 times a second."""
    calls: list[tuple[int, int | None, str]] = []
    clock = FakeClock()
    listener = progress_listener(lambda *told: calls.append(told), clock=clock)
    assert listener is not None

    for received in range(1, 101):
        clock.advance(0.01)
        listener(progressed(received))

    assert calls[0] == (1, 100, "a")
    assert calls[-1] == (100, 100, "a")
    assert 18 <= len(calls) <= 22


def test_the_end_is_told_once() -> None:
    """The last bytes come once, though two events tell them."""
    calls: list[int] = []
    listener = progress_listener(lambda received, *_: calls.append(received), clock=FakeClock())
    assert listener is not None

    listener(progressed(100))
    listener(progressed(100))

    assert calls == [100]


def test_numbers_fall_only_with_a_new_attempt() -> None:
    """Fewer bytes than before are shown when an attempt begins again, and not otherwise."""
    calls: list[int] = []
    clock = FakeClock()
    listener = progress_listener(lambda received, *_: calls.append(received), clock=clock)
    assert listener is not None

    for event in (progressed(50), progressed(10), Attempted(name="a", address="x", number=2)):
        clock.advance(1.0)
        listener(event)
    listener(progressed(20))

    assert calls == [50, 20]


def test_resources_have_a_pace_each() -> None:
    """One resource's events do not silence another's."""
    calls: list[str] = []
    listener = progress_listener(lambda _, __, name: calls.append(name), clock=FakeClock())
    assert listener is not None

    listener(progressed(1, name="a"))
    listener(progressed(1, name="b"))

    assert calls == ["a", "b"]


def test_nothing_is_shown_where_nothing_is_wanted() -> None:
    """None and False are no listener."""
    assert progress_listener(None) is None
    assert progress_listener(False) is None
    assert several(None, None) is None


def test_what_is_no_callback_is_refused_before_anything_moves() -> None:
    """Not when the first byte comes."""
    with pytest.raises(ConfigurationError, match="progress is a callback, True or None"):
        progress_listener(cast("Any", 3))


def test_several_listeners_are_one() -> None:
    """Each is told each event; a lone one stays itself."""
    first: list[Event] = []
    second: list[Event] = []
    told = several(first.append, None, second.append)
    assert told is not None

    told(progressed(1))

    assert first == second == [progressed(1)]
    alone = several(None, first.append)
    assert alone is not None
    alone(progressed(2))
    assert first[-1] == progressed(2)


def test_a_bar_is_drawn_on_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tqdm draws the name and the part that is there, and the bar stays when all is there."""
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    clock = FakeClock()
    listener = progress_listener(True, clock=clock)
    assert listener is not None

    for received in (10, 100):
        clock.advance(1.0)
        listener(progressed(received, name="six.whl"))

    drawn = screen.getvalue()
    assert "six.whl" in drawn
    assert "10%" in drawn
    assert "100%" in drawn
    assert drawn.endswith("\n")


def test_a_bar_ends_with_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be had leaves no bar that moves; what was never shown needs no end."""
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    listener = progress_listener(True, clock=FakeClock())
    assert listener is not None

    listener(progressed(10, None))
    listener(Failed(name="a", reason="gone"))
    listener(Failed(name="b", reason="gone"))

    assert screen.getvalue().endswith("\n")
