"""What a person is told on the way."""

from __future__ import annotations

import pytest

from store.cli.telling import Teller
from store.events import (
    Cached,
    Event,
    Failed,
    Hit,
    Progressed,
    Quarantined,
    Retried,
    Started,
    Waited,
)
from store.testing.fakes import FakeClock


def test_a_long_download_is_a_line_now_and_then(
    store_clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every ten seconds, so that a log stays short and nobody thinks it hangs."""
    teller = Teller(clock=store_clock)

    teller(Started(name="a", uid="u"))
    for received in range(0, 25 * 1024, 1024):
        teller(Progressed(name="a", received=received, total=25 * 1024))
        store_clock.sleep(1.0)
    teller(Progressed(name="a", received=30_000_000, total=None))

    assert capsys.readouterr().err.splitlines() == [
        "store: fetching a",
        "store: a: 10.0 KiB of 25.0 KiB",
        "store: a: 20.0 KiB of 25.0 KiB",
    ]


def test_a_total_may_be_unknown(store_clock: FakeClock, capsys: pytest.CaptureFixture[str]) -> None:
    """Then only what has come is told."""
    teller = Teller(clock=store_clock)

    teller(Progressed(name="a", received=0, total=None))
    store_clock.sleep(10.0)
    teller(Progressed(name="a", received=2048, total=None))

    assert capsys.readouterr().err == "store: a: 2.0 KiB\n"


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (
            Retried(name="a", address="https://h/a", reason="lost", delay=0.51),
            "a: lost; trying again in 0.5 s",
        ),
        (
            Retried(name="a", address="https://h/a", reason="https://h/a: lost", delay=0.0),
            "https://h/a: lost; trying again now",
        ),
        (Waited(name="a", holder=""), "a: waiting for another that is fetching it"),
        (
            Waited(name="a", holder="pid 7"),
            "a: waiting for another that is fetching it (pid 7)",
        ),
        (
            Quarantined(name="a", path="/p", reason="changed"),
            "a: the cached file was not what it should be and is set aside: changed",
        ),
    ],
)
def test_what_may_surprise_is_told(
    event: Event, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A person who waits wants to know why."""
    Teller()(event)

    assert capsys.readouterr().err == f"store: {said}\n"


@pytest.mark.parametrize(
    "event",
    [Hit(name="a", path="/p"), Cached(name="a", path="/p", uid="u"), Failed(name="a", reason="r")],
)
def test_what_the_result_says_is_not_told_twice(
    event: Event, capsys: pytest.CaptureFixture[str]
) -> None:
    """The result has it, or the error's line."""
    Teller()(event)

    assert capsys.readouterr().err == ""


def test_bars_see_all_events_and_are_ended() -> None:
    """A bar that stays open would break the next line."""
    seen: list[Event] = []
    teller = Teller(seen.append)

    teller(Started(name="a", uid="u"))
    teller(Progressed(name="a", received=1, total=2))
    teller.settle()
    teller.settle()

    assert [type(event) for event in seen] == [Started, Progressed, Failed]
    assert seen[-1].name == "a"
