"""Asks again what may pass, within the bounds of one call."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from store.errors import StoreError
from store.transports.base import TransferOptions
from store.transports.deadlines import begun, keeping
from store.transports.retrying import delay_before

T = TypeVar("T")

log = logging.getLogger(__name__)

Told = Callable[[StoreError, float], None]
"""Is told of a failure that is followed by another try, and after how many seconds."""


def repeated(
    ask: Callable[[], T],
    options: TransferOptions,
    *,
    told: Told | None = None,
    may_repeat: Callable[[StoreError], bool] | None = None,
) -> T:
    """Return what ``ask`` returns, asking again after failures that may pass.

    Waits, tries and the deadline are those of the options; the deadline holds for whatever ``ask`` waits for.

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
                if may_repeat is None or may_repeat(error):
                    delay = delay_before(tries, error, options.retrying, deadline)
                if delay is None:
                    raise
                log.info("%s; asked again in %.1f s", error, delay)
                if told is not None:
                    told(error, delay)
            deadline.sleep(delay)
