"""Watches how fast a body comes, and tells it."""

from __future__ import annotations

from typing import Final

from store.addresses import public
from store.errors import TransportTimeoutError
from store.events import Progressed
from store.transports.base import TransferOptions
from store.transports.deadlines import Deadline

INTERVAL: Final = 0.05
"""How often progress is told and looked at, in seconds."""


class Pace:
    """How one attempt at a body gets on: at least at the minimum rate, and within the deadline.

    Args:
        options: The bounds, the listener and the clock.
        deadline: When the whole call must have ended.
        address: What is asked, for messages.
        name: What a person would call the resource.
    """

    def __init__(
        self, options: TransferOptions, deadline: Deadline, address: str, name: str
    ) -> None:
        self._listener = options.listener
        self._bounds = options.bounds
        self._monotonic = options.clock.monotonic
        self._deadline = deadline
        self._address = public(address)
        self._name = name
        self._begun = self._lively = self._monotonic()
        self._due = 0.0
        self._total: int | None = None
        self._first = self._told = -1
        self.received = 0

    def begin(self, total: int | None, received: int = 0) -> None:
        """The body begins.

        Args:
            total: Its size in bytes, or None.
            received: The bytes of it that are there already.
        """
        self._begun = self._lively = self._monotonic()
        self._total = total
        self._first = self.received = received

    def advance(self, received: int) -> None:
        """More came.

        Args:
            received: All bytes that are there now.

        Raises:
            TransportTimeoutError: They come too slowly, or the deadline has passed.
        """
        self.received = received
        self._lively = now = self._monotonic()
        if now < self._due:
            return
        self._due = now + INTERVAL
        self._tell(self._total)
        self._check(now - self._begun)

    def excuse(self, seconds: float) -> None:
        """Count seconds out that a limit of ours cost: see `store.transports.excuses`.

        Args:
            seconds: How many.
        """
        now = self._monotonic()
        self._begun = min(now, self._begun + seconds)
        self._lively = min(now, self._lively + seconds)

    def pause(self) -> None:
        """Nothing came for a moment.

        Raises:
            TransportTimeoutError: Nothing came for too long, or the deadline has passed.
        """
        now = self._monotonic()
        if now - self._lively > self._bounds.stall_timeout:
            raise TransportTimeoutError(
                f"{self._address}: nothing came for {self._bounds.stall_timeout:g} s after"
                f" {self.received} bytes",
                url=self._address,
            )
        self._check(now - self._begun)

    @property
    def resumed(self) -> int:
        """The bytes that were there when the body began."""
        return max(self._first, 0)

    def finish(self) -> None:
        """Everything is there; the last bytes are always told, with the total that is known by now."""
        if self._told != self.received or self._total is None:
            self._tell(self.received)

    def give_up(self) -> None:
        """What came by now is told, too, where the body breaks off."""
        if self._first >= 0 and self._told != self.received and self.received > self._first:
            self._tell(self._total)

    def silence(self, before: float) -> float:
        """Return for how long nothing came until now, in seconds.

        Args:
            before: How long nothing had come before this attempt; it counts if nothing came since.
        """
        quiet = self._monotonic() - self._lively
        return quiet if self.received > max(self._first, 0) else before + quiet

    def elapsed(self) -> float:
        """Return the seconds since the body began, or since the address was asked."""
        return self._monotonic() - self._begun

    def _tell(self, total: int | None) -> None:
        self._told = self.received
        if self._listener is not None:
            self._listener(Progressed(name=self._name, received=self.received, total=total))

    def _check(self, elapsed: float) -> None:
        if self._deadline.left() <= 0:
            raise TransportTimeoutError(
                f"{self._address}: {self._deadline} passed after {self.received} bytes",
                url=self._address,
            )
        bounds = self._bounds
        rate = (self.received - self._first) / elapsed if elapsed > 0 else bounds.minimum_rate
        if elapsed > bounds.grace and rate < bounds.minimum_rate:
            raise TransportTimeoutError(
                f"{self._address}: {rate:.0f} bytes a second are fewer than the {bounds.minimum_rate:.0f}"
                " that are waited for; lower minimum_rate for a slow line",
                url=self._address,
            )
