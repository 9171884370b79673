"""What may hang is done by a thread that can be left behind, and is used again."""

from __future__ import annotations

import os
import threading
import time

import pytest

from store.sharing.hands import Hands, HungError


def test_one_thread_does_one_thing_after_the_other() -> None:
    """What a call returns or raises is handed on."""
    hands = Hands()
    names = {hands.do(lambda: threading.current_thread().ident, 5) for _ in range(20)}

    assert len(names) == 1
    assert names != {threading.get_ident()}
    with pytest.raises(TimeoutError, match="its own"):
        hands.do(_fail, 5)


def _fail() -> None:
    raise TimeoutError("its own")


def test_a_thread_that_hangs_is_left_behind() -> None:
    """It ends once it comes back; another one does what is next."""
    hands, go = Hands(), threading.Event()
    begun = time.monotonic()
    with pytest.raises(HungError):
        hands.do(lambda: go.wait(30), 0.05)

    assert hands.do(lambda: 7, 5) == 7
    assert time.monotonic() - begun < 5
    before = threads()
    go.set()
    wait_until(lambda: threads() < before)


def test_a_thread_ends_with_whoever_has_asked_it() -> None:
    """Nobody can ask it any more."""
    hands = Hands()
    before = threads()
    asking = threading.Thread(target=lambda: hands.do(lambda: None, 5))
    asking.start()
    asking.join()
    del asking

    wait_until(lambda: threads() <= before)


def test_a_fork_has_a_thread_of_its_own() -> None:
    """That of its parent is not there."""
    hands = Hands()
    hands.do(lambda: None, 5)

    child = os.fork()
    if child == 0:
        os._exit(0 if hands.do(lambda: 7, 5) == 7 else 1)
    _, status = os.waitpid(child, 0)

    assert status == 0


def threads() -> int:
    """How many such threads there are."""
    return sum(one.name == "store-tier" for one in threading.enumerate())


def wait_until(holds: object) -> None:
    """Wait until something holds, for some seconds at most."""
    assert callable(holds)
    end = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)
