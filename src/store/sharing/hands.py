"""Does what may hang in the system, in threads that can be left behind."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")

_Task = tuple[Callable[[], Any], "SimpleQueue[tuple[Any, BaseException | None]]"]


class HungError(Exception):
    """A call has not come back in time."""


class Hands:
    """One thread for each that asks, used again until it hangs: to begin one takes longer than a file."""

    def __init__(self) -> None:
        self._own = threading.local()

    def do(self, call: Callable[[], T], patience: float) -> T:
        """Return what a call returns, or raise what it raises.

        Args:
            call: May hang; it is left behind then, with its thread.
            patience: How long it may take, in seconds.

        Raises:
            HungError: It has not come back in time.
        """
        hand = getattr(self._own, "hand", None)
        if hand is None or hand.process != os.getpid():  # a fork has no threads
            hand = self._own.hand = _Hand()
        answer: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()
        hand.tasks.put((call, answer))
        try:
            value, error = answer.get(timeout=patience)
        except Empty:
            self._own.hand = None
            hand.tasks.put(None)
            raise HungError from None
        if error is not None:
            raise error
        returned: T = value
        return returned


class _Hand:
    """A thread that does one thing after the other, until nobody can ask it any more."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.tasks: SimpleQueue[_Task | None] = SimpleQueue()
        threading.Thread(target=_work, args=(self.tasks,), name="store-tier", daemon=True).start()

    def __del__(self) -> None:
        """Let the thread end with whoever has asked it."""
        self.tasks.put(None)


def _work(tasks: SimpleQueue[_Task | None]) -> None:
    while (task := tasks.get()) is not None:
        call, answer = task
        try:
            answer.put((call(), None))
        except BaseException as error:  # noqa: BLE001 - raised by whoever waits, who may have gone
            answer.put((None, error))
        del task, call, answer
