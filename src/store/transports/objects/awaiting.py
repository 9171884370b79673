"""Waits for calls that heed no signal, so that Ctrl-C ends the wait."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

_TICK: Final = 0.25
"""How often it is looked up, in seconds: a signal that another thread was given wakes nobody."""


def awaited(call: Callable[[], T]) -> T:
    """Return what a call returns, or raise what it raises, which may take long within foreign code.

    Python's own signal handlers run in the main thread, and only once it is in Python again. There the call
    is left to a thread, and waited for; an interrupted call ends unheard, so that it must change nothing. In
    any other thread it is called as it is.

    Args:
        call: Asks, and changes nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        return call()
    returned: list[T] = []
    raised: list[BaseException] = []
    done = threading.Event()
    context = contextvars.copy_context()

    def run() -> None:
        """Call, and keep what comes of it."""
        try:
            returned.append(context.run(call))
        except BaseException as error:  # noqa: BLE001 - raised by whoever waits
            raised.append(error)
        finally:
            done.set()

    threading.Thread(target=run, name="store-awaited", daemon=True).start()
    while not done.wait(_TICK):
        pass
    if raised:
        raise raised[0]
    return returned[0]
