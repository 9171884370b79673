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

    # tqdm's own lock makes a semaphore between processes, which a fork would inherit.
    Bar.set_lock(threading.RLock())
    return Bar
