"""One of many askers fetches; the others wait, but never for ever."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from store.cache.content import Content
from store.cache.flight import FLIGHTS
from store.clock import SYSTEM_CLOCK
from store.files.locks import locked

HOLD = """
import sys
from store.cache.content import Content
with Content(sys.argv[1]).flight("uid") as waited:
    print("held", flush=True)
    sys.stdin.readline()
"""


def in_threads(count: int, work: Callable[[int], None]) -> None:
    """Run some work in threads, to its end."""
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)


def test_one_flies_at_a_time(content: Content) -> None:
    """Whichever thread comes first; all others are told that they waited."""
    inside: list[int] = []
    most: list[int] = []
    waits: list[bool] = []

    def work(number: int) -> None:
        with content.flight("uid") as waited:
            inside.append(number)
            most.append(len(inside))
            SYSTEM_CLOCK.sleep(0.01)
            inside.remove(number)
            waits.append(waited)

    in_threads(8, work)

    assert max(most) == 1
    assert len(waits) == 8
    assert waits[0] is False


def test_a_thread_is_not_taken_for_one_that_has_ended(content: Content) -> None:
    """The system may give a thread's number again, and what the first had begun may go on elsewhere."""
    key = (content.layout.root, "uid")
    waits: list[bool] = []
    content.lock_timeout = 0.0

    def begin(_: int) -> None:
        assert FLIGHTS.begin(key)[1]

    def ask(_: int) -> None:
        with content.flight("uid") as waited:
            waits.append(waited)

    in_threads(1, begin)
    in_threads(4, ask)
    FLIGHTS.end(key, FLIGHTS.begin(key)[0])

    assert waits == [True] * 4


def test_different_uids_do_not_wait(content: Content) -> None:
    """Nor do different caches."""
    other = Content(content.root / "other")

    with (
        content.flight("one") as first,
        content.flight("two") as second,
        other.flight("one") as third,
    ):
        pass

    assert (first, second, third) == (False, False, False)


def test_a_thread_does_not_wait_for_itself(content: Content) -> None:
    """Who asks for what it is fetching goes on at once."""
    with content.flight("uid"), content.flight("uid") as waited:
        pass

    with content.flight("uid") as again:
        pass
    assert (waited, again) == (False, False)


def test_a_failure_passes_the_turn_on(content: Content) -> None:
    """Nobody else gets the leader's exception."""
    results: list[str] = []

    def work(number: int) -> None:
        with contextlib.suppress(RuntimeError), content.flight("uid"):
            SYSTEM_CLOCK.sleep(0.01)
            results.append("fetched" if results else "failed")
            if len(results) == 1:
                raise RuntimeError

    in_threads(4, work)

    assert sorted(results) == ["failed", "fetched", "fetched", "fetched"]


def test_a_thread_waits_only_so_long(root: Path) -> None:
    """Then it goes on by itself, and has been told for whom it waited."""
    content = Content(root, lock_timeout=0.1)
    told: list[str] = []
    results: list[bool] = []
    done = threading.Event()

    def hold(number: int) -> None:
        if number:
            SYSTEM_CLOCK.sleep(0.05)
            with content.flight("uid", waiting=told.append) as waited:
                results.append(waited)
            done.set()
        else:
            with content.flight("uid"):
                done.wait(20)

    in_threads(2, hold)

    assert results == [True]
    assert told == [f"another thread of process {os.getpid()}"]


def test_a_process_waits_for_another(
    content: Content, start: Callable[..., object], root: Path
) -> None:
    """It is told the holder, and notices soon when that one is done."""
    holder: object = start(HOLD, root)
    assert holder.stdout.readline() == "held\n"  # type: ignore[attr-defined]
    told: list[str] = []

    def release(holder_name: str) -> None:
        told.append(holder_name)
        holder.stdin.write("\n")  # type: ignore[attr-defined]
        holder.stdin.flush()  # type: ignore[attr-defined]

    with content.flight("uid", waiting=release) as waited:
        pass

    assert waited
    assert len(told) == 1
    assert str(holder.pid) in told[0]  # type: ignore[attr-defined]


