"""Remembers, for one run, which shared tiers are passed over."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import threading
from collections.abc import Iterator
from typing import Final

from store.clock import SYSTEM_CLOCK, Clock
from store.errors import (
    CredentialsError,
    IntegrityError,
    StorageError,
    StoreError,
    TooLargeError,
    TransportError,
    TransportTimeoutError,
    TruncatedError,
)

log = logging.getLogger(__name__)

_FORBIDDEN: Final = 403
_IN_THE_WAY: Final = frozenset(
    {errno.EISDIR, errno.EINVAL, errno.ENOTEMPTY, errno.EEXIST, errno.ELOOP}
)
"""What the system says where something lies under a name that is no file."""

_OF_ONE: Final = _IN_THE_WAY | {errno.EACCES, errno.EPERM}
"""What it says of one file alone."""

_ENOUGH: Final = 3
"""After how many bad answers a tier is passed over."""

_LONG: Final = 3600.0
"""After how long it is tried again by a process that still runs, in seconds: as long as the command line lets
a run take."""


class Health:
    """What this process knows of one tier: the first that finds it down pays for all.

    Args:
        address: Where it is, as it may be shown.
        clock: The time.
    """

    def __init__(self, address: str, clock: Clock = SYSTEM_CLOCK) -> None:
        self._address = address
        self._clock = clock
        self._up = self._takes = True
        self._met = False
        self._failures = 0
        self._since: float | None = None
        self._told: set[str] = set()
        self.begin_anew()

    @property
    def up(self) -> bool:
        """Whether it is asked."""
        self._look()
        return self._up

    @property
    def takes(self) -> bool:
        """Whether it is written to."""
        self._look()
        return self._takes

    def begin_anew(self) -> None:
        """Forget who was asking, in a fork's child; what is known of the tier stays."""
        self._first = threading.Lock()

    @contextlib.contextmanager
    def asking(self) -> Iterator[bool]:
        """Ask it in the block, or not.

        The first in a process asks alone, so that of a tier that is down one timeout is waited for, and
        not one for each thread.

        Yields:
            Whether it is to be asked.
        """
        if self._met:
            yield self.up
            return
        with self._first:
            yield self.up
            self._met = True

    def failed(self, error: StoreError) -> None:
        """Note that it was asked and gave no good answer: one warning a run.

        A tier that cannot be reached is passed over from now on; one that answers badly, once it has done
        so several times.
        """
        self._failures += 1
        if _is_grave(error) or self._failures >= _ENOUGH:
            self._up = False
            self._note_the_time()
        passed = "and is not used" if self._up else "and is passed over for the rest of this run"
        self._tell("read", "the shared tier %s gave no good answer, %s: %s", passed, _said(error))

    def denied(self, error: StoreError) -> None:
        """Note that it forbade to read one content, as an object store does where there is none."""
        self._tell("read", "the shared tier %s forbids to read, %s: %s", "which is a miss", error)

    def refused(self, error: StoreError) -> None:
        """Note that it did not take what was written back: one warning a run."""
        if _concerns_one(error):
            log.debug("the shared tier %s does not take one file: %s", self._address, error)
            return
        self._takes = False
        self._note_the_time()
        hint = "and nothing more is written to it in this run (write = false, if that is right)"
        self._tell("write", "the shared tier %s took no file, %s: %s", hint, error)

    def _tell(self, kind: str, message: str, what: str, error: StoreError | str) -> None:
        first = kind not in self._told and (self._up or not self._told)
        self._told.add(kind)
        log.log(logging.WARNING if first else logging.DEBUG, message, self._address, what, error)

    def _look(self) -> None:
        """Forgive what has been for so long that a process which still runs is no run any more."""
        if self._since is not None and self._clock.monotonic() - self._since >= _LONG:
            self._forgive()

    def _forgive(self) -> None:
        self._up = self._takes = True
        self._met = False
        self._failures = 0
        self._since = None
        self._told.clear()

    def _note_the_time(self) -> None:
        if self._since is None:
            self._since = self._clock.monotonic()


_known: Final[dict[str, Health]] = {}


def health_of(address: str) -> Health:
    """Return what this process knows of a tier.

    Args:
        address: Where it is, as it may be shown.
    """
    return _known.get(address) or _known.setdefault(address, Health(address))


def forget() -> None:
    """Forget all that is known of tiers: the next call begins a run."""
    _known.clear()


def is_miss(error: StoreError) -> bool:
    """Whether a store forbids what may just not be there: S3 without the right to list answers so."""
    if not isinstance(error, CredentialsError) or error.status != _FORBIDDEN:
        return False
    from store.transports.objects.failures import are_unknown

    return not are_unknown(error)


def _said(error: StoreError) -> StoreError | str:
    """Return what is wrong with a tier's answer; the pin is right, whatever an integrity error advises."""
    if not isinstance(error, IntegrityError):
        return error
    return (
        f"what lies at {error.url} is damaged or forged (expected {error.expected}, found {error.found}); it"
        " is replaced when the tier is written to, else delete it there"
    )


def _is_grave(error: StoreError) -> bool:
    """Whether the next question would fail, too."""
    if isinstance(error, TransportTimeoutError):
        return True
    if isinstance(error, IntegrityError | TruncatedError | TooLargeError):
        return False
    if isinstance(error, TransportError):
        return error.status is None
    if isinstance(error, StorageError):
        return error.errno not in _OF_ONE
    return True


def _concerns_one(error: StoreError) -> bool:
    """Whether another file may be taken all the same."""
    if isinstance(error, StorageError):
        return error.errno in _IN_THE_WAY
    too_large = isinstance(error, TransportError) and error.status == 413  # noqa: PLR2004 - RFC 9110
    return too_large or isinstance(error, IntegrityError)


def _begin_anew() -> None:
    for health in _known.values():
        health.begin_anew()


os.register_at_fork(after_in_child=_begin_anew)
