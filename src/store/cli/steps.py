"""The next step after an error, where its message has none."""

from __future__ import annotations

from typing import Final

from store.errors import (
    IntegrityError,
    RateLimitedError,
    RedirectError,
    ResourceNotFoundError,
    StoreError,
    TransportError,
    TransportTimeoutError,
)

_SLOW: Final = (
    "try again later, or allow more time with --timeout or --deadline (read_timeout and deadline in the"
    " settings)"
)
_AWAY: Final = "check the address and the network, then try again"
_MISSING: Final = "check how it is spelled, and that it is still published"
_LATER: Final = "try again when that time has passed, or ask another address of it"
_ELSEWHERE: Final = "check the address: its server leads elsewhere than to a file"
_BROKEN: Final = "the fault is the server's: try again later, or ask another address of it"
_ODD: Final = "the server gives no file there: check the address, or tell who keeps it"
_OTHER: Final = "check that the pin is right and the address is that of the file"

_FEWER: Final = "it is asked too often: try again later, or ask another address of it"
_TOO_MANY: Final = 429
_FAULTS: Final = 500
"""The first HTTP status by which a server says that it failed."""

_TOLD: Final = (
    "is the path right?",
    "is the endpoint right?",
    "(region, endpoint)",
    "try again later",
    "(read_timeout, --timeout)",
    "(deadline, --deadline)",
    "(--exclude)",
)
"""What ends a message that has its step: of a local file that is missing, and of object stores."""

_COMMAND: Final = "'store "
"""What stands in a message that names a command of ours, and with it the step."""

_STEPS: Final[tuple[tuple[type[StoreError], str], ...]] = (
    (TransportTimeoutError, _SLOW),
    (RateLimitedError, _LATER),
    (RedirectError, _ELSEWHERE),
    (TransportError, _AWAY),
    (ResourceNotFoundError, _MISSING),
    (IntegrityError, _OTHER),
)


def next_step(error: StoreError) -> str | None:
    """Return what a person may do now, or None where the message itself says it.

    The messages of these classes tell what a server or a driver said, and are told for each attempt; the
    step is told once, at the end.
    """
    text = str(error)
    if _COMMAND in text or text.endswith(_TOLD):
        return None
    for kind, step in _STEPS:
        if isinstance(error, kind):
            return _answered(error) if step is _AWAY else step
    return None


def _answered(error: StoreError) -> str:
    """Return the step after a `TransportError` of no closer kind: with a status, the way there is open."""
    status = getattr(error, "status", None)
    if status is None:
        return _AWAY
    if status == _TOO_MANY:
        return _FEWER
    return _BROKEN if status >= _FAULTS else _ODD
