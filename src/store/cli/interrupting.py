"""Tells that a run was interrupted, and what is kept of its work."""

from __future__ import annotations

import contextlib
import signal
from typing import Final

from store.cli.frame import Frame
from store.cli.output import human_size, on_terminal, plain, record, say, several

INTERRUPTED: Final = 130
"""128 and SIGINT: what a shell says of a program that Ctrl-C ended."""


def interrupted(frame: Frame, number: int = signal.SIGINT, *, printed: bool = False) -> int:
    """Say what ended the run, and what is kept; with ``--json`` as an object on stdout, too.

    Args:
        frame: Tells how much is to be said.
        number: The signal.
        printed: Whether the result is on stdout already: then nothing follows it.

    Returns:
        The status after Ctrl-C.
    """
    said = "interrupted" if number == signal.SIGINT else f"ended by {signal.Signals(number).name}"
    with contextlib.suppress(OSError):
        if not frame.settle() and on_terminal("stderr"):
            plain("")  # away from the ^C
        done, every = frame.here()
        here = f"{done} of {every} are in the cache" if done and every > 1 else None
        said = "; ".join(text for text in (said, here, kept(frame)) if text is not None)
        say(said)
    if frame.json and not printed:
        with contextlib.suppress(OSError, ValueError):  # who reads it may be gone, too
            _describe(said, frame, number)
    return INTERRUPTED


def _describe(said: str, frame: Frame, number: int) -> None:
    told = {
        "type": "Interrupted",
        "message": said,
        "exit_status": 128 + number,
        "signal": signal.Signals(number).name,
    }
    record({"locator": None, "error": told} if frame.lines else {"error": told})


def kept(frame: Frame) -> str | None:
    """Say what is kept of bodies that are not whole yet; None where nothing is."""
    parts = tuple(frame.saved.values())
    if not parts:
        return frame.kept or None
    size = human_size(sum(one.received for one in parts))
    of = parts[0].name if len(parts) == 1 else several(len(parts), "file")
    return f"{size} of {of} are kept: {frame.again}"
