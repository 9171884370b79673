"""Waits at the end of a run for what is written to shared tiers."""

from __future__ import annotations

from typing import Final

from store.cli.frame import Frame
from store.cli.output import say, several
from store.sharing.writing import WRITER

_UNTOLD: Final = 1.0
"""How long nothing is said of it, in seconds."""


def finish(frame: Frame) -> None:
    """Wait until all is written back, as long as the settings say; Ctrl-C leaves the rest.

    Args:
        frame: Tells how much is to be said.
    """
    if WRITER.finish(_UNTOLD):
        return
    if not frame.quiet:
        say(f"writing {several(WRITER.pending, 'file')} to the shared tier")
    if WRITER.finish(None):
        return
    left = WRITER.give_up()
    if not frame.quiet:
        say(
            f"{several(left, 'file')} not written to the shared tier in time: see write_back_timeout"
        )


def leave() -> None:
    """Write no more: the run was broken off."""
    WRITER.give_up()
