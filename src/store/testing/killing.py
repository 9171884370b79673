"""Processes that are killed in the middle of their work."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def killed_at(name: str, number: int) -> Iterator[None]:
    """Kill this process at a call of a function of ``os``: ``killed_at("fsync", 2)``.

    It stands in a program that a test starts, or in a fork's child. As by ``kill -9`` the call is not made,
    and nothing of Python's runs any more. Raise ``number`` until the program lives to its end, and each step
    of its work has been its last one once. What libraries in C call passes it by.

    Args:
        name: The function's name.
        number: Which call is the last, counted from 1 over all threads; 0 kills nothing.
    """
    original = getattr(os, name)
    lock, made = threading.Lock(), 0

    def call(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - any function's
        """Count the calls, and stand for the function at all others."""
        nonlocal made
        with lock:
            made += 1
            if made == number:
                os.kill(os.getpid(), signal.SIGKILL)
        return original(*arguments, **named)

    setattr(os, name, call)
    try:
        yield
    finally:
        setattr(os, name, original)
