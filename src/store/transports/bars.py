"""The kind of bars that are drawn: tqdm's, without a thread of its own."""

from __future__ import annotations

import functools
import os
import re
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

_TELLING: Final = 8
"""How many characters of a uid tell it from another."""


def screen_size() -> os.terminal_size:
    """Return the columns and lines of the terminal that stderr is, wherever stdout leads.

    ``COLUMNS`` and ``LINES`` win; 80 and 24 are taken where nothing is known.
    """
    try:
        found = os.get_terminal_size(sys.stderr.fileno())
    except (AttributeError, ValueError, OSError):
        found = os.terminal_size((80, 24))
    said = [os.environ.get(name, "") for name in ("COLUMNS", "LINES")]
    both = [
        int(one) if one.isdecimal() and int(one) else known
        for one, known in zip(said, found, strict=True)
    ]
    return os.terminal_size((both[0] or 80, both[1] or 24))


_RATE: Final = re.compile(r"(?<=[0-9])([kMGTPEZY])B/s")
"""How tqdm spells a rate in units of 1024; no name of a file holds a slash."""


def distinct(names: Mapping[str, str]) -> dict[str, str]:
    """Return names as they are shown side by side: those that are equal with a part of what tells them apart.

    Args:
        names: What a person would call each resource, by its uid.
    """
    told = list(names.values())
    return {
        uid: f"{name} ({uid.rpartition(':')[2][:_TELLING]})" if told.count(name) > 1 else name
        for uid, name in names.items()
    }


def sized(format_size: Callable[[float, str, int], str], amount: float, suffix: str = "B") -> str:
    """Return a size, or a rate, as bars show it, with its unit by its name: ``1.09KiB``.

    Args:
        format_size: tqdm's own way.
        amount: Bytes.
        suffix: ``B`` or ``B/s``.
    """
    text = format_size(amount, "", 1024)
    return f"{text[:-1]}{text[-1].upper()}i{suffix}" if text[-1].isalpha() else f"{text}{suffix}"


@functools.cache
def bar_class() -> Callable[..., Any]:
    """Return the class of the bars, made when it is first needed: to import tqdm takes a while."""
    from tqdm import tqdm

    class Bar(tqdm):  # type: ignore[type-arg]
        """A bar of bytes that speaks of KiB and MiB, and leaves the line's beginning to a ^C."""

        monitor_interval = 0  # no thread of its own

        def __str__(self) -> str:
            """Return the line, with the units of 1024 by their names (IEC 80000-13)."""
            return _RATE.sub(lambda one: f"{one[1].upper()}iB/s", super().__str__())

        def display(self, msg: str | None = None, pos: int | None = None) -> Any:  # noqa: ANN401 - as tqdm
            """Draw, and go back to the beginning of the line: a ^C at its end would begin another."""
            drawn = super().display(msg, pos)
            self.fp.write("\r")
            self.fp.flush()
            return drawn

    # tqdm's own lock makes a semaphore between processes, which a fork would inherit.
    Bar.set_lock(threading.RLock())
    return Bar
