"""Asks again what may pass, for questions that are no downloads."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from store.addresses import public
from store.errors import TransportError
from store.events import Retried
from store.transports.base import TransferOptions
from store.transports.deadlines import begun, keeping
from store.transports.retrying import delay_before

T = TypeVar("T")


def patiently(ask: Callable[[], T], address: str, options: TransferOptions) -> T:
    """Return what ``ask`` returns, asking again after failures that may pass.

    Waits, tries and the deadline are those of the options, as for downloads.

    Args:
        ask: Asks once.
        address: What is asked, for events.
        options: How bytes are to be moved.

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
            except TransportError as error:
                delay = delay_before(tries, error, options.retrying, deadline)
                if delay is None:
                    raise
                if options.listener is not None:
                    shown = public(address)
                    options.listener(
                        Retried(name=shown, address=shown, reason=str(error), delay=delay)
                    )
            options.clock.sleep(delay)
