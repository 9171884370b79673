"""Shows how far the bytes have come: a callback or a tqdm bar, fed by events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from store.events import Listener

ProgressCallback: TypeAlias = Callable[[int, int | None, str], object]
"""Is called with the received bytes, the total in bytes or None, and a name for people."""

Progress: TypeAlias = ProgressCallback | Literal[True] | None
"""A callback, True for a tqdm bar on stderr, or None."""


def progress_listener(progress: Progress) -> Listener | None:
    """Return a listener that shows `Progressed` events so, or None where nothing is to be shown.

    The callback is called at most 20 times a second a resource, always with the first and last bytes, and
    never with fewer bytes than before within one attempt. tqdm is imported when the first byte comes.
    """
    raise NotImplementedError


def several(*listeners: Listener | None) -> Listener | None:
    """Return one listener that tells all, or None where there are none."""
    raise NotImplementedError
