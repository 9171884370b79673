"""What a person is told while many files are fetched."""

from __future__ import annotations

import sys

import pytest

from store.cli.watching import Watcher
from store.events import Cached, Failed, Hit, Progressed, Retried, Started
from store.testing.fakes import FakeClock


def test_a_log_gets_a_line_every_ten_seconds(
    store_clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files, bytes and rate of all together; and a last one at the end of several."""
    watcher = Watcher(3, drawn=False, clock=store_clock)

    watcher(Hit("c", "/p", 5))
    watcher(Started("a", "a"))
    watcher(Started("b", "b"))
    for received in range(26):
        watcher(Progressed("a", received << 20, 25 << 20))
        watcher(Progressed("b", received << 10, 100 << 10))
        store_clock.sleep(1.0)
    watcher(Cached("a", "/p", "a"))
    watcher(Failed("b", "gone", "TransportError"))

    assert not watcher.settle()
    assert not watcher.settle()
    first, *lines = capsys.readouterr().err.splitlines()
    told = [line.rpartition(", ") for line in lines]
    assert first == "store: fetching 2 of 3 files"
    assert [line[0] for line in told] == [
        "store: 1 of 3 files, 10.0 MiB of 25.1 MiB",
        "store: 1 of 3 files, 20.0 MiB of 25.1 MiB",
        "store: 3 of 3 files, 1 failed, 25.0 MiB",
    ]
    assert all(line[2].endswith("iB/s") for line in told)


def test_a_guess_is_called_one(store_clock: FakeClock, capsys: pytest.CaptureFixture[str]) -> None:
    """The sizes of what has not begun are not known."""
    watcher = Watcher(4, drawn=False, clock=store_clock)

    watcher(Started("a", "a"))
    store_clock.sleep(10.0)
    watcher(Progressed("a", 1 << 20, 2 << 20))

    assert "0 of 4 files, 1.0 MiB of about 8.0 MiB" in capsys.readouterr().err


def test_a_short_run_says_little(
    store_clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    """A thousand small files are no thousand lines; what may surprise is told as it comes."""
    watcher = Watcher(2, drawn=False, clock=store_clock)

    watcher(Started("a", "a"))
    watcher(Progressed("a", 5, 5))
    watcher(Retried("a", "https://h/a", "lost", 0.0))
    with watcher.paused():
        watcher(Cached("a", "/p", "a"))
    watcher.settle()

    assert capsys.readouterr().err == (
        "store: fetching 2 files\nstore: a: lost; trying again now\n"
    )


def test_a_panel_makes_room_for_lines(
    store_clock: FakeClock, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They stand above it; at the end the line of the whole stays."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    watcher = Watcher(2, drawn=True, clock=store_clock)

    watcher(Started("a", "a"))
    watcher(Progressed("a", 5, 10))
    watcher(Retried("a", "https://h/a", "lost", 0.0))
    with watcher.paused():
        sys.stderr.write("result\n")

    assert watcher.settle()
    told = capsys.readouterr().err
    assert "\nstore: a: lost; trying again now\n" in told.replace("\r", "\n")
    assert "\nresult\n" in told.replace("\r", "\n")
    assert "0/2 files" in told.splitlines()[-1]
