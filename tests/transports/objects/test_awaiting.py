"""What heeds no signal is waited for by somebody who does."""

from __future__ import annotations

import os
import signal
import threading
from contextvars import ContextVar
from types import FrameType

import pytest

from store.transports.objects.awaiting import awaited

subject: ContextVar[str] = ContextVar("subject", default="none")


def test_what_a_call_returns_or_raises_is_handed_on() -> None:
    """In the context of whoever waits."""
    subject.set("mine")

    assert awaited(lambda: (subject.get(), threading.current_thread().name)) == (
        "mine",
        "store-awaited",
    )
    with pytest.raises(ZeroDivisionError):
        awaited(lambda: 1 // 0)


def test_in_another_thread_nobody_else_is_asked() -> None:
    """Signals do not concern it."""
    seen: list[str] = []
    thread = threading.Thread(
        target=lambda: seen.append(awaited(lambda: threading.current_thread().name)), name="other"
    )

    thread.start()
    thread.join()

    assert seen == ["other"]


def test_a_signal_ends_the_wait() -> None:
    """Whatever the call is waiting for."""
    never = threading.Event()
    running = threading.Event()

    def stuck() -> None:
        """Wait as foreign code would."""
        running.set()
        never.wait(30)

    def interrupt() -> None:
        """Press Ctrl-C once the call is under way."""
        running.wait(30)
        os.kill(os.getpid(), signal.SIGUSR1)

    def told(number: int, frame: FrameType | None) -> None:
        """Do as Python does on Ctrl-C."""
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGUSR1, told)
    presser = threading.Thread(target=interrupt)
    try:
        presser.start()
        with pytest.raises(KeyboardInterrupt):
            awaited(stuck)
    finally:
        signal.signal(signal.SIGUSR1, before)
        never.set()
        presser.join()
