"""The next step after an error, where its message has none."""

from __future__ import annotations

from typing import Final

from store.errors import (
    IntegrityError,
    ResourceNotFoundError,
    StoreError,
    TransportError,
    TransportTimeoutError,
)

_SLOW: Final = "try again later, or allow more time with --timeout or --deadline"
_AWAY: Final = "check the address and the network, then try again"
_MISSING: Final = "check how it is spelled, and that it is still published"
_OTHER: Final = "check that the pin is right and the address is that of the file"

_ASKED: Final = "is the path right?"
"""What ends the message of a local file that is missing: a step, too."""

_COMMAND: Final = "'store "
"""What stands in a message that names a command of ours, and with it the step."""

_STEPS: Final[tuple[tuple[type[StoreError], str], ...]] = (
    (TransportTimeoutError, _SLOW),
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
    if _COMMAND in text or text.endswith(_ASKED):
        return None
    for kind, step in _STEPS:
        if isinstance(error, kind):
            return step
    return None
