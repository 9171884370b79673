"""Asks again what may pass, for questions that are no downloads."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from store.addresses import public
from store.errors import StoreError
from store.events import Retried
from store.transports.attempts import Attempt
from store.transports.base import TransferOptions
from store.transports.deadlines import begun, keeping
from store.transports.repeating import repeated
from store.transports.routing import ways
from store.transports.standing import behind, settle

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
    shown = public(address)

    def tell(error: StoreError, delay: float) -> None:
        """Tell whoever listens that it is asked again."""
        if options.listener is not None:
            options.listener(Retried(name=shown, address=shown, reason=str(error), delay=delay))

    return repeated(ask, options, told=tell)


def in_turn(ask: Callable[[str], T], address: str, options: TransferOptions) -> T:
    """Return what ``ask`` returns for the first address that answers: mirrors, then the address itself.

    Only mirrors are asked that are believed without a digest, since nothing says what the answer must be.
    Each is asked once; the last address patiently.

    Args:
        ask: Asks one address, once.
        address: What is asked.
        options: How bytes are to be moved, with the rules of addresses.

    Raises:
        StoreError: What the last address said; ``attempts`` holds what the others said.
    """
    *first, last = [way.address for way in ways((address,), options.routes, pinned=False)]
    if first:
        *first, last = sorted((*first, last), key=lambda one: behind(one, options))
    failures: list[tuple[str, StoreError]] = []
    attempts: list[Attempt] = []
    with keeping(begun(options.clock, options.bounds.deadline)):
        for one in first:
            started = options.clock.monotonic()
            try:
                answer = ask(one)
            except StoreError as error:
                seconds = options.clock.monotonic() - started
                failures.append((one, error))
                attempts.append(Attempt(public(one), str(error), 0, seconds))
            else:
                settle(failures, one, options)
                return answer
        try:
            answer = patiently(lambda: ask(last), last, options)
        except StoreError as error:
            error.attempts = (*attempts, *error.attempts)
            raise
    if first:
        settle(failures, last, options)
    return answer
