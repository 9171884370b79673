"""Lets a signal unwind a command, so that what is unfinished is removed."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Final

from store.cli.frame import Frame, ended_by

_MOMENT: Final = 0.02
"""How many seconds later a signal is sent again that came where nothing can be raised."""


@contextlib.contextmanager
def unwinding(frame: Frame) -> Iterator[None]:
    """Let SIGINT, SIGTERM and SIGHUP raise what ends the block; a second one kills.

    What is raised within a ``__del__``, or in a callback of the garbage collector, Python drops: then the
    signal is sent once more, a moment later.

    Args:
        frame: Is told of the signal.
    """
    dropped = threading.Event()
    told = sys.unraisablehook

    def unwind(number: int, _: FrameType | None) -> None:
        """Raise what ends the command; the second signal does what it would do without us."""
        if frame.stopped and not dropped.is_set():
            with contextlib.suppress(OSError):
                os.write(2, b"store: told to end twice: ended at once, and nothing is cleaned up\n")
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        dropped.clear()
        frame.stopped = number
        raise ended_by(number)

    def note_dropped(unraisable: sys.UnraisableHookArgs) -> None:
        """Send the signal again where what it raised is dropped."""
        if not (frame.stopped and isinstance(unraisable.exc_value, KeyboardInterrupt | SystemExit)):
            told(unraisable)
            return
        dropped.set()
        again = threading.Timer(_MOMENT, os.kill, (os.getpid(), frame.stopped))
        again.daemon = True
        again.start()

    before = {}
    with contextlib.suppress(ValueError):  # in a thread that is not the main one
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            handler = signal.getsignal(number)
            if handler in {signal.SIG_DFL, signal.default_int_handler}:  # nohup's choice is kept
                before[number] = signal.signal(number, unwind)
    sys.unraisablehook = note_dropped
    try:
        yield
    finally:
        sys.unraisablehook = told
        for number, handler in before.items():
            signal.signal(number, handler)
