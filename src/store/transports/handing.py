"""Hands what an address has answered to whoever asks for it next."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

from store.errors import StoreError
from store.transports.base import Stream

_handed: ContextVar[dict[str, Stream | StoreError] | None] = ContextVar(
    "store_handed", default=None
)


@contextlib.contextmanager
def handing(address: str, answer: Stream | StoreError) -> Iterator[None]:
    """Let the first who opens the address in the block have the answer: a body, or why there is none.

    So it is told, counted, waited for and tried again as any other answer. A body that nobody has taken is
    closed at the end.
    """
    answers = {address: answer}
    token = _handed.set(answers)
    try:
        yield
    finally:
        _handed.reset(token)
        for left in answers.values():
            if isinstance(left, Stream):
                left.close()


def taken(address: str) -> Stream | None:
    """Take the body that was handed on for an address, or None.

    Raises:
        StoreError: It was this that was handed on.
    """
    answers = _handed.get()
    answer = None if answers is None else answers.pop(address, None)
    if isinstance(answer, StoreError):
        raise answer
    return answer
