"""Decides what is tried again, and how long is waited before."""

from __future__ import annotations

import random
from typing import Final, Protocol

import attrs

from store.errors import IntegrityError, RedirectError, StoreError, TransportError
from store.transports.base import Conditions, Retrying, TransferOptions, Transport
from store.transports.deadlines import Deadline

TRANSIENT: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""The HTTP statuses that may pass."""


class Random(Protocol):
    """A source of chance, which a test can seed."""

    def uniform(self, a: float, b: float, /) -> float:
        """Return a number between the two, evenly drawn."""
        ...


CHANCE: Final[Random] = random.SystemRandom()
"""What the waits are drawn from: not shared with a fork, nor with whoever seeds ``random``."""


def is_transient(error: StoreError) -> bool:
    """Whether trying the same address again may help.

    A failure on the way is, unless its error has an attribute ``transient`` that is False (TLS, an answer
    that will not change) or a status that is not one of `TRANSIENT`. What is missing, forbidden, refused,
    not to be written or kept offline is not.
    """
    if not isinstance(error, TransportError) or isinstance(error, RedirectError):
        return False
    told: bool | None = getattr(error, "transient", None)
    if told is not None:
        return told
    return error.status is None or error.status in TRANSIENT


def delay_before(
    tries: int, error: StoreError, policy: Retrying, deadline: Deadline, chance: Random = CHANCE
) -> float | None:
    """Return how long to wait before an address is tried again, in seconds, or None to give up.

    Args:
        tries: How often it was tried so far, at least once.
        error: What it said last; its ``retry_after`` is waited for in place of a drawn time.
        policy: How often and how long.
        deadline: When the call must have ended.
        chance: What the time is drawn from.
    """
    if tries >= policy.attempts or not is_transient(error):
        return None
    told = error.retry_after if isinstance(error, TransportError) else None
    if told is not None:
        return told if told <= policy.longest_retry_after and told < deadline.left() else None
    delay = chance.uniform(0.0, min(policy.longest, policy.base * 2.0 ** (tries - 1)))
    return delay if delay < deadline.left() else None


@attrs.define
class Source:
    """An address, and what came of it so far.

    Attributes:
        address: Where the resource may be had, secrets included.
        name: What the file is to be called.
        tries: How often it was asked.
        mismatches: How often it gave another content than the one that was pinned.
        silence: For how long nothing has come, over all tries, in seconds.
        delay: How long to wait before it is asked again, in seconds.
        steady: Whether it gives the same each time, as a local file does.
        spare: Whether other addresses may be asked in its place.
        error: What it said last, or None.
        hopeless: Whether what failed is this machine's disk, so that no address can help.
        connections: Over how many connections its last body came at most.
        ranged: Whether ranges were asked for, for that.
        whole: Whether so many ranges of it failed, or were wrong, that it is asked for over one connection.
        paged: Whether a page came from it in place of the file, at last.
        conditions: Under which condition the body is wanted, or None.
        transport: What opens the address; None where its scheme says so.
    """

    address: str = attrs.field(repr=False)
    name: str
    tries: int = 0
    mismatches: int = 0
    silence: float = 0.0
    delay: float = 0.0
    steady: bool = False
    spare: bool = False
    error: StoreError | None = attrs.field(default=None, repr=False)
    hopeless: bool = False
    connections: int = 1
    ranged: bool = False
    whole: bool = False
    paged: bool = False
    conditions: Conditions | None = None
    transport: Transport | None = attrs.field(default=None, repr=False)

    def recovers(self, options: TransferOptions, deadline: Deadline, chance: Random) -> bool:
        """Whether it is worth to ask again, after ``delay``, which is set.

        What is transient is, as often as the policy says, unless nothing came for ``stall_timeout``. A
        wrong content is once: a proxy or mirror may have given it.
        """
        self.delay = 0.0
        if isinstance(self.error, IntegrityError):
            self.mismatches += 1
            return self.mismatches == 1 and not self.steady
        if self.error is None or self.silence >= options.bounds.stall_timeout:
            return False
        delay = delay_before(self.tries, self.error, options.retrying, deadline, chance)
        self.delay = delay or 0.0
        return delay is not None
