"""The names of what is not finished yet, and of what never will be."""

from __future__ import annotations

import os

from store.files.names import PARTIAL_PREFIX, derived_name
from store.machine import is_alive, process_space


def partial_name() -> str:
    """Return a fresh hidden name for something that is not finished yet; it says whose it is."""
    return f"{PARTIAL_PREFIX}{_here()}-{os.getpid()}-{os.urandom(8).hex()}"


def will_be_finished(name: str) -> bool:
    """Return whether a `partial_name` may still be somebody's: False only where its maker is gone.

    A process number means something only on the machine, in the boot and in the process namespace that the
    name was made in; of any other it cannot be told.
    """
    whose, _, rest = name.removeprefix(PARTIAL_PREFIX).partition("-")
    number, _, chance = rest.partition("-")
    if not name.startswith(PARTIAL_PREFIX) or not chance or whose != _here():
        return True
    return not (number.isascii() and number.isdecimal()) or is_alive(int(number))


def _here() -> str:
    """Return what stands for our process space in a name."""
    return derived_name(process_space())[:8]
