"""The kind of bars that are drawn: tqdm's, without a thread of its own."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any


@functools.cache
def bar_class() -> Callable[..., Any]:
    """Return the class of the bars, made when it is first needed: to import tqdm takes a while."""
    from tqdm import tqdm

    class Bar(tqdm):  # type: ignore[type-arg]
        monitor_interval = 0  # no thread of its own

        def display(self, msg: str | None = None, pos: int | None = None) -> Any:  # noqa: ANN401 - as tqdm
            """Draw, and go back to the beginning of the line: a ^C at its end would begin another."""
            drawn = super().display(msg, pos)
            self.fp.write("\r")
            self.fp.flush()
            return drawn

    # tqdm's own lock makes a semaphore between processes, which a fork would inherit.
    Bar.set_lock(threading.RLock())
    return Bar
