"""What was tried on the way to a resource, for results and errors."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import NamedTuple


class Attempt(NamedTuple):
    """One try at one address, as told in results and errors."""

    address: str
    """Where, without secrets."""
    reason: str | None
    """Why it failed, in a sentence; None for the one that succeeded."""
    received: int
    """Bytes that came in this try."""
    seconds: float
    """How long it took."""
    resumed: int = 0
    """The bytes that were there already, from a try before or from a run that was cut off."""
    connections: int = 1
    """Over how many connections the body came at most."""


_subject: ContextVar[str] = ContextVar("store_subject", default="")
_noted: ContextVar[list[Attempt] | None] = ContextVar("store_attempts", default=None)


@contextlib.contextmanager
def noting(uid: str) -> Iterator[list[Attempt]]:
    """Collect every attempt that this thread makes in the block, whichever driver makes it.

    Args:
        uid: The resource that they are made for; events of them say so.

    Yields:
        The attempts in their order; it grows while the block runs.
    """
    attempts: list[Attempt] = []
    token, subject_before = _noted.set(attempts), _subject.set(uid)
    try:
        yield attempts
    finally:
        _noted.reset(token)
        _subject.reset(subject_before)


def subject() -> str:
    """Return the uid of the resource that this thread fetches; an empty text where that is not known."""
    return _subject.get()


def note(attempt: Attempt) -> None:
    """Tell whoever collects in this thread of an attempt."""
    attempts = _noted.get()
    if attempts is not None:
        attempts.append(attempt)