def test_a_dead_holder_is_replaced(
    content: Content, start: Callable[..., object], root: Path
) -> None:
    """Killed in its flight, it leaves no lock behind."""
    holder: object = start(HOLD, root)
    assert holder.stdout.readline() == "held\n"  # type: ignore[attr-defined]
    began = SYSTEM_CLOCK.monotonic()

    with content.flight("uid", waiting=lambda name: holder.kill()) as waited:  # type: ignore[attr-defined]
        pass

    assert waited
    assert SYSTEM_CLOCK.monotonic() - began < 20


def test_a_stopped_holder_delays_only_so_long(
    root: Path, start: Callable[..., object], caplog: pytest.LogCaptureFixture
) -> None:
    """After the timeout the others go on without the lock."""
    holder: object = start(HOLD, root)
    assert holder.stdout.readline() == "held\n"  # type: ignore[attr-defined]

    with Content(root, lock_timeout=0.2).flight("uid") as waited:
        pass

    assert waited
    assert "going on without" in caplog.text


def test_whoever_goes_on_without_both_locks_says_so_once(
    root: Path, start: Callable[..., object], caplog: pytest.LogCaptureFixture
) -> None:
    """A digest has a lock file and the lock of its directory."""
    uid = "sha256:" + "0" * 64
    holder: object = start(HOLD.replace('"uid"', repr(uid)), root)
    assert holder.stdout.readline() == "held\n"  # type: ignore[attr-defined]

    with Content(root, lock_timeout=0.2).flight(uid):
        pass

    assert caplog.text.count("going on without") == 1


def test_a_forks_child_flies_on_its_own(content: Content) -> None:
    """What its parent's threads were fetching is nothing it could wait for."""
    with content.flight("uid"):
        child = os.fork()
        if child == 0:
            with Content(content.root / "other").flight("uid") as waited:
                pass
            from store.cache.flight import FLIGHTS

            os._exit(0 if not waited and FLIGHTS._process == os.getpid() else 1)
        _, status = os.waitpid(child, 0)

    assert status == 0


def test_nobody_waits_for_a_turn_once_it_is_there(root: Path) -> None:
    """A waiter that sees what it waits for goes on while another still holds the lock."""
    asked: list[int] = []

    def ready() -> bool:
        asked.append(1)
        return len(asked) > 2

    content = Content(root, lock_timeout=60)
    with (
        locked(content.layout.lock("uid"), timeout=0),
        content.flight("uid", ready=ready) as waited,
    ):
        assert waited

    assert 3 <= len(asked) <= 4


@pytest.mark.parametrize("place", ["content", "content/v1", "content/v1/sha256"])
def test_no_link_leads_a_flight_out_of_the_cache(
    content: Content, tmp_path: Path, place: str
) -> None:
    """Nothing is made at its end; it is set aside."""
    outside = tmp_path / "outside"
    outside.mkdir()
    link = content.root / place
    link.parent.mkdir(parents=True)
    link.symlink_to(outside)

    with content.flight("sha256:" + "ab" * 32):
        pass

    assert list(outside.iterdir()) == []
    assert not link.is_symlink()


def test_a_flight_that_brought_nothing_leaves_no_directory(content: Content) -> None:
    """What it has locked goes with it."""
    with content.flight("sha256:" + "ab" * 32):
        pass

    assert list((content.root / "content" / "v1" / "sha256" / "ab").iterdir()) == []


@pytest.mark.parametrize("uid", ["sha256:" + "AB" * 32, "sha256:" + "z" * 64, "sha256:" + "é" * 64])
def test_what_only_looks_like_a_digest_locks_no_directory(content: Content, uid: str) -> None:
    """No content can ever lie there."""
    with content.flight(uid):
        pass

    assert not (content.root / "content").exists()
