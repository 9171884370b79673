"""Many blobs move at once; the first error is told at once, and nothing hangs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from store.errors import StoreError, TransportError
from store.releases import transfer
from store.releases.transfer import CancelledError, Job, Standing, Update, following, move_all


def jobs(count: int) -> list[Job[int]]:
    """Return jobs that are about their own number."""
    return [Job(number, f"n{number}", 10) for number in range(count)]


def test_every_job_is_done_once() -> None:
    """However many threads there are, each blob is moved once, and the end is shown."""
    done: list[int] = []
    shown: list[Standing] = []

    def move(number: int, update: Update) -> None:
        update["size"] = 10
        done.append(number)

    move_all(jobs(50), move, threads=7, show=shown.append)

    assert sorted(done) == list(range(50))
    assert shown[-1] == Standing(500, 50, ())


def test_nothing_to_do_is_soon_done() -> None:
    """A release without files is no endless wait."""
    move_all([], lambda *_: None, threads=4)


def test_the_first_error_ends_it_all() -> None:
    """It is raised, what has not begun never does, and what is on its way stops at its next chunk."""
    begun: list[int] = []
    given_up: list[BaseException] = []
    failed = threading.Event()

    def move(number: int, update: Update) -> None:
        begun.append(number)
        if number == 1:
            failed.set()
            raise TransportError("gone")
        failed.wait(5)
        try:
            for size in range(10_000):
                update["size"] = size
                time.sleep(0.001)
        except CancelledError as error:
            given_up.append(error)
            raise

    with pytest.raises(TransportError, match="gone"):
        move_all(jobs(100), move, threads=2)

    assert set(begun) <= {0, 1, 2}
    assert len(given_up) >= 1


def test_a_peer_that_never_answers_delays_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error is told though another blob hangs: its thread is left behind."""
    monkeypatch.setattr(transfer, "GRACE", 0.05)
    released = threading.Event()

    def move(number: int, update: Update) -> None:
        del update
        if number == 0:
            released.wait(20)
        else:
            raise TransportError("gone")

    before = time.monotonic()
    with pytest.raises(TransportError):
        move_all(jobs(2), move, threads=2)

    assert time.monotonic() - before < 5
    released.set()


def test_an_interruption_stops_the_threads() -> None:
    """Whoever stops waiting stops the work."""
    stopped: list[int] = []

    def move(number: int, update: Update) -> None:
        try:
            for size in range(10_000):
                update["size"] = size
                time.sleep(0.001)
        except CancelledError:
            stopped.append(number)
            raise

    def interrupt(_: Standing) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move_all(jobs(2), move, threads=2, show=interrupt)

    assert sorted(stopped) == [0, 1]


@pytest.mark.parametrize("made", [dict, lambda: None, Update])
def test_updates_are_kept_in_order(made: Callable[[], Any]) -> None:
    """Whatever mapping is given says how it ended."""
    update = made()

    with following(update) as kept:
        kept["size"] = 7
    with pytest.raises(TransportError), following(update) as kept:
        raise TransportError("gone")

    assert (kept["finished"], kept["success"]) == (True, False)
    assert isinstance(kept["error"], TransportError)
    assert update is None or update is kept


def starting_at_most(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the system start so many threads, and no more."""
    start, left = threading.Thread.start, iter(range(count))

    def limited(thread: threading.Thread) -> None:
        if next(left, None) is None:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", limited)


@pytest.mark.parametrize("count", [1, 2])
def test_fewer_threads_move_everything_too(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system starts no more, those that are there go on."""
    done: list[int] = []
    starting_at_most(count, monkeypatch)

    move_all(jobs(20), lambda number, _: done.append(number), threads=4)

    assert sorted(done) == list(range(20))


def test_without_any_thread_nothing_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told as an error of ours, and nothing goes on behind the caller's back."""
    done: list[int] = []
    starting_at_most(0, monkeypatch)

    with pytest.raises(StoreError, match="no thread can be started"):
        move_all(jobs(20), lambda number, _: done.append(number), threads=4)

    assert done == []
