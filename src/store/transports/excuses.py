"""Tells who watches a body's pace how long we ourselves kept it waiting."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar

Excused = Callable[[float], None]
"""Is told the seconds that passed because of a limit of ours."""

_told: ContextVar[Excused | None] = ContextVar("store_excuses", default=None)


@contextlib.contextmanager
def excusing(tell: Excused | None) -> Iterator[None]:
    """Have told what our own limits cost in the block, in this thread; None wants to know nothing."""
    token = _told.set(tell)
    try:
        yield
    finally:
        _told.reset(token)


def excuse(seconds: float) -> None:
    """Tell that so many seconds passed because of a limit of ours: no server is to blame for them."""
    tell = _told.get()
    if tell is not None and seconds > 0:
        tell(seconds)
