"""Remembers which origins failed where another gave the same resource.

Such an origin is asked last for a time. What is known is shared by the processes of a user in a small file
that holds origins and times, and no more.
"""

from __future__ import annotations

import json
import logging
import math
import os
import stat
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from store import jsontext
from store.addresses import origin_of
from store.errors import IntegrityError, StoreError, TransportError
from store.transports.base import TransferOptions
from store.transports.retrying import TRANSIENT

log = logging.getLogger(__name__)

_FIRST: Final = 600.0
"""How long an origin is asked last after its first failure, in seconds; doubled for each that follows."""

_LONGEST: Final = 86_400.0
"""The longest time that an origin is asked last, in seconds."""

_MOST_BYTES: Final = 1 << 20
_MOST_ORIGINS: Final = 500
_MOST_FAILURES: Final = 64
_CLIENT_ERRORS: Final = range(400, 500)


class Fault(NamedTuple):
    """What an origin did.

    Attributes:
        failures: How often it failed since it last worked.
        until: Until when it is asked last, in seconds since 1970 UTC.
    """

    failures: int
    until: float


Faults = Mapping[str, Fault]
"""Faults by origin."""


class _Known(NamedTuple):
    """What was read or written last, and the file's mark at that time."""

    mark: tuple[int, ...] | None
    faults: Faults


_known: Final[dict[str, _Known]] = {}


def faults_in(path: str, now: float) -> Faults:
    """Return which origins are behind or were lately, from memory where the file is as it was.

    Args:
        path: The file; where it is missing or damaged, nothing is known.
        now: The time, in seconds since 1970 UTC; what it cannot have come to is passed over.
    """
    known, mark = _known.get(path), _mark(path)
    if known is None or known.mark != mark:
        known = _known[path] = _Known(mark, {} if mark is None else _read(path))
    return {
        origin: fault
        for origin, fault in known.faults.items()
        if now - _LONGEST < fault.until <= now + _LONGEST
    }


def behind(address: str, options: TransferOptions) -> bool:
    """Whether an address is to be asked last, since its origin failed a while ago."""
    if options.standing is None:
        return False
    now = options.clock.now()
    fault = faults_in(options.standing, now).get(_origin(address))
    return fault is not None and now < fault.until


def settle(
    failures: Iterable[tuple[str, StoreError]], worked: str, options: TransferOptions
) -> None:
    """Put origins behind that failed where another gave the resource, and forgive the one that worked.

    A failure that concerns one file alone (404, 403, too large) is none of the origin's.

    Args:
        failures: Addresses, and what was said of each last.
        worked: The address that gave the resource.
        options: The file, without which nothing is remembered, and the time.
    """
    if options.standing is None:
        return
    now, good = options.clock.now(), _origin(worked)
    known = faults_in(options.standing, now)
    faults = {origin: fault for origin, fault in known.items() if origin != good}
    for address, error in failures:
        origin = _origin(address)
        before = faults.get(origin, Fault(0, 0.0))
        if origin not in {"", good} and before.until <= now and _blames_the_origin(error):
            number = min(before.failures + 1, _MOST_FAILURES)
            until = now + min(_FIRST * 2.0 ** (number - 1), _LONGEST)
            faults[origin] = Fault(number, until)
            log.info("%s is asked last for %.0f s", origin, until - now)
    if faults != known:
        _remember(options.standing, faults)


def _blames_the_origin(error: StoreError) -> bool:
    if isinstance(error, TransportError):
        return error.status not in _CLIENT_ERRORS or error.status in TRANSIENT
    return isinstance(error, IntegrityError)


def _origin(address: str) -> str:
    """Return an address's origin, or an empty text for what lies on this machine."""
    try:
        origin = origin_of(address)
    except ValueError:
        return ""
    return str(origin) if origin.host else ""


def _remember(path: str, faults: Faults) -> None:
    from store.files.atomic import write_bytes

    newest = dict(sorted(faults.items(), key=lambda one: one[1].until)[-_MOST_ORIGINS:])
    text = json.dumps({origin: fault._asdict() for origin, fault in newest.items()}, indent=1)
    try:
        write_bytes(path, text.encode())
    except StoreError as error:  # this process knows it all the same
        log.debug("which mirrors failed is not remembered: %s", error)
    _known[path] = _Known(_mark(path), newest)


def _mark(path: str) -> tuple[int, ...] | None:
    try:
        found = os.lstat(path)
    except (OSError, ValueError):
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _read(path: str) -> Faults:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return {}
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return {}
        told = jsontext.loads(os.read(descriptor, _MOST_BYTES))
        return {str(origin): _fault(one) for origin, one in told.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        log.debug("%s is damaged and is not heeded", path)
        return {}
    finally:
        os.close(descriptor)


def _fault(told: Any) -> Fault:  # noqa: ANN401 - whatever JSON holds
    failures, until = told["failures"], told["until"]
    if type(failures) is not int or not 0 < failures <= _MOST_FAILURES:
        raise ValueError("no number of failures")
    if type(until) not in {int, float} or not math.isfinite(until):
        raise ValueError("no time")
    return Fault(failures, float(until))
