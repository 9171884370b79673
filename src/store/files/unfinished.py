"""The names of what is not finished yet, and of what never will be."""

from __future__ import annotations

import os
import re
from typing import Final

from store.files.names import PART_PREFIX, PARTIAL_PREFIX, derived_name
from store.machine import is_alive, process_space

_OURS: Final = re.compile(
    # Who makes thousands puts a number behind one `partial_name`, some behind a dash.
    rf"{re.escape(PARTIAL_PREFIX)}[0-9a-f]{{8}}-[0-9]+-[0-9a-f]{{16,}}(?:-[0-9a-f]+)?"
    rf"|{re.escape(PART_PREFIX)}[0-9a-f]{{32}}"
)


def partial_name() -> str:
    """Return a fresh hidden name for something that is not finished yet; it says whose it is."""
    return f"{PARTIAL_PREFIX}{_here()}-{os.getpid()}-{os.urandom(8).hex()}"


def is_ours(name: str) -> bool:
    """Whether a name is exactly one that we give to what is not finished: what only begins so is a user's."""
    return name.startswith(PARTIAL_PREFIX) and _OURS.fullmatch(name) is not None


def will_be_finished(name: str) -> bool:
    """Return whether a `partial_name` may still be somebody's: False only where its maker is gone.

    A process number means something only on the machine, in the boot and in the process namespace that the
    name was made in; of any other it cannot be told.
    """
    if not is_ours(name):
        return True
    whose, number = name.removeprefix(PARTIAL_PREFIX).split("-")[:2]
    return whose != _here() or is_alive(int(number))


def _here() -> str:
    """Return what stands for our process space in a name."""
    return derived_name(process_space())[:8]
