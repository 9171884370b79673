"""Asks again what may pass, within the bounds of one call."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import TypeVar

from store.errors import StoreError
from store.transports.base import TransferOptions
from store.transports.deadlines import begun, keeping
from store.transports.retrying import delay_before

T = TypeVar("T")

log = logging.getLogger(__name__)

Told = Callable[[StoreError, float], None]
"""Is told of a failure that is followed by another try, and after how many seconds."""

_once: ContextVar[bool] = ContextVar("store_asked_once", default=False)


@contextlib.contextmanager
def asking_once() -> Iterator[None]:
    """Let what this thread asks for in the block be asked for once: whoever is around it repeats it.

    Else what fails would be tried as often again for each of those tries.
    """
    token = _once.set(True)
    try:
        yield
    finally:
        _once.reset(token)


def repeated(
    ask: Callable[[], T],
    options: TransferOptions,
    *,
    told: Told | None = None,
    may_repeat: Callable[[StoreError], bool] | None = None,
) -> T:
    """Return what ``ask`` returns, asking again after failures that may pass.

    Waits, tries and the deadline are those of the options; the deadline holds for whatever ``ask`` waits for.
    Within `asking_once` there is one try.

    Args:
        ask: Asks once.
        options: The bounds and the policy.
        told: Is told before each wait, or None.
        may_repeat: Says whether asking again does no harm after a failure; None lets it do none.

    Raises:
        StoreError: What ``ask`` raised last.
    """
    deadline = begun(options.clock, options.bounds.deadline)
    tries = 0
    with keeping(deadline):
        while True:
            tries += 1
            try:
                return ask()
            except StoreError as error:
                delay = None
                if not _once.get() and (may_repeat is None or may_repeat(error)):
                    delay = delay_before(tries, error, options.retrying, deadline)
                if delay is None:
                    raise
                log.info("%s; asked again in %.1f s", error, delay)
                if told is not None:
                    told(error, delay)
            deadline.sleep(delay)
